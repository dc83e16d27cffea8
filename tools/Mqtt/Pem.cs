using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Mqtt;

/// <summary>Reads certificates and keys, PEM or DER.</summary>
internal static class Pem
{
    /// <exception cref="CryptographicException">They are none.</exception>
    internal static X509Certificate2Collection ReadCertificates(byte[] data)
    {
        X509Certificate2Collection certificates = [];
        if (data.Length > 0)
        {
            certificates.ImportFromPem(ToText(data, "CERTIFICATE"));
            if (certificates.Count == 0)
            {
                throw new CryptographicException("There is no certificate in it.");
            }
        }

        return certificates;
    }

    /// <exception cref="CryptographicException">They are none, or do not belong together.</exception>
    /// <exception cref="ArgumentException">There is no key.</exception>
    internal static X509Certificate2 ReadPair(byte[] certificate, byte[] key, string? password)
    {
        string certificatePem = ToText(certificate, "CERTIFICATE");
        using X509Certificate2 pair = string.IsNullOrEmpty(password)
            ? X509Certificate2.CreateFromPem(certificatePem, ToText(key, "PRIVATE KEY"))
            : X509Certificate2.CreateFromEncryptedPem(certificatePem, ToText(key, "ENCRYPTED PRIVATE KEY"), password);

        // Windows does not use a key that has never been in a store of its own.
        return OperatingSystem.IsWindows()
            ? X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null)
            : new X509Certificate2(pair);
    }

    private static string ToText(byte[] data, string label) => data.AsSpan().IndexOf("-----BEGIN "u8) >= 0
        ? Encoding.UTF8.GetString(data.AsSpan().TrimEnd((byte)0)) // mbedTLS wants a zero behind PEM
        : PemEncoding.WriteString(label, data);
}

extern alias Desktop;

using System.Text;
using Real = Desktop::System.Security.Cryptography;

namespace System.Security.Cryptography.X509Certificates;

/// <summary>A certificate, with its private key if there is one.</summary>
public class X509Certificate2 : X509Certificate
{
    public X509Certificate2()
    {
    }

    public X509Certificate2(byte[] rawData)
        : base(rawData)
    {
    }

    public X509Certificate2(string certificate)
        : base(certificate)
    {
    }

    public X509Certificate2(string rawData, string key, string password)
        : this(Pem.ToBytes(rawData), Pem.ToBytes(key), password)
    {
    }

    public X509Certificate2(byte[] rawData, string key, string password)
        : this(rawData, Pem.ToBytes(key), password)
    {
    }

    /// <summary>Initializes a certificate with its key, each DER or PEM that ends with a zero.</summary>
    /// <exception cref="ArgumentException">These bytes are none, or the password does not open the key.</exception>
    public X509Certificate2(byte[] rawData, byte[] key, string? password)
        : base(rawData)
    {
        if (!CanDecode(key, password))
        {
            throw new ArgumentException(null);
        }

        PrivateKey = key;
        Password = password;
    }

    public bool HasPrivateKey => PrivateKey != null;

    public byte[]? PrivateKey { get; }

    public byte[]? PublicKey => RawData;

    public DateTime NotAfter => _expirationDate;

    public DateTime NotBefore => _effectiveDate;

    public byte[]? RawData => GetRawCertData();

    /// <summary>Gets what opens the key; the TLS of the virtual board needs it, firmware cannot see it.</summary>
    internal string? Password { get; }

    // What mbedtls_pk_parse_key tries: PEM if there is a zero at the end, else PKCS #8, with the password if there is
    // one, and the older forms of either kind.
    private static bool CanDecode(byte[] key, string? password)
    {
        using Real.RSA rsa = Real.RSA.Create();
        using Real.ECDsa ec = Real.ECDsa.Create();
        if (Pem.IsPem(key))
        {
            string text = Encoding.UTF8.GetString(key);
            return new Real.AsymmetricAlgorithm[] { rsa, ec }.Any(
                a => Can(() => a.ImportFromPem(text)) || Can(() => a.ImportFromEncryptedPem(text, password)));
        }

        return new Real.AsymmetricAlgorithm[] { rsa, ec }.Any(
            a => Can(() => a.ImportPkcs8PrivateKey(key, out _))
                || Can(() => a.ImportEncryptedPkcs8PrivateKey(password, key, out _)))
            || Can(() => rsa.ImportRSAPrivateKey(key, out _))
            || Can(() => ec.ImportECPrivateKey(key, out _));
    }

    private static bool Can(Action import)
    {
        try
        {
            import();
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}

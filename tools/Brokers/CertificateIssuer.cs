using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Brokers;

/// <summary>
/// A private certificate authority in memory: makes itself, and certificates for brokers and clients. All keys are on
/// the curve P-256.
/// </summary>
public sealed class CertificateIssuer : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private CertificateIssuer(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>Gets the authority's own certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    public static CertificateIssuer Create(string name, DateTimeOffset start, DateTimeOffset end)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return new CertificateIssuer(request.CreateSelfSigned(start, end));
    }

    /// <exception cref="CryptographicException">They are no certificate and key that belong together.</exception>
    public static CertificateIssuer Load(string certificatePem, string keyPem) =>
        new(X509Certificate2.CreateFromPem(certificatePem, keyPem));

    /// <summary>
    /// Issues a certificate, with its key, for a broker that is reached by these host names or addresses.
    /// </summary>
    public X509Certificate2 IssueServer(IReadOnlyList<string> hosts, DateTimeOffset start, DateTimeOffset end)
    {
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts)
        {
            bool isAddress = IPAddress.TryParse(host, out IPAddress? address);
            if (isAddress)
            {
                names.AddIpAddress(address!);
            }

            if (!isAddress || address!.AddressFamily == AddressFamily.InterNetwork)
            {
                // An address too: mbedTLS before 3.5 compares with names only, and as text.
                names.AddDnsName(host);
            }
        }

        return Issue(
            hosts[0],
            start,
            end,
            new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false),
            names.Build());
    }

    /// <summary>Issues a certificate, with its key, for a client of this name.</summary>
    public X509Certificate2 IssueClient(string name, DateTimeOffset start, DateTimeOffset end) =>
        Issue(name, start, end, new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], false));

    public void Dispose() => Certificate.Dispose();

    private X509Certificate2 Issue(
        string name, DateTimeOffset start, DateTimeOffset end, params X509Extension[] extensions)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        foreach (X509Extension extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        // A serial number is a positive integer of at most 20 bytes (RFC 5280, section 4.1.2.2).
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using X509Certificate2 bare = request.Create(Certificate, start, end, serial);
        return bare.CopyWithPrivateKey(key);
    }
}

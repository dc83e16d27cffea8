using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Brokers;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// The certificates that are worth nothing any more. The authority's folder keeps the list, and the broker a copy.
/// </summary>
internal static class RevocationList
{
    private const string Label = "X509 CRL";

    /// <summary>Gives the list with a certificate more, as PEM; without one, as it is, or an empty one.</summary>
    /// <exception cref="UserException">The list that is there is none.</exception>
    public static byte[] Make(FleetFolder fleet, CertificateIssuer issuer, byte[]? revoked)
    {
        string path = fleet.FullPath(FleetFolder.Authority, FleetFolder.RevokedCertificates);
        byte[]? present = File.Exists(path) ? File.ReadAllBytes(path) : null;
        if (revoked == null && present != null)
        {
            return present;
        }

        try
        {
            BigInteger number = 0;
            CertificateRevocationListBuilder list = present == null
                ? new CertificateRevocationListBuilder()
                : CertificateRevocationListBuilder.LoadPem(Encoding.ASCII.GetString(present), out number);
            if (revoked != null)
            {
                using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(revoked);
                list.AddEntry(certificate, Validity.Start);
            }

            return Encoding.ASCII.GetBytes(PemEncoding.WriteString(Label, Sign(list, issuer, number + 1)) + "\n");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new UserException($"{path}, or the certificate that is to be in it, cannot be read: {e.Message}", e);
        }
    }

    private static byte[] Sign(CertificateRevocationListBuilder list, CertificateIssuer issuer, BigInteger number)
    {
        X509Certificate2 authority = issuer.Certificate;
        using ECDsa key = authority.GetECDsaPrivateKey()!;
        return list.Build(
            authority.SubjectName,
            X509SignatureGenerator.CreateForECDsa(key),
            number,
            Validity.End,
            HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, false, true),
            Validity.Start);
    }
}

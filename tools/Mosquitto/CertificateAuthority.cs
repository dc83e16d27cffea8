using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mosquitto;

/// <summary>A private certificate authority for a broker on this machine: PEM files in a folder, valid for a day.</summary>
public sealed class CertificateAuthority : IDisposable
{
    private readonly string _folder;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public CertificateAuthority(string folder, string name = "DeviceQueue test CA")
    {
        _folder = folder;
        CertificateRequest request = new($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        CertificateFile = Path.Combine(folder, $"{Guid.NewGuid():N}-ca.pem");
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
    }

    /// <summary>Gets the file that clients trust.</summary>
    public string CertificateFile { get; }

    /// <summary>Issues a certificate and its key for a host name, an IP address or a client's name; an expired one ended ten minutes ago.</summary>
    public (string CertificateFile, string KeyFile) Issue(string name, bool expired = false)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset end = expired ? DateTimeOffset.UtcNow.AddMinutes(-10) : DateTimeOffset.UtcNow.AddHours(12);
        using X509Certificate2 certificate = request.Create(_certificate, DateTimeOffset.UtcNow.AddMinutes(-30), end, Guid.NewGuid().ToByteArray());
        string stem = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText($"{stem}.pem", certificate.ExportCertificatePem());
        using FileStream keyFile = PrivateFile.Create($"{stem}.key");
        keyFile.Write(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        return ($"{stem}.pem", $"{stem}.key");
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}

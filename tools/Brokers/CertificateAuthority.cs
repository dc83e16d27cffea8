using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Brokers;

/// <summary>
/// A private certificate authority for a broker on this machine: PEM files in a folder, valid for a day from now on, or
/// since a date and for as long as is asked for.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    private readonly string _folder;
    private readonly CertificateIssuer _issuer;
    private readonly DateTimeOffset _start;
    private readonly DateTimeOffset _end;

    public CertificateAuthority(
        string folder,
        string name = "DeviceQueue test CA",
        DateTimeOffset? start = null,
        TimeSpan? time = null)
    {
        _folder = folder;
        _start = start ?? DateTimeOffset.UtcNow.AddHours(-1);
        _end = DateTimeOffset.UtcNow + (time ?? TimeSpan.FromDays(1));
        _issuer = CertificateIssuer.Create(name, _start, _end);
        CertificateFile = Path.Combine(folder, $"{Guid.NewGuid():N}-ca.pem");
        File.WriteAllText(CertificateFile, _issuer.Certificate.ExportCertificatePem());
    }

    /// <summary>Gets the file that clients trust.</summary>
    public string CertificateFile { get; }

    /// <summary>
    /// Issues a certificate and its key for a host name or an IP address; an expired one ended ten minutes ago.
    /// </summary>
    public (string CertificateFile, string KeyFile) Issue(string host, bool expired = false)
    {
        DateTimeOffset end = expired ? DateTimeOffset.UtcNow.AddMinutes(-10) : _end;
        using X509Certificate2 certificate = _issuer.IssueServer([host], _start, end);
        return Write(certificate);
    }

    /// <summary>Issues a certificate and its key for a client of this name.</summary>
    public (string CertificateFile, string KeyFile) IssueClient(string name)
    {
        using X509Certificate2 certificate = _issuer.IssueClient(name, _start, _end);
        return Write(certificate);
    }

    public void Dispose() => _issuer.Dispose();

    private (string CertificateFile, string KeyFile) Write(X509Certificate2 certificate)
    {
        string stem = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText($"{stem}.pem", certificate.ExportCertificatePem());
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        using FileStream keyFile = PrivateFile.Create($"{stem}.key");
        keyFile.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        return ($"{stem}.pem", $"{stem}.key");
    }
}

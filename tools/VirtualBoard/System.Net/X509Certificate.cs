extern alias Desktop;

using System.Text;
using Real = Desktop::System.Security.Cryptography.X509Certificates;

namespace System.Security.Cryptography.X509Certificates;

/// <summary>
/// A certificate, DER or PEM. The chip's mbedTLS takes PEM bytes only with a zero at the end; the constructors that
/// take text add it.
/// </summary>
public class X509Certificate
{
    private const byte DerSequence = 0x30;

    private readonly byte[]? _certificate;

    protected string? _issuer;
    protected string? _subject;
    protected DateTime _effectiveDate;
    protected DateTime _expirationDate;

    public X509Certificate()
    {
    }

    /// <summary>Initializes a certificate.</summary>
    /// <exception cref="ArgumentException">These bytes are none.</exception>
    public X509Certificate(byte[] certificate)
    {
        _certificate = certificate;
        using Real.X509Certificate2 real = Parse(certificate);
        _issuer = real.Issuer;
        _subject = real.Subject;
        _effectiveDate = real.NotBefore.ToUniversalTime();
        _expirationDate = real.NotAfter.ToUniversalTime();
    }

    /// <summary>Initializes a certificate from PEM.</summary>
    /// <exception cref="ArgumentException">This text is none.</exception>
    public X509Certificate(string certificate)
        : this(Pem.ToBytes(certificate))
    {
    }

    public virtual string? Issuer => _issuer;

    public virtual string? Subject => _subject;

    public virtual DateTime GetEffectiveDate() => _effectiveDate;

    public virtual DateTime GetExpirationDate() => _expirationDate;

    public virtual byte[]? GetRawCertData() => _certificate;

    private static Real.X509Certificate2 Parse(byte[] certificate)
    {
        // The desktop would take PEM without the zero, too.
        if (!Pem.IsPem(certificate) && certificate is not [DerSequence, ..])
        {
            throw new ArgumentException(null);
        }

        try
        {
            return Pem.IsPem(certificate)
                ? Real.X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(certificate))
                : Real.X509CertificateLoader.LoadCertificate(certificate);
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException(null, e);
        }
    }
}

internal static class Pem
{
    public static byte[] ToBytes(string text) => Encoding.UTF8.GetBytes(text + "\0");

    // mbedtls_x509_crt_parse: without the zero it takes the bytes for DER.
    public static bool IsPem(byte[] data) =>
        data.Length > 0 && data[^1] == 0 && data.AsSpan().IndexOf("-----BEGIN "u8) >= 0;
}

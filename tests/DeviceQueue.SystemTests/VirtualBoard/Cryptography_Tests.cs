extern alias Desktop;

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Real = Desktop::System.Security.Cryptography;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Cryptography_Tests
{
    private const string Password = "secret";

    [Fact]
    public void HMACSHA256_gives_what_RFC_4231_says()
    {
        byte[] data = Encoding.UTF8.GetBytes("what do ya want for nothing?");
        using HMACSHA256 hmac = new(Encoding.UTF8.GetBytes("Jefe"));

        Assert.Equal(
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            Convert.ToHexStringLower(hmac.ComputeHash(data)));
        Assert.Equal(hmac.Hash, HMACSHA256.HashData(hmac.Key, data));
    }

    [Fact]
    public void A_certificate_is_DER_or_PEM_text_or_PEM_bytes_with_a_zero_at_the_end()
    {
        using Real.ECDsa key = Real.ECDsa.Create();
        using Real.X509Certificates.X509Certificate2 real = Issue(key);
        string pem = real.ExportCertificatePem();

        Assert.Equal("CN=board", new X509Certificate(real.RawData).Subject);
        Assert.Equal("CN=board", new X509Certificate(pem).Issuer);
        X509Certificate2 certificate = new(Encoding.UTF8.GetBytes(pem + "\0"));
        Assert.Equal(2030, certificate.NotAfter.Year);
        Assert.False(certificate.HasPrivateKey);
        Assert.Throws<ArgumentException>(() => new X509Certificate(Encoding.UTF8.GetBytes(pem)));
        Assert.Throws<ArgumentException>(() => new X509Certificate([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => new X509Certificate("no certificate"));
    }

    [Fact]
    public void A_private_key_is_checked_when_it_is_given()
    {
        using Real.ECDsa key = Real.ECDsa.Create();
        using Real.X509Certificates.X509Certificate2 real = Issue(key);
        Real.PbeParameters strong = new(Real.PbeEncryptionAlgorithm.Aes256Cbc, Real.HashAlgorithmName.SHA256, 1000);
        string locked = key.ExportEncryptedPkcs8PrivateKeyPem(Password, strong);
        byte[] der = key.ExportPkcs8PrivateKey();

        Assert.Equal(der, new X509Certificate2(real.RawData, der, "").PrivateKey);
        Assert.True(new X509Certificate2(real.RawData, key.ExportPkcs8PrivateKeyPem(), "").HasPrivateKey);
        Assert.True(new X509Certificate2(real.ExportCertificatePem(), locked, Password).HasPrivateKey);
        Assert.Throws<ArgumentException>(() => new X509Certificate2(real.RawData, locked, "wrong"));
        Assert.Throws<ArgumentException>(
            () => new X509Certificate2(real.RawData, Encoding.UTF8.GetBytes(locked), Password));
        Assert.Throws<ArgumentException>(() => new X509Certificate2(real.RawData, [1, 2, 3], ""));
    }

    [Fact]
    public void An_RSA_key_will_do_in_either_of_its_forms()
    {
        using Real.RSA key = Real.RSA.Create(2048);
        using Real.X509Certificates.X509Certificate2 real = Issue(Real.ECDsa.Create());

        Assert.True(new X509Certificate2(real.RawData, key.ExportRSAPrivateKeyPem(), "").HasPrivateKey);
        Assert.True(new X509Certificate2(real.RawData, key.ExportRSAPrivateKey(), "").HasPrivateKey);
        Assert.True(new X509Certificate2(real.RawData, key.ExportPkcs8PrivateKey(), "").HasPrivateKey);
    }

    private static Real.X509Certificates.X509Certificate2 Issue(Real.ECDsa key)
    {
        Real.X509Certificates.CertificateRequest request = new("CN=board", key, Real.HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2030, 6, 1, 0, 0, 0, TimeSpan.Zero));
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Configuration;

public sealed class TlsParams_Tests
{
    private readonly ConfigProblems _problems = new();

    [Theory]
    [InlineData("", null, null, null)]
    [InlineData("tls.ca=ca.pem", "ca.pem", null, null)]
    [InlineData("tls.ca=I:\\ca.pem;tls.cert=c.pem;tls.key=k.pem", "I:\\ca.pem", "c.pem", "k.pem")]
    public void Reads_the_names_of_files(string line, string? ca, string? certificate, string? key)
    {
        TlsParams tls = Read(line)!;

        Assert.Equal((ca, certificate, key), (tls.AuthorityFile, tls.CertificateFile, tls.KeyFile));
    }

    [Theory]
    [InlineData("tls.ca=", "tls.ca is \"\": a file name is needed")]
    [InlineData("tls.cert=c.pem", "tls.key is missing: a client's certificate and its key belong together")]
    [InlineData("tls.key=k.pem", "tls.cert is missing: a client's certificate and its key belong together")]
    public void Refuses_what_cannot_be(string line, string error)
    {
        Assert.Null(Read(line));
        Assert.Equal(error, Assert.Single(_problems.Errors()));
    }

    private TlsParams? Read(string line)
    {
        var config = ConfigParams.FromString("connection.host=broker;" + line);
        return SettingsDraft.Read(new ParamsConfigReader(config, _problems), null, "bar1")?.Tls;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using Mqtt;

namespace DeviceQueue.SystemTests.Mqtt;

/// <summary>Every connection that TLS refuses says why, each time.</summary>
public sealed class Tls_Tests : IDisposable
{
    private const int Attempts = 10;

    private readonly string _folder = Directory.CreateTempSubdirectory("tls-").FullName;
    private readonly CertificateAuthority _authority;

    public Tls_Tests() => _authority = new CertificateAuthority(_folder);

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void The_brokers_certificate_is_held_against_authority_time_and_host(SslProtocols protocol)
    {
        using CertificateAuthority stranger = new(_folder, "Somebody else");
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"));
        using MosquittoBroker expired = Start(_authority.Issue("127.0.0.1", expired: true));
        using MosquittoBroker elsewhere = Start(_authority.Issue("elsewhere.example"));
        ClientOptions right = Options(broker, protocol);
        TlsOptions tls = right.Tls!;

        AssertFails("certificate verify failed: certificate is of an authority that is not trusted", right with { Tls = tls with { Authorities = Read(stranger.CertificateFile) } });
        AssertFails("certificate verify failed: certificate is of an authority that is not trusted", right with { Tls = tls with { Authorities = [] } });
        AssertFails("certificate verify failed: certificate is of an authority that is not trusted", right with { Tls = tls with { Authorities = null } });
        AssertFails("certificate verify failed: certificate has expired", right with { Tls = tls with { Time = DateTimeOffset.UtcNow.AddDays(2) } });
        AssertFails("certificate verify failed: certificate is not yet valid", right with { Tls = tls with { Time = DateTimeOffset.UtcNow.AddDays(-2) } });
        AssertFails("certificate verify failed: certificate has expired", Options(expired, protocol));
        AssertFails("certificate verify failed: certificate is not for 127.0.0.1", Options(elsewhere, protocol));
        AssertConnects(right);
        AssertConnects(Options(expired, protocol) with { Tls = tls with { Time = DateTimeOffset.UtcNow.AddMinutes(-30) } });
        AssertConnects(Options(elsewhere, protocol) with { Tls = tls with { Insecure = true, Authorities = [] } });
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void A_client_certificate_that_is_missing_or_wrong_is_told_by_the_brokers_alert(SslProtocols protocol)
    {
        using CertificateAuthority stranger = new(_folder, "Somebody else");
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"), "require_certificate true", "use_identity_as_username true");
        ClientOptions bare = Options(broker, protocol);

        AssertFails("alert", bare);
        AssertFails("alert unknown ca", WithPair(bare, stranger.IssueClient("greenhouse")));
        AssertConnects(WithPair(bare, _authority.IssueClient("greenhouse")));
    }

    [Fact]
    public void A_broker_without_TLS_and_one_that_is_silent_are_told_too()
    {
        using MosquittoBroker plain = MosquittoBroker.Start();
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();

        AssertFails("", Options(plain, SslProtocols.Tls12));
        using BrokerClient client = new(Options(plain, SslProtocols.None) with { Port = ((IPEndPoint)silent.LocalEndpoint).Port });
        ConnectResult result = client.Connect(TimeSpan.FromMilliseconds(500));
        Assert.Equal((ConnectStatus.TlsFailed, "Timed out."), (result.Status, result.Text));
    }

    [Fact]
    public void What_is_no_certificate_or_key_is_told_by_name()
    {
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"));
        ClientOptions right = Options(broker, SslProtocols.None);
        byte[] none = "none"u8.ToArray();

        AssertFails("the authority's certificate cannot be read", right with { Tls = right.Tls! with { Authorities = none } });
        AssertFails("the client's certificate or key cannot be read", right with { Tls = right.Tls! with { Certificate = none, Key = none } });
    }

    private static byte[] Read(string file) => File.ReadAllBytes(file);

    private static ClientOptions WithPair(ClientOptions options, (string CertificateFile, string KeyFile) pair) =>
        options with { Tls = options.Tls! with { Certificate = Read(pair.CertificateFile), Key = Read(pair.KeyFile) } };

    private static void AssertConnects(ClientOptions options)
    {
        using BrokerClient client = new(options);
        ConnectResult result = client.Connect(Patience.Bound);
        Assert.True(result.IsAccepted, result.Text);
    }

    private static void AssertFails(string expected, ClientOptions options)
    {
        for (int i = 0; i < Attempts; i++)
        {
            using BrokerClient client = new(options);
            ConnectResult result = client.Connect(Patience.Bound);
            Assert.Equal(ConnectStatus.TlsFailed, result.Status);
            Assert.Contains(expected, result.Text);
        }
    }

    private ClientOptions Options(MosquittoBroker broker, SslProtocols protocol) => new()
    {
        Host = broker.Host,
        Port = broker.Port,
        Tls = new TlsOptions { Authorities = Read(_authority.CertificateFile), Protocols = protocol },
    };

    private MosquittoBroker Start((string CertificateFile, string KeyFile) pair, params string[] lines) => MosquittoBroker.Start(new MosquittoBrokerOptions
    {
        ExtraLines = [$"cafile {_authority.CertificateFile}", $"certfile {pair.CertificateFile}", $"keyfile {pair.KeyFile}", .. lines],
    });
}

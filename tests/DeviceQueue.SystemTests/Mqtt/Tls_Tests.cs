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
    private const string Untrusted = "certificate verify failed: certificate is of an authority that is not trusted";
    private const string Expired = "certificate verify failed: certificate has expired";

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
        DateTimeOffset now = DateTimeOffset.UtcNow;

        AssertFails(Untrusted, right with { Tls = tls with { Authorities = Read(stranger.CertificateFile) } });
        AssertFails(Untrusted, right with { Tls = tls with { Authorities = [] } });
        AssertFails(Untrusted, right with { Tls = tls with { Authorities = null } });
        AssertFails(Expired, right with { Tls = tls with { Time = now.AddDays(2) } });
        AssertFails("certificate is not yet valid", right with { Tls = tls with { Time = now.AddDays(-2) } });
        AssertFails(Expired, Options(expired, protocol));
        AssertFails("certificate verify failed: certificate is not for 127.0.0.1", Options(elsewhere, protocol));
        AssertConnects(right);
        AssertConnects(Options(expired, protocol) with { Tls = tls with { Time = now.AddMinutes(-30) } });
        AssertConnects(Options(elsewhere, protocol) with { Tls = tls with { Insecure = true, Authorities = [] } });
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void A_client_certificate_that_is_missing_or_wrong_is_told_by_the_brokers_alert(SslProtocols protocol)
    {
        using CertificateAuthority stranger = new(_folder, "Somebody else");
        string[] lines = ["require_certificate true", "use_identity_as_username true"];
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"), lines);
        ClientOptions bare = Options(broker, protocol);

        AssertFails("alert", bare);
        AssertFails("alert unknown ca", WithPair(bare, stranger.IssueClient("greenhouse")));
        AssertConnects(WithPair(bare, _authority.IssueClient("greenhouse")));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task However_much_comes_at_once_all_of_it_comes(SslProtocols protocol)
    {
        const int Messages = 5_000;
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"), "max_queued_messages 0");
        using BrokerClient client = new(Options(broker, protocol));
        Recorder<ReceivedMessage> received = new();
        client.MessageReceived += received.Add;
        Assert.True(client.Connect(Patience.Bound).IsAccepted);
        Assert.NotNull(await client.SubscribeAsync(["t"], 1).Bounded());

        for (int i = 0; i < Messages; i++)
        {
            client.Publish("t", BitConverter.GetBytes(i), 1, false);
        }

        client.Publish("t", new byte[1_000_000], 1, false);

        Assert.Equal(1_000_000, received.WaitFor(Messages + 1)[^1].Payload.Length);
        IEnumerable<int> numbers = received.Items[..^1].Select(message => BitConverter.ToInt32(message.Payload));
        Assert.Equal(Enumerable.Range(0, Messages), numbers);
    }

    [Fact]
    public void A_broker_without_TLS_and_one_that_is_silent_are_told_too()
    {
        using MosquittoBroker plain = MosquittoBroker.Start();
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();

        AssertFails("", Options(plain, SslProtocols.Tls12));
        int port = ((IPEndPoint)silent.LocalEndpoint).Port;
        using BrokerClient client = new(Options(plain, SslProtocols.None) with { Port = port });
        ConnectResult result = client.Connect(TimeSpan.FromMilliseconds(500));
        Assert.Equal((ConnectStatus.TlsFailed, "Timed out."), (result.Status, result.Text));
    }

    [Fact]
    public void What_is_no_certificate_or_key_is_told_by_name()
    {
        using MosquittoBroker broker = Start(_authority.Issue("127.0.0.1"));
        ClientOptions right = Options(broker, SslProtocols.None);
        TlsOptions tls = right.Tls!;
        byte[] none = "none"u8.ToArray();

        AssertFails("the authority's certificate cannot be read", right with { Tls = tls with { Authorities = none } });
        AssertFails(
            "the client's certificate or key cannot be read",
            right with { Tls = tls with { Certificate = none, Key = none } });
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

    private MosquittoBroker Start((string CertificateFile, string KeyFile) pair, params string[] lines)
    {
        string[] files =
        [
            $"cafile {_authority.CertificateFile}",
            $"certfile {pair.CertificateFile}",
            $"keyfile {pair.KeyFile}",
        ];
        return MosquittoBroker.Start(new MosquittoBrokerOptions { ExtraLines = [.. files, .. lines] });
    }
}

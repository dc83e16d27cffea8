using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Brokers;
using DeviceQueue.Mqtt;
using DeviceQueue.NanoFramework;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;
using VirtualBoard;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Tls_Tests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls-").FullName;
    private readonly CertificateAuthority _authority;

    public Tls_Tests() => _authority = new CertificateAuthority(_folder);

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(MqttSslProtocols.TLSv1_2)]
    [InlineData(MqttSslProtocols.TLSv1_3)]
    public void A_broker_whose_certificate_is_right_is_accepted(MqttSslProtocols protocol)
    {
        using MosquittoBroker broker = StartBroker("127.0.0.1");
        using TestBoard board = new();

        MqttClient client = board.Run(
            () => new MqttClient("127.0.0.1", broker.Port, true, Read(_authority.CertificateFile), null, protocol));

        Assert.Equal(MqttReasonCode.Success, board.Run(() => client.Connect("device")));
        Assert.True(board.Run(() => client.IsConnected));
        Recorder<bool> published = new();
        client.MqttMsgPublished += (_, e) => published.Add(e.IsPublished);
        board.Run(() => client.Publish("t", [1], null, null, MqttQoSLevel.AtLeastOnce, false));
        Assert.True(published.WaitFor(1)[0]);
        IReadOnlyDictionary<PowerState, double> seconds = board.Board.Energy.Read();
        Assert.Equal(2, seconds[PowerState.Handshake]);
        Assert.InRange(seconds[PowerState.Transmit], 0.001, 1);
    }

    [Fact]
    public void Another_authority_no_authority_and_another_host_are_refused()
    {
        using MosquittoBroker broker = StartBroker("127.0.0.1");
        using MosquittoBroker elsewhere = StartBroker("elsewhere.example");
        using CertificateAuthority stranger = new(_folder);

        Assert.Equal("Exception connecting to the broker", RefusedBy(broker, Read(stranger.CertificateFile)));
        Assert.Equal("Exception connecting to the broker", RefusedBy(broker, null));
        Assert.Equal("Exception connecting to the broker", RefusedBy(elsewhere, Read(_authority.CertificateFile)));
    }

    [Fact]
    public void A_certificate_or_key_that_is_none_is_told_as_TLS_and_not_as_a_name_that_is_not_found()
    {
        using TestBoard board = new();
        (string certificate, _) = _authority.Issue("device");
        byte[] bad = Encoding.ASCII.GetBytes("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\0");
        MqttLinkOptions[] all =
        [
            new() { CaCertificate = bad },
            new() { ClientCertificate = File.ReadAllBytes(certificate), ClientKey = bad },
        ];
        foreach (MqttLinkOptions options in all)
        {
            options.Host = "127.0.0.1";
            options.Port = 8883;
            options.IsSecure = true;
            options.ClientId = "c";
            options.KeepAliveSeconds = 15;
            MqttLinkResult result = board.Run(
                () => new M2MqttLinkFactory().Create(new AutoResetEvent(false)).Open(options, true));

            Assert.Equal(MqttLinkError.Tls, result.Error);
        }
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(2)]
    public void A_certificate_is_held_against_the_boards_own_clock(int days)
    {
        using MosquittoBroker broker = StartBroker("127.0.0.1");
        using TestBoard board = new();
        board.Board.Clock.Jump(TimeSpan.FromDays(days));

        MqttClient client = board.Run(
            () => new MqttClient(
                "127.0.0.1", broker.Port, true, Read(_authority.CertificateFile), null, MqttSslProtocols.TLSv1_2));

        Assert.Throws<MqttConnectionException>(() => board.Run(() => client.Connect("device")));
    }

    [Fact]
    public void Validation_can_be_switched_off()
    {
        using MosquittoBroker broker = StartBroker("elsewhere.example");
        using TestBoard board = new();
        board.Run(() => MqttSettings.Instance.ValidateServerCertificate = false);

        MqttClient client = board.Run(
            () => new MqttClient("127.0.0.1", broker.Port, true, null, null, MqttSslProtocols.TLSv1_2));

        Assert.Equal(MqttReasonCode.Success, board.Run(() => client.Connect("device")));
    }

    [Fact]
    public void A_client_certificate_names_the_user()
    {
        using MosquittoBroker broker = StartBroker(
            "127.0.0.1", "require_certificate true", "use_identity_as_username true");
        (string certificate, string key) = _authority.IssueClient("greenhouse");
        X509Certificate2 pair = new(Pem(certificate), Pem(key), "");
        using TestBoard board = new();

        MqttClient client = board.Run(
            () => new MqttClient(
                "127.0.0.1", broker.Port, true, Read(_authority.CertificateFile), pair, MqttSslProtocols.TLSv1_2));

        Assert.Equal(MqttReasonCode.Success, board.Run(() => client.Connect("device")));
        Assert.True(SpinWait.SpinUntil(() => broker.Log.Any(line => line.Contains("u'greenhouse'")), Patience.Bound));

        // With TLS 1.3 the client's side of the handshake is over before the broker misses the certificate.
        Exception e = Assert.ThrowsAny<Exception>(() => board.Run(() =>
            new MqttClient(
                "127.0.0.1",
                broker.Port,
                true,
                Read(_authority.CertificateFile),
                null,
                MqttSslProtocols.TLSv1_2).Connect("nobody")));
        Assert.True(e is MqttConnectionException or MqttCommunicationException, e.ToString());
    }

    [Fact]
    public async Task A_silent_peer_holds_the_whole_board_until_the_power_goes()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        using TestBoard board = new();
        MqttClient client = board.Run(
            () => new MqttClient(
                "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, true, null, null, MqttSslProtocols.TLSv1_2));
        MqttClient other = board.Run(() => new MqttClient("127.0.0.1"));
        Task<MqttReasonCode> connect = board.Start(() => client.Connect("device"));
        using Socket accepted = silent.AcceptSocket();

        Task<bool> elsewhere = board.Start(() => other.IsConnected);

        await Task.WhenAny(connect, elsewhere).StaysUnfinished(TimeSpan.FromSeconds(1));
        board.Board.PowerOff();
        await Task.WhenAny(connect, elsewhere).StaysUnfinished(TimeSpan.FromMilliseconds(300));
    }

    private static byte[] Pem(string file) => Encoding.ASCII.GetBytes(File.ReadAllText(file) + "\0");

    private static X509Certificate Read(string file) => new(Pem(file));

    private static string RefusedBy(MosquittoBroker broker, X509Certificate? authority)
    {
        using TestBoard board = new();
        MqttClient client = board.Run(
            () => new MqttClient("127.0.0.1", broker.Port, true, authority, null, MqttSslProtocols.TLSv1_2));
        return Assert.Throws<MqttConnectionException>(() => board.Run(() => client.Connect("device"))).Message;
    }

    private MosquittoBroker StartBroker(string name, params string[] lines)
    {
        (string certificate, string key) = _authority.Issue(name);
        return MosquittoBroker.Start(new MosquittoBrokerOptions
        {
            ExtraLines =
            [
                $"cafile {_authority.CertificateFile}",
                $"certfile {certificate}",
                $"keyfile {key}",
                .. lines,
            ],
        });
    }
}

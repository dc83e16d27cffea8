using System.Net;
using System.Net.Sockets;
using Brokers;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>What an operator reads when a queue does not come up: how far the connection came.</summary>
public sealed class ConnectErrors_Tests : IDisposable
{
    // Made by: mosquitto_passwd -b -c passwords greenhouse secret
    private const string PasswordLine =
        "greenhouse:$7$101$L1PcVfhUZPm+k/7n$"
        + "/BsUC4wLh81TCC4Nya0ZgMotAYfSbMNFeXfZrkitxeRGUM1fnek0vgbDtW26asdGBFwPJBpl5XFWmYafFQtijQ==";
    private const int ShortTimeoutMs = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("connect-").FullName;
    private readonly CertificateAuthority _authority;

    public ConnectErrors_Tests() => _authority = new CertificateAuthority(_folder);

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_password_opens_the_broker_and_another_is_told_as_CONNACK_5()
    {
        string passwords = Path.Combine(_folder, "passwords");
        File.WriteAllText(passwords, PasswordLine + "\n");
        using MosquittoBroker broker = MosquittoBroker.Start(
            new MosquittoBrokerOptions { AllowAnonymous = false, ExtraLines = [$"password_file {passwords}"] });

        AssertDelivers(As(broker, "greenhouse", "secret"));
        AssertFails("CONNACK 5 (not authorized)", As(broker, "greenhouse", "guess"));
        AssertFails("CONNACK 5 (not authorized)", As(broker, null, null));
    }

    [Fact]
    public void A_client_id_that_the_broker_refuses_is_told_with_the_code_of_its_CONNACK()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(
            new MosquittoBrokerOptions { ExtraLines = ["clientid_prefixes board-"] });

        AssertFails("CONNACK 5 (not authorized)", QueueProgram.Endpoint(broker, "program"));
        MqttLinkOptions welcome = QueueProgram.Endpoint(broker, "program");
        welcome.ClientId = "board-1";
        AssertDelivers(welcome);
    }

    [Fact]
    public void A_host_without_an_address_is_told_as_DNS() =>
        AssertFails("DNS: ", QueueProgram.Endpoint("broker.invalid", 1883, "program"));

    [Fact]
    public void A_port_where_nobody_listens_is_told_as_TCP()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();

        AssertFails("TCP: Connection refused", QueueProgram.Endpoint("127.0.0.1", port, "program"));
    }

    [Fact]
    public void Who_accepts_and_stays_silent_is_told_as_no_CONNACK_or_over_TLS_as_TLS()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        MqttLinkOptions endpoint = QueueProgram.Endpoint(
            "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, "program");

        AssertFails("no CONNACK: ", endpoint, ShortTimeoutMs);
        AssertFails("TLS: ", Secured(endpoint, _authority.CertificateFile), ShortTimeoutMs);
    }

    [Fact]
    public void Mqtts_takes_the_broker_that_its_authority_vouches_for_and_no_other()
    {
        using CertificateAuthority stranger = new(_folder, "Somebody else");
        using MosquittoBroker broker = StartSecure(_authority.Issue("127.0.0.1"));
        using MosquittoBroker expired = StartSecure(_authority.Issue("127.0.0.1", expired: true));
        using MosquittoBroker elsewhere = StartSecure(_authority.Issue("elsewhere.example"));

        AssertDelivers(Secured(broker, _authority.CertificateFile));
        AssertFails("certificate verify failed: ", Secured(broker, stranger.CertificateFile));
        AssertFails("TLS: ", Secured(broker, null));
        AssertFails("certificate verify failed: certificate has expired", Secured(expired, _authority.CertificateFile));
        AssertFails("TLS: ", Secured(elsewhere, _authority.CertificateFile));
    }

    [Fact]
    public void Mqtts_to_a_plain_broker_fails_and_never_falls_back()
    {
        using MosquittoBroker plain = MosquittoBroker.Start();

        AssertFails("TLS: ", Secured(plain, _authority.CertificateFile));
    }

    [Fact]
    public void A_broker_that_demands_a_client_certificate_gets_it()
    {
        string accessList = Path.Combine(_folder, "access");
        File.WriteAllText(accessList, "pattern readwrite %u/#\npattern write status/%c\n");
        using MosquittoBroker broker = StartSecure(
            _authority.Issue("127.0.0.1"),
            "require_certificate true",
            "use_identity_as_username true",
            $"acl_file {accessList}");
        using CertificateAuthority stranger = new(_folder, "Somebody else");

        AssertDelivers(
            WithCertificate(Secured(broker, _authority.CertificateFile), _authority.IssueClient("greenhouse")),
            "greenhouse/1");
        AssertFails("TLS: ", Secured(broker, _authority.CertificateFile));
        AssertFails(
            "TLS: ", WithCertificate(Secured(broker, _authority.CertificateFile), stranger.IssueClient("greenhouse")));
    }

    [Fact]
    public void A_key_that_is_none_is_told_as_TLS()
    {
        using MosquittoBroker broker = StartSecure(_authority.Issue("127.0.0.1"));
        MqttLinkOptions endpoint = Secured(broker, _authority.CertificateFile);
        endpoint.ClientCertificate = "not a certificate"u8.ToArray();
        endpoint.ClientKey = "not a key"u8.ToArray();

        AssertFails("TLS: ", endpoint);
    }

    private static void AssertDelivers(MqttLinkOptions endpoint, string topic = "delivered")
    {
        using QueueProgram program = new(endpoint);
        MqttMessageQueue queue = program.AddQueue(topic);
        program.Start();

        queue.Send(null, new MessageEnvelope("c1", "type", "text"));

        MessageEnvelope? received = queue.Receive(null, (int)Patience.Bound.TotalMilliseconds);
        Assert.True(received != null, string.Join('\n', program.Log.Items));
        Assert.Equal("text", received.GetMessageAsString());
    }

    private static void AssertFails(string expected, MqttLinkOptions endpoint, int connectTimeoutMs = 30_000)
    {
        using QueueProgram program = new(endpoint, connectTimeoutMs);
        program.Start();

        Assert.StartsWith(
            $"no connection to {endpoint.Host}:{endpoint.Port}: ",
            program.WaitForLog("no connection to "),
            StringComparison.Ordinal);
        string line = program.WaitForLog(expected); // an attempt or two may end so soon that OpenSSL's reason is gone
        Assert.DoesNotContain("secret", line);
        Assert.Equal(0, program.Connection.Connects);
    }

    private static MqttLinkOptions As(MosquittoBroker broker, string? username, string? password)
    {
        MqttLinkOptions endpoint = QueueProgram.Endpoint(broker, "program");
        endpoint.Username = username;
        endpoint.Password = password;
        return endpoint;
    }

    private static MqttLinkOptions Secured(MosquittoBroker broker, string? authorityFile) =>
        Secured(QueueProgram.Endpoint(broker, "program"), authorityFile);

    private static MqttLinkOptions Secured(MqttLinkOptions endpoint, string? authorityFile)
    {
        endpoint.IsSecure = true;
        endpoint.CaCertificate = authorityFile == null ? null : File.ReadAllBytes(authorityFile);
        return endpoint;
    }

    private static MqttLinkOptions WithCertificate(
        MqttLinkOptions endpoint, (string CertificateFile, string KeyFile) pair)
    {
        endpoint.ClientCertificate = File.ReadAllBytes(pair.CertificateFile);
        endpoint.ClientKey = File.ReadAllBytes(pair.KeyFile);
        return endpoint;
    }

    private MosquittoBroker StartSecure((string CertificateFile, string KeyFile) pair, params string[] lines) =>
        MosquittoBroker.Start(new MosquittoBrokerOptions
        {
            ExtraLines =
        [
            $"cafile {_authority.CertificateFile}",
            $"certfile {pair.CertificateFile}",
            $"keyfile {pair.KeyFile}",
            .. lines,
        ],
        });
}

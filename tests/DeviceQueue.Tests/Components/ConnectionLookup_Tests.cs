using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Components;

public sealed class ConnectionLookup_Tests : IDiscovery, ICredentialStore
{
    private readonly ConfigProblems _problems = new();
    private readonly MemoryStore _store = new();
    private readonly Dictionary<string, ConnectionParams> _connections = [];
    private readonly Dictionary<string, CredentialParams> _credentials = [];

    [Fact]
    public void Puts_together_what_the_configuration_says()
    {
        MqttLinkOptions endpoint = Assert.Single(Resolve(
            "connection.host=h;connection.port=1884;credential.username=u;credential.password=p;client_id=c;"
                + "options.clean_session=false;options.keepalive_timeout=4500"));

        Assert.Equal(("h", 1884, false), (endpoint.Host, endpoint.Port, endpoint.IsSecure));
        Assert.Equal(
            ("c", "u", "p", false, 5),
            (
                endpoint.ClientId,
                endpoint.Username,
                endpoint.Password,
                endpoint.CleanSession,
                endpoint.KeepAliveSeconds));
        Assert.Equal(
            ("w", "gone", 1, true), (endpoint.WillTopic, endpoint.WillPayload, endpoint.WillQos, endpoint.WillRetain));
    }

    [Fact]
    public void Gives_each_connection_its_credential_or_the_first_and_a_uri_its_own()
    {
        MqttLinkOptions[] endpoints = Resolve(
            "connections.0.host=a;connections.1.host=b;connections.2.host=c;connections.3.uri=mqtt://x:y@d;"
                + "credentials.0.username=u0;credentials.1.username=u1");

        Assert.Equal(
            [("a", "u0"), ("b", "u1"), ("c", "u0"), ("d", "x")],
            endpoints.Select(endpoint => (endpoint.Host, endpoint.Username)));
        Assert.All(endpoints, endpoint => Assert.Equal("default", endpoint.ClientId));
    }

    [Fact]
    public void Asks_discovery_and_credential_store_for_what_has_a_key()
    {
        _connections["main"] = new ConnectionParams("found", 8884, true);
        _credentials["me"] = new CredentialParams("u", "p");
        MqttLinkOptions endpoint = Assert.Single(Resolve("connection.discovery_key=main;credential.store_key=me"));

        Assert.Equal(
            ("found", 8884, true, "u", "p"),
            (endpoint.Host, endpoint.Port, endpoint.IsSecure, endpoint.Username, endpoint.Password));
    }

    [Fact]
    public void Falls_back_to_what_stands_beside_a_key_that_nobody_knows()
    {
        MqttLinkOptions endpoint = Assert.Single(
            Resolve("connection.discovery_key=main;connection.host=own;credential.store_key=me;credential.username=u"));

        Assert.Equal(("own", "u"), (endpoint.Host, endpoint.Username));
    }

    [Theory]
    [InlineData("", "connection")]
    [InlineData("connection.discovery_key=unknown", "connection.discovery_key")]
    [InlineData("connection.discovery_key=nohost", "connection.host")]
    [InlineData("connection.discovery_key=noport", "connection.port")]
    [InlineData("connection.host=h;credential.store_key=unknown", "credential.store_key")]
    [InlineData("connection.port=1883", "connection.host")]
    [InlineData("connection.host=h;connection.port=0", "connection.port")]
    [InlineData("connection.host=h;connection.protocol=amqp", "connection.protocol")]
    [InlineData("connection.protocol=mqtts;connection.host=h;tls.ca=missing.pem", "tls.ca")]
    public void Names_the_key_of_what_is_missing_or_wrong(string config, string key)
    {
        _connections["nohost"] = new ConnectionParams(null, 1883, false);
        _connections["noport"] = new ConnectionParams("h", 0, false);

        Assert.Null(Resolve(config, false));
        Assert.Equal(key, _problems.FirstErrorKey);
    }

    [Fact]
    public void Reads_the_files_of_tls_for_secure_connections_alone()
    {
        byte[] der = [0x30, 0x81, 1, 0];
        _store.Files["ca.pem"] = World.Utf8("text\n-----BEGIN CERTIFICATE-----");
        _store.Files["cert.pem"] = der;
        _store.Files["key.pem"] = World.Utf8("-----BEGIN EC PRIVATE KEY-----");
        MqttLinkOptions[] endpoints = Resolve(
            "connections.0.uri=mqtts://a;connections.1.uri=mqtt://b;tls.ca=ca.pem;tls.cert=cert.pem;tls.key=key.pem");

        Assert.Equal(
            [World.Utf8("text\n-----BEGIN CERTIFICATE-----\0"), der, World.Utf8("-----BEGIN EC PRIVATE KEY-----\0")],
            new[] { endpoints[0].CaCertificate, endpoints[0].ClientCertificate, endpoints[0].ClientKey });
        Assert.Null(endpoints[1].CaCertificate);
    }

    [Fact]
    public void Has_a_certificate_that_several_brokers_share_in_memory_once()
    {
        _store.Files["ca.pem"] = World.Utf8("-----BEGIN CERTIFICATE-----");
        MqttLinkOptions[] endpoints = Resolve("connections.0.uri=mqtts://a;connections.1.uri=mqtts://b;tls.ca=ca.pem");

        Assert.Same(endpoints[0].CaCertificate, endpoints[1].CaCertificate);
    }

    [Theory]
    [InlineData("ca", "not a certificate", "the file holds no certificate in PEM or DER form")]
    [InlineData("ca", "-----BEGIN PRIVATE KEY-----", "the file holds no certificate in PEM or DER form")]
    [InlineData("ca", "0\u0001", "the file holds no certificate in PEM or DER form")]
    [InlineData("ca", "0", "the file holds no certificate in PEM or DER form")]
    [InlineData("key", "-----BEGIN CERTIFICATE-----", "the file holds no private key in PEM or DER form")]
    public void Refuses_a_file_that_is_no_certificate_or_key_before_it_connects(
        string key, string content, string reason)
    {
        _store.Files["f"] = World.Utf8(content);
        _store.Files["good"] = World.Utf8("-----BEGIN CERTIFICATE-----");

        Assert.Null(
            Resolve("connection.uri=mqtts://a;" + (key == "ca" ? "tls.ca=f" : "tls.cert=good;tls.key=f"), false));
        Assert.Equal($"tls.{key} is \"f\": {reason}", Assert.Single(_problems.Errors()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ConnectionResolver.MaxCertificateBytes + 1)]
    public void Refuses_a_certificate_that_is_empty_or_too_large(int size)
    {
        _store.Files["ca.pem"] = new byte[size];

        Assert.Null(Resolve("connection.uri=mqtts://a;tls.ca=ca.pem", false));
        Assert.Equal("tls.ca", _problems.FirstErrorKey);
    }

    ConnectionParams? IDiscovery.ResolveOne(string correlationId, string key) => _connections.GetValueOrDefault(key);

    CredentialParams? ICredentialStore.Lookup(string correlationId, string key) => _credentials.GetValueOrDefault(key);

    private MqttLinkOptions[] Resolve(string line, bool isGood = true)
    {
        ConfigParams config = ConfigParams.FromString(line);
        QueueOptions options = QueueConfig.ReadOptions(config, new ConfigProblems());
        MqttLinkOptions[] endpoints = new ConnectionLookup(_store, this, this).Resolve(
            null, config, options, "default", new WillParams("w", "gone", 1, true), _problems);
        Assert.True(!isGood || _problems.ErrorCount == 0, string.Join(", ", _problems.Errors()));
        return endpoints;
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;

namespace DeviceQueue.Tests.Configuration;

public sealed class ConnectionParams_Tests
{
    private readonly ConfigProblems _problems = new();

    [Theory]
    [InlineData("connection.host=broker", "broker", 1883, false)]
    [InlineData("connection.protocol=mqtt;connection.host=10.0.0.1;connection.port=1884", "10.0.0.1", 1884, false)]
    [InlineData("connection.protocol=mqtts;connection.host=broker.example", "broker.example", 8883, true)]
    [InlineData("connection.uri=mqtt://broker", "broker", 1883, false)]
    [InlineData("connection.uri=mqtt://broker:1884/", "broker", 1884, false)]
    [InlineData("connection.uri=mqtts://broker", "broker", 8883, true)]
    [InlineData("connection.uri=mqtts://[fe80::1]:8884", "fe80::1", 8884, true)]
    [InlineData("connection.uri=mqtts://[fe80::1]", "fe80::1", 8883, true)]
    public void Reads_where_a_broker_is(string line, string host, int port, bool isSecure)
    {
        ConnectionParams connection = Assert.Single(Good(line));

        Assert.Equal((host, port, isSecure), (connection.Host, connection.Port, connection.IsSecure));
        Assert.Null(connection.Username ?? connection.Password ?? connection.DiscoveryKey);
    }

    [Theory]
    [InlineData("mqtt://user@broker", "user", null)]
    [InlineData("mqtt://user:pass@broker", "user", "pass")]
    [InlineData("mqtt://user:@broker", "user", "")]
    [InlineData("mqtts://us%40er:p%3Aa%2Fs%25s@broker", "us@er", "p:a/s%s")]
    [InlineData("mqtts://user:p@ss:w@broker:8883", "user", "p@ss:w")]
    [InlineData("mqtt://%C3%BC:%e2%82%ac@broker", "ü", "€")]
    public void Reads_user_and_password_of_a_uri(string uri, string username, string? password)
    {
        ConnectionParams connection = ConnectionParams.FromUri(uri);

        Assert.Equal(("broker", username, password), (connection.Host, connection.Username, connection.Password));
    }

    [Theory]
    [InlineData("")]
    [InlineData("broker")]
    [InlineData("http://broker")]
    [InlineData("MQTT://broker")]
    [InlineData("mqtt://")]
    [InlineData("mqtt://:1883")]
    [InlineData("mqtt://broker:")]
    [InlineData("mqtt://broker:0")]
    [InlineData("mqtt://broker:65536")]
    [InlineData("mqtt://broker:1883x")]
    [InlineData("mqtt://broker/path")]
    [InlineData("mqtt://bro ker")]
    [InlineData("mqtt://@broker")]
    [InlineData("mqtt://:pass@broker")]
    [InlineData("mqtt://a%0:b@broker")]
    [InlineData("mqtt://a%0Ab@broker")]
    [InlineData("mqtt://a:%ff@broker")]
    [InlineData("mqtt://[::1")]
    [InlineData("mqtt://[::1]1883")]
    [InlineData("mqtt://[]")]
    public void Refuses_what_is_no_such_uri(string uri)
    {
        Assert.Null(ConnectionParams.FromUri(uri));
    }

    [Fact]
    public void Keeps_several_connections_in_order()
    {
        Assert.Equal(
            [("a", 1883), ("b", 8883), ("c", 1885)],
            Good("connections.2.host=c;connections.2.port=1885;connections.0.host=a;connections.1.uri=mqtts://b")
                .Select(c => (c.Host, c.Port)));
    }

    [Fact]
    public void Takes_a_discovery_key_in_place_of_a_host()
    {
        ConnectionParams connection = Assert.Single(Good("connection.discovery_key=broker1"));

        Assert.Equal(("broker1", null), (connection.DiscoveryKey, connection.Host));
    }

    [Fact]
    public void Has_none_when_the_configuration_has_none()
    {
        Assert.Empty(Good("topic=t"));
    }

    [Fact]
    public void Warns_of_what_has_no_effect()
    {
        Good("connections.0.uri=mqtt://a;connections.0.host=b;connection.host=c");

        Assert.Equal(
            [
                "connection has no effect beside connections",
                "connections.0.protocol, host and port have no effect beside uri",
            ],
            _problems.Warnings());
    }

    [Theory]
    [InlineData("connection.port=1883", "connection.host is missing: a host name or an address is needed")]
    [InlineData("connection.host=", "connection.host is \"\": a host name or an address is needed")]
    [InlineData("connection.host=a b", "connection.host is \"a b\": a host name or an address is needed")]
    [InlineData(
        "connection.host=a;connection.port=0", "connection.port is \"0\": a whole number from 1 to 65535 is allowed")]
    [InlineData("connection.host=a;connection.protocol=ws", "connection.protocol is \"ws\": mqtt or mqtts is allowed")]
    [InlineData("connections.0.host=a;connections.8.host=b", "connections has too many entries: at most 8 are allowed")]
    [InlineData(
        "connection.uri=tcp://u:p@h", "connection.uri is \"(hidden)\": mqtt://user:password@host:port or "
            + "mqtts://user:password@host:port is allowed, user, password and port optional")]
    public void Refuses_a_bad_value_and_names_it(string line, string error)
    {
        QueueConfig.ReadConnections(ConfigParams.FromString(line), _problems);

        Assert.Equal(error, Assert.Single(_problems.Errors()));
    }

    private ConnectionParams[] Good(string line)
    {
        var connections = QueueConfig.ReadConnections(ConfigParams.FromString(line), _problems);
        Assert.Empty(_problems.Errors());
        return connections;
    }
}

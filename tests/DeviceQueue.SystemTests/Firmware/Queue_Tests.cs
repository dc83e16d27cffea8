using DeviceQueue.Components;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.NanoFramework;
using DeviceQueue.SystemTests.M2Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>A queue on its own on a board, over nanoFramework's client and a real broker.</summary>
public sealed class Queue_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IMessageReceiver
{
    private const int PatienceMs = 30000;

    private readonly Recorder<string> _received = new();

    [Fact]
    public void Sends_receives_listens_and_takes_its_subscription_back()
    {
        string name = fixture.NewName();
        using TestBoard board = new();
        using Observer observer = new(fixture.Broker, name);
        MqttQueueComponent queue = board.Run(() => Make(name, fixture.Broker.Port, ""));
        board.Run(() => queue.Open("123"));
        board.Run(() => Assert.Null(queue.Receive("123", 0)));
        board.Run(() => queue.Send("123", new MessageEnvelope("123", "mymessage", "ABC")));
        MessageEnvelope message = board.Run(() => queue.Receive("123", PatienceMs));
        Assert.Equal(
            ("123", "mymessage", "ABC"), (message.CorrelationId, message.MessageType, message.GetMessageAsString()));

        board.Run(() => queue.BeginListen("123", this));
        observer.Publish(name, "{\"message\":\"MQ==\"}");
        Assert.Equal("1", _received.WaitFor(1)[0]);

        board.Run(() => queue.EndListen("123"));
        string unsubscribed = $"UNSUBSCRIBE from bar1-{name}";
        Assert.True(
            SpinWait.SpinUntil(
                () => fixture.Broker.Log.Any(line => line.Contains(unsubscribed, StringComparison.Ordinal)),
                PatienceMs));
        Assert.True(queue.IsConnected);
        board.Run(() => queue.Close("123"));
    }

    [Fact]
    public void Says_that_nobody_listens_at_its_port()
    {
        using TestBoard board = new();
        MqttQueueComponent queue = board.Run(() => Make(fixture.NewName(), FreePort(), ""));

        ConnectionException exception = Assert.Throws<ConnectionException>(() => board.Run(() => queue.Open(null)));
        Assert.Equal(ConnectionException.ConnectFailed, exception.Code);
        Assert.Contains(": TCP: ", exception.Message);
        Assert.False(queue.IsOpen);
    }

    [Fact]
    public void Two_clients_with_one_id_are_among_what_is_said_to_end_links()
    {
        using TestBoard board = new();
        Recorder<string> log = new();
        string id = "client_id=" + fixture.NewName() + ";options.reconnect_timeout=10;options.reconnect_max=20;";
        MqttQueueComponent one = board.Run(() => Make(fixture.NewName(), fixture.Broker.Port, id, log));
        MqttQueueComponent other = board.Run(() => Make(fixture.NewName(), fixture.Broker.Port, id));
        board.Run(() => one.Open(null));
        board.Run(() => other.Open(null));

        log.WaitFor(1, line => line.Contains("another client may connect as", StringComparison.Ordinal));
        board.Run(() => one.Close(null));
        board.Run(() => other.Close(null));
    }

    void IMessageReceiver.ReceiveMessage(
        MessageEnvelope message, IMessageQueue queue) => _received.Add(message.GetMessageAsString());

    private static MqttQueueComponent Make(string name, int port, string config, Recorder<string>? log = null)
    {
        MqttPlatform platform = new()
        {
            DeviceId = "bar1",
            Clock = new SystemClock(),
            Random = new DeviceRandom(name.GetHashCode()),
            Store = new FlashStore(),
            Links = new M2MqttLinkFactory(),
            Logger = new RecordingLogger(log ?? new()),
        };
        MqttQueueComponent queue = new(name);
        queue.Configure(ConfigParams.FromString($"connection.uri=mqtt://127.0.0.1:{port};options.qos=1;{config}"));
        queue.SetReferences(References.FromTuples(Descriptor.FromString("test:platform:board:default:1.0"), platform));
        return queue;
    }

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class RecordingLogger(Recorder<string> lines) : ILogger
    {
        public void Log(LogLevel level, string correlationId, string message) => lines.Add(message);
    }
}

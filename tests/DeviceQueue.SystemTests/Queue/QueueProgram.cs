using Brokers;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// A desktop program that uses the library's queues: a connection over MQTTnet's packets, the thread that drives it,
/// and what it logs.
/// </summary>
internal sealed class QueueProgram : IDisposable, ILogger
{
    private const string Ready = "ready";

    private readonly DesktopClock _clock = new();
    private readonly DesktopRandom _random = new();
    private readonly ConnectionWorker _worker;
    private readonly List<MqttMessageQueue> _queues = [];
    private readonly string _statusTopic;

    public QueueProgram(MqttLinkOptions endpoint, int connectTimeoutMs = DesktopLinkFactory.DefaultConnectTimeoutMs)
    {
        DesktopLinkFactory links = new(connectTimeoutMs);
        MqttPlatform platform = new() { Links = links, Clock = _clock, Random = _random };
        Connection = new MqttConnection(platform, [endpoint], Options("options.reconnect_timeout", "50"), this);
        _statusTopic = $"status/{endpoint.ClientId}";
        Connection.SetStatus(_statusTopic, Ready, "gone");
        _worker = new ConnectionWorker(Connection, _clock, this);
    }

    public MqttConnection Connection { get; }

    public Recorder<string> Log { get; } = new();

    public static MqttLinkOptions Endpoint(MosquittoBroker broker, string clientId) =>
        Endpoint(broker.Host, broker.Port, clientId);

    public static MqttLinkOptions Endpoint(string host, int port, string clientId) =>
        new() { Host = host, Port = port, ClientId = clientId, CleanSession = true, KeepAliveSeconds = 60 };

    /// <summary>Adds a queue that subscribes as soon as it is open, unless the options say otherwise.</summary>
    public MqttMessageQueue AddQueue(string topic, params string[] options)
    {
        QueueOptions read = Options(["options.autosubscribe", "true", .. options]);
        MqttPlatform platform = new() { Clock = _clock, Random = _random };
        MqttMessageQueue queue = new(topic, topic, Connection, read, platform);
        _queues.Add(queue);
        return queue;
    }

    public QueueProgram Start()
    {
        _queues.ForEach(queue => queue.Open(null));
        _worker.Start();
        return this;
    }

    /// <summary>Waits until the broker has confirmed every subscription: nothing is published before.</summary>
    public void WaitUntilReady(MosquittoBroker broker)
    {
        using Observer observer = new(broker, _statusTopic);
        observer.WaitFor(message => message.Text == Ready);
    }

    public string WaitForLog(string part) => Log.WaitFor(1, line => line.Contains(part, StringComparison.Ordinal))[0];

    void ILogger.Log(LogLevel level, string correlationId, string message) => Log.Add(message);

    public void Dispose()
    {
        _queues.ForEach(queue => queue.Close(null));
        Assert.True(_worker.Stop((int)Patience.Bound.TotalMilliseconds), "The connection's thread did not end.");
        Assert.Equal(0, _worker.Faults);
    }

    private static QueueOptions Options(params string[] tuples)
    {
        ConfigProblems problems = new();
        QueueOptions? options = QueueConfig.ReadOptions(ConfigParams.FromTuples(tuples), problems);
        Assert.True(options != null, problems.KeptErrors > 0 ? problems.GetError(0) : null);
        return options;
    }
}

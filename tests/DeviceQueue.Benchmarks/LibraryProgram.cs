using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Time;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// One queue over one connection, as a program on the desktop has it, with what passes its link counted.
/// </summary>
internal sealed class LibraryProgram : IDisposable, IMqttLinkFactory, ILogger
{
    private const int StopMs = 10_000;
    private const int PatienceMs = 30_000;

    private static readonly IClock Clock = new DesktopClock();
    private static readonly IRandom Random = new DesktopRandom();

    private readonly DesktopLinkFactory _links = new();
    private readonly ConnectionWorker _worker;
    private readonly MqttConnection _connection;
    private readonly int _fence;
    private IMqttLink? _link;
    private int _taken;

    public LibraryProgram(int port, string topic, params string[] options)
    {
        QueueOptions read = QueueConfig.ReadOptions(ConfigParams.FromTuples(options), new ConfigProblems());
        MqttLinkOptions endpoint = new()
        {
            Host = "127.0.0.1",
            Port = port,
            ClientId = $"library-{Guid.NewGuid():N}",
            CleanSession = true,
            KeepAliveSeconds = 60,
        };
        MqttPlatform platform = new() { Links = this, Clock = Clock, Random = Random };
        _connection = new MqttConnection(platform, [endpoint], read, this);
        _fence = _connection.LatestValues.Add($"{topic}/fence", true);
        _worker = new ConnectionWorker(_connection, Clock, this);
        Queue = new MqttMessageQueue(topic, topic, _connection, read, platform);
    }

    /// <summary>Gets what bounds the messages outstanding.</summary>
    public Window Window { get; } = new();

    public MqttMessageQueue Queue { get; }

    public LibraryProgram Start()
    {
        Queue.Open(null);
        _worker.Start();
        WaitUntil(() => _connection.IsConnected);
        return this;
    }

    /// <summary>Waits until nothing is outstanding and the broker has it all.</summary>
    public void WaitForBroker()
    {
        Window.WaitUntilEmpty();
        Fence();
    }

    /// <summary>
    /// Waits until the broker has acknowledged a message that was written behind all others, a subscription among them.
    /// </summary>
    public void Fence()
    {
        _connection.LatestValues.Set(_fence, []);
        WaitUntil(() => _connection.LatestValues.IsSettled(_fence));
    }

    /// <summary>Waits until so many messages have arrived, kept or dropped.</summary>
    public void WaitForArrivals(int messages) =>
        WaitUntil(() => Volatile.Read(ref _taken) + (_link?.DroppedMessages ?? 0) >= messages);

    IMqttLink IMqttLinkFactory.Create(AutoResetEvent wake) =>
        _link = new CountingLink(_links.Create(wake), Window.Leave, () => Interlocked.Increment(ref _taken));

    void ILogger.Log(LogLevel level, string correlationId, string message)
    {
        if (level <= LogLevel.Warn)
        {
            Console.Error.WriteLine(message);
        }
    }

    public void Dispose()
    {
        Queue.Close(null);
        _worker.Stop(StopMs);
    }

    private static void WaitUntil(Func<bool> condition)
    {
        if (!SpinWait.SpinUntil(condition, PatienceMs))
        {
            throw new TimeoutException();
        }
    }
}

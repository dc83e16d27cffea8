using System.Text;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests;

/// <summary>
/// A connection and what hangs on it, with a broker on the other side, in virtual time: one thread, no sleep, and one
/// seed repeats a run.
/// </summary>
internal sealed class World
{
    private const int MaxPollsAtOnce = 1000;

    private readonly PriorityQueue<Action, (long DueMs, int Order)> _script = new();
    private int _order;

    public World(string options = "", params string[] hosts)
    {
        Broker = new FakeBroker(Clock);
        Options = Read("options.qos=1;options.keepalive_timeout=15000;options.serialize_envelope=false;" + options);
        MqttLinkOptions[] endpoints = [.. (hosts.Length == 0 ? ["broker"] : hosts).Select(host => new MqttLinkOptions
        {
            Host = host,
            Port = 1883,
            ClientId = "bar1",
            KeepAliveSeconds = Options.KeepAliveSeconds,
            CleanSession = Options.CleanSession,
        })];
        var platform = new MqttPlatform { Links = Broker, Clock = Clock, Random = Random };
        Connection = new MqttConnection(platform, endpoints, Options, Log);
    }

    public World(VirtualClock clock, FakeBroker broker, MqttConnection connection, DeviceNode node, OutputBank outputs)
    {
        Outputs = outputs;
        Clock = clock;
        Broker = broker;
        Options = Read("options.qos=1");
        Connection = connection;
        Node = node;
    }

    public VirtualClock Clock { get; } = new();

    public SeededRandom Random { get; } = new(1);

    public MemoryLogger Log { get; } = new();

    public FakeBroker Broker { get; }

    public QueueOptions Options { get; }

    public MqttConnection Connection { get; }

    public DeviceNode? Node { get; }

    /// <summary>Gets the outputs whose pulses end here as on the watch thread of a board.</summary>
    public OutputBank? Outputs { get; }

    public static QueueOptions Read(string line)
    {
        var problems = new ConfigProblems();
        var options = QueueConfig.ReadOptions(ConfigParams.FromString(line), problems);
        Assert.Empty(problems.Errors());
        return options;
    }

    /// <summary>Makes a queue on the connection, open.</summary>
    public MqttMessageQueue Queue(string topic, string options = "", MemoryStore? store = null)
    {
        QueueOptions read = options.Length == 0 ? Options : Read(options);
        var queue = new MqttMessageQueue(topic, null, Connection, read, Platform(Random, store));
        queue.Open(null);
        return queue;
    }

    /// <summary>Makes what a queue on the connection needs.</summary>
    public MqttPlatform Platform(IRandom? random = null, MemoryStore? store = null) =>
        new() { Clock = Clock, Random = random ?? Random, Store = store };

    public void At(long dueMs, Action action) => _script.Enqueue(action, (dueMs, _order++));

    /// <summary>Sends numbered messages, <c>0</c>, <c>1</c>, …, one each interval.</summary>
    public void SendEach(MqttMessageQueue queue, int intervalMs, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string text = i.ToString();
            At(Clock.NowMs + ((long)i * intervalMs), () => Send(queue, text));
        }
    }

    public static void Send(MqttMessageQueue queue, string text) =>
        queue.Send(null, new MessageEnvelope(null, null, text));

    public void Open()
    {
        Connection.Open();
        RunFor(1000);
        Assert.True(Connection.IsConnected, Connection.LastError);
    }

    public void RunFor(long ms) => RunUntil(Clock.NowMs + ms, () => false);

    /// <summary>Runs until a thing is so, but not longer than given.</summary>
    public void RunFor(long ms, Func<bool> isEnd)
    {
        RunUntil(Clock.NowMs + ms, isEnd);
        Assert.True(isEnd(), "not within " + ms + " ms");
    }

    private void RunUntil(long endMs, Func<bool> isEnd)
    {
        int polls = 0;
        while (!isEnd())
        {
            long due = Poll();
            bool isAwake = Connection.Wake.WaitOne(0) | (Node?.Wake.WaitOne(0) ?? false);
            if (isAwake || due <= Clock.NowMs)
            {
                Assert.True(++polls < MaxPollsAtOnce, "it is due again and again at " + Clock.NowMs + " ms");
                continue;
            }

            if (Clock.NowMs >= endMs)
            {
                return;
            }

            due = Math.Min(
                due, Math.Min(Broker.NextDueMs, _script.TryPeek(out _, out var next) ? next.DueMs : long.MaxValue));
            Clock.NowMs = Math.Max(Clock.NowMs, Math.Min(due, endMs));
            RunScript();
            polls = 0;
        }
    }

    private long Poll()
    {
        Broker.Advance();
        Outputs?.EndPulses(Clock.NowMs);
        long due = Math.Min(Connection.Poll(), Node?.Poll() ?? long.MaxValue);
        return Math.Min(due, Outputs?.EndPulses(Clock.NowMs) ?? long.MaxValue);
    }

    private void RunScript()
    {
        while (_script.TryPeek(out _, out var next) && next.DueMs <= Clock.NowMs)
        {
            _script.Dequeue()();
        }
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}

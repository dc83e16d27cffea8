using DeviceQueue.Health;
using DeviceQueue.Sleep;
using DeviceQueue.Tests.Commands;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Readings;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Sleep;

/// <summary>
/// A board that sleeps: a new node for each wake-up over the same storage, a broker that keeps the session, a timer and
/// a calendar that are off, a time service. As the firmware's Program does it, without a thread.
/// </summary>
internal sealed class SleepingBoard : IDeepSleep
{
    public const string Config = "device.sleep=true;";

    private const int SyncMs = 300;
    private const int BrokerInflight = 20; // what a broker sends before it has answers
    private const int MaxAwakeMs = 3_700_000;

    private readonly string _config;
    private readonly List<byte[]> _waiting = [];
    private readonly List<string> _waitingIds = [];
    private long? _sleepMs;
    private DateTime _worldZero = new(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc);
    private long _linkMs;
    private int _links;
    private int _lastId;

    public SleepingBoard(string config = "", MemoryStore? store = null)
    {
        _config = Config + config;
        Store = store ?? new MemoryStore();
        Clock.StartUtc = null;
        Broker = new FakeBroker(Clock) { IsBurstKept = true, Publishing = (link, _) => CutIfOff(link) };
    }

    public VirtualClock Clock { get; } = new();

    public FakeBroker Broker { get; }

    public FakeSensor Sensor { get; } = new();

    public FakeBattery Battery { get; } = new();

    public FakePins Pins { get; } = new();

    public MemoryStore Store { get; }

    public MemoryLogger Log { get; } = new();

    /// <summary>Gets the node of the last start that needed one.</summary>
    public Node Node { get; private set; } = null!;

    /// <summary>Gets what is kept over the sleep, for a start that goes on with it.</summary>
    public SleepRecord? Slept { get; private set; }

    /// <summary>Gets or sets by how much the timer is slow: 0.03 sleeps three percent longer than asked for.</summary>
    public double Drift { get; set; }

    /// <summary>Gets or sets a value indicating whether a time service answers.</summary>
    public bool HasTimeService { get; set; } = true;

    /// <summary>Gets the time in the world; the board's calendar may be another.</summary>
    public DateTime WorldUtc => _worldZero.AddMilliseconds(Clock.NowMs);

    /// <summary>Gets the time of the board's calendar.</summary>
    public DateTime CalendarUtc => Clock.TryGetUtc(out DateTime utc) ? utc : DateTime.MinValue;

    public bool HasWoken { get; private set; }

    public bool IsAsleep => _sleepMs is not null;

    public long SleepMs => _sleepMs ?? 0;

    /// <summary>Gets a value indicating whether the short wake-up measured and could not store it.</summary>
    public bool IsMeasuredInVain { get; private set; }

    public int ShortWakes { get; private set; }

    public int WholeWakes { get; private set; }

    /// <summary>Gets how long the last start was awake, in milliseconds.</summary>
    public long AwakeMs { get; private set; }

    /// <summary>Gets the reading's numbers that arrived.</summary>
    public long[] Sequences => Node.Sequences();

    /// <summary>Gets the message_ids of the commands that were handed to a link, and when.</summary>
    public List<(string Id, DateTime Utc)> Delivered { get; } = [];

    public string? Status => Broker.Retained("sensor/bar1/status");

    public void Enter(long ms)
    {
        Assert.True(Node.Outputs.IsSafe, "asleep with an output out of its safe state");
        Assert.False(Node.Outputs.IsPulsing, "asleep in a pulse");
        Assert.DoesNotContain(true, Pins.Levels.Values);
        _sleepMs = ms;
    }

    /// <summary>Switches the power on; time and all that is not stored are gone.</summary>
    public void PowerOn()
    {
        Broker.Drop();
        _worldZero = WorldUtc;
        Clock.NowMs = 0;
        Clock.StartUtc = null;
        HasWoken = false;
        Slept = null;
        IsMeasuredInVain = false;
        _sleepMs = null;
        StartNode();
    }

    /// <summary>Switches on and runs until the first sleep.</summary>
    public SleepingBoard Begin()
    {
        PowerOn();
        RunUntilAsleep();
        return this;
    }

    /// <summary>Lets the sleep pass, and the wake-up with all it does.</summary>
    public void Wake()
    {
        PassSleep();
        StartAwake();
        RunUntilAsleep();
    }

    public void Wake(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Wake();
        }
    }

    /// <summary>Lets the sleep pass.</summary>
    public void PassSleep()
    {
        long ms = _sleepMs ?? throw new InvalidOperationException("it is awake");
        Clock.NowMs += ms;
        _worldZero = _worldZero.AddMilliseconds(ms * Drift);
        HasWoken = true;
        Broker.Drop();
    }

    /// <summary>Starts as a wake-up does; when nothing but the reading was due the board is asleep again.</summary>
    public void StartAwake()
    {
        _sleepMs = null;
        long startMs = Clock.NowMs;
        Slept = SleepRecord.Read(Store);
        Assert.NotNull(Slept);
        Assert.Equal(Slept.WakeMs, Clock.NowMs);
        bool hasBattery = Slept[SleepRecord.BatteryChannel] >= 0;
        int reads = Sensor.Reads;
        bool isDone = new ShortWake(Slept, Store, Clock, Sensor, Log).TryRun(hasBattery ? Battery : null);
        IsMeasuredInVain = Sensor.Reads > reads && !Slept.IsSampled;
        if (isDone)
        {
            ShortWakes++;
            Enter(Slept.WakeMs - Clock.NowMs);
            AwakeMs = Clock.NowMs - startMs;
            return;
        }

        if (!Store.IsOff)
        {
            WholeWakes++;
            StartNode();
        }
    }

    public void RunUntilAsleep(long maxMs = MaxAwakeMs)
    {
        if (IsAsleep)
        {
            return;
        }

        long startMs = Clock.NowMs;
        Node.World.RunFor(maxMs, () => Serve() && (IsAsleep || Store.IsOff));
        AwakeMs = Clock.NowMs - startMs;
    }

    public void RunFor(long ms)
    {
        long endMs = Clock.NowMs + ms;
        Node.World.At(endMs, () => { });
        Node.World.RunFor(ms + 1, () => Serve() && (IsAsleep || Store.IsOff || Clock.NowMs >= endMs));
    }

    /// <summary>Sends a command, which waits at the broker while there is no link.</summary>
    /// <returns>Its message_id.</returns>
    public string Command(string type, string arguments, string? id = null, DateTime? sent = null)
    {
        id ??= "c" + ++_lastId;
        Node.Command(type, arguments, id, sent ?? WorldUtc);
        _waitingIds.Add(id);
        return id;
    }

    private void StartNode()
    {
        Node = new Node(_config, Store, Log, Pins, this) { Deliver = _waiting.Add };
        _linkMs = 0;
        _links = Broker.Links.Count;
        if (Node.Device.IsConnecting)
        {
            Node.Device.Connection.Open();
        }
    }

    // What the world does while the board is awake: the broker hands on what it has kept, the time service answers.
    private bool Serve()
    {
        bool hasLink = Broker.Links.Count > _links && Broker.Link.IsOpen;
        if (!hasLink)
        {
            return true;
        }

        if (Broker.Links.Count > _links + 1 || _linkMs == 0)
        {
            _links = Broker.Links.Count - 1;
            _linkMs = Clock.NowMs;
        }

        int count = Math.Min(_waiting.Count, BrokerInflight);
        for (int i = 0; i < count; i++)
        {
            Broker.Deliver("sensor/bar1/command", _waiting[i]);
            Delivered.Add((_waitingIds[i], WorldUtc));
        }

        _waiting.RemoveRange(0, count);
        _waitingIds.RemoveRange(0, count);
        Clock.StartUtc = HasTimeService && Clock.NowMs >= _linkMs + SyncMs ? _worldZero : Clock.StartUtc;
        return true;
    }

    private void CutIfOff(FakeLink link)
    {
        if (Store.IsOff)
        {
            link.Drop();
        }
    }
}

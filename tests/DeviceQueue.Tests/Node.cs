using System.Text.Json;
using DeviceQueue.Commanding;
using DeviceQueue.Configuring;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Supervising;
using DeviceQueue.Tests.Commanding;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Configuring;
using DeviceQueue.Tests.Connecting;
using DeviceQueue.Tests.Platform;
using DeviceQueue.Tests.Sensing;

namespace DeviceQueue.Tests;

/// <summary>A whole node, from its settings to its pins, over a link in memory.</summary>
internal sealed class Node : IMemory, IRestarter, ICalendar
{
    private readonly DeviceNode _node;
    private readonly EnvelopeCodec _codec = new();
    private int _lastId;

    public Node(string config = "", MemoryStore? store = null, MemoryLogger? log = null, int? unopenablePin = null)
    {
        Pins.Unopenable = unopenablePin;
        var problems = new ConfigProblems();
        var settings = ConnectionSettings.GetDefaults().Override(ConfigParams.FromString(
            "device.id=bar1;connection.protocol=mqtt;connection.host=broker;device.outputs.0.name=relay1;device.outputs.0.pin=13;" + config));
        var clock = new VirtualClock();
        var broker = new FakeBroker(clock);
        Store = store ?? new MemoryStore();
        Log = log ?? new MemoryLogger();
        var device = DeviceSettings.Read(settings, null, "dq-000001", problems);
        var connection = ConnectionSettings.Read(settings, "bar1", Store, problems);
        Assert.Empty(problems.Errors());
        var platform = new DevicePlatform
        {
            Clock = clock,
            Random = new SeededRandom(7),
            Store = Store,
            Memory = this,
            Logger = Log,
            Links = broker,
            Sensor = Sensor,
            Life = new LifeRecord(Store),
            Calendar = this,
            Restarter = this,
        };
        platform.Life.Begin("test");
        Life = platform.Life;
        _node = new DeviceNode(device, connection, new BootRecord(Store), new OutputBank(device.Outputs, Pins), platform);
        _node.Open();
        World = new World(clock, broker, _node.Connection, _node);
    }

    public World World { get; }

    public FakeBroker Broker => World.Broker;

    public FakeSensor Sensor { get; } = new();

    public FakePins Pins { get; } = new();

    public MemoryStore Store { get; }

    public MemoryLogger Log { get; }

    /// <summary>Gets the arrivals on one of the device's topics, the client library's repeats left out.</summary>
    public Arrival[] On(string topic) => [.. Broker.Arrivals.Where(arrival => arrival.Topic == "sensor/bar1/" + topic && !arrival.IsRepeat)];

    public static JsonElement Json(Arrival arrival) => JsonDocument.Parse(arrival.Payload).RootElement;

    public long[] Sequences() => [.. On("temperature").Select(reading => Json(reading).GetProperty("seq").GetInt64())];

    /// <summary>Sends a command as an operator does.</summary>
    public void Command(string type, string arguments, string? id = null)
    {
        byte[] buffer = new byte[1024];
        int length = _codec.Encode(new MessageEnvelope("c", type, arguments), id ?? "id" + ++_lastId, DateTime.MinValue, buffer, 0);
        Broker.Deliver("sensor/bar1/command", buffer[..length]);
    }

    /// <summary>Gets the payload of the last answer.</summary>
    public JsonElement Answer()
    {
        var envelope = new MessageEnvelope();
        byte[] payload = On("response")[^1].Payload;
        Assert.Equal(EnvelopeError.None, _codec.Decode(payload, 0, payload.Length, envelope));
        return JsonDocument.Parse(envelope.Message).RootElement;
    }

    /// <summary>Gets the times at which the node asked to be started anew; it goes on all the same.</summary>
    public List<long> Restarts { get; } = [];

    public int FreeBytes { get; set; } = 54321;

    /// <summary>Gets what the calendar was set to.</summary>
    public DateTime? FloorUtc { get; private set; }

    public LifeRecord Life { get; }

    public DeviceState State => _node.State;

    /// <summary>Changes settings as an accepted config.set does.</summary>
    public void ApplySettings(string config = "")
    {
        var problems = new ConfigProblems();
        _node.Apply(DeviceSettings.Read(ConfigParams.FromString("device.id=bar1;" + config), null, "dq-000001", problems));
        Assert.Empty(problems.Errors());
    }

    public int GetFreeBytes() => FreeBytes;

    public void Restart()
    {
        _node.PrepareRestart();
        Restarts.Add(World.Clock.NowMs);
    }

    public void SetToFloor(DateTime utc) => FloorUtc = utc;
}

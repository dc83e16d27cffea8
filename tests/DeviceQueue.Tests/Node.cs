using System.Security.Cryptography;
using System.Text.Json;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using DeviceQueue.Sleep;
using DeviceQueue.Tests.Commands;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Readings;
using DeviceQueue.Tests.Settings;
using DeviceQueue.Tests.Sleep;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Tests;

/// <summary>A whole node, from its settings to its pins, over a link in memory.</summary>
internal sealed class Node : IMemory, IRestarter, ICalendar, ICommandMac
{
    /// <summary>Settings of a command key: the bytes 00 to 1f.</summary>
    public const string WithKey =
        "device.command_key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f;";

    private readonly EnvelopeCodec _codec = new();
    private readonly byte[]? _key;
    private readonly SettingsLoader _loader;
    private readonly DeviceNode _node;
    private readonly long _boot;
    private int _lastId;

    public Node(
        string config = "",
        MemoryStore? store = null,
        MemoryLogger? log = null,
        FakePins? pins = null,
        SleepingBoard? board = null)
    {
        VirtualClock clock = board?.Clock ?? new VirtualClock();
        FakeBroker broker = board?.Broker ?? new FakeBroker(clock);
        Sensor = board?.Sensor ?? new FakeSensor();
        Battery = board?.Battery ?? new FakeBattery();
        Store = store ?? new MemoryStore();
        Log = log ?? new MemoryLogger();
        Pins = pins ?? new FakePins();
        _loader = new SettingsLoader(Store, null);
        Load(
            "device.id=bar1;connection.protocol=mqtt;connection.host=broker;device.outputs.0.name=relay1;"
                + "device.outputs.0.pin=13;"
                + config);
        _key = _loader.Device.CommandKey;
        var platform = new DevicePlatform
        {
            Clock = clock,
            Random = new SeededRandom(7),
            Store = Store,
            Memory = this,
            Restarter = this,
            CommandMac = _key is null ? null : this,
            Logger = Log,
            Links = broker,
            Sensor = Sensor,
            BatteryInput = Battery,
            Journal = new Journal(Store),
            Calendar = this,
            DeepSleep = board,
        };
        Journal = platform.Journal;
        SleepRecord? slept = board?.Slept;
        if (slept is null)
        {
            Journal.Begin("test", _loader.Device.SafeModeBoots);
        }
        else
        {
            Journal.Resume((int)slept[SleepRecord.Share]);
        }

        if (Journal.IsSafeMode)
        {
            _loader.UseSafeMode();
        }

        Outputs = new OutputBank(_loader.Device.Outputs, Pins);
        var bootRecord = new BootRecord(Store, Journal.Buffer, slept?.Values);
        _boot = bootRecord.Boot;
        _node = new DeviceNode(_loader, bootRecord, Outputs, platform, slept);
        _node.Open();
        World = new World(clock, broker, _node.Connection, _node, Outputs);
    }

    public World World { get; }

    public FakeBroker Broker => World.Broker;

    public FakeSensor Sensor { get; }

    public FakeBattery Battery { get; }

    public FakePins Pins { get; }

    public OutputBank Outputs { get; }

    public MemoryStore Store { get; }

    public MemoryLogger Log { get; }

    /// <summary>Gets when the node asked for a restart; it goes on all the same.</summary>
    public List<long> Restarts { get; } = [];

    /// <summary>Gets the arrivals on one of the device's topics, the client library's repeats left out.</summary>
    public Arrival[] On(string topic) =>
        [.. Broker.Arrivals.Where(arrival => arrival.Topic == "sensor/bar1/" + topic && !arrival.IsRepeat)];

    /// <summary>Gets the last report.</summary>
    public JsonElement Health() => Json(On("health")[^1]);

    public static JsonElement Json(Arrival arrival) => JsonDocument.Parse(arrival.Payload).RootElement;

    public long[] Sequences() => [.. On("temperature").Select(reading => Json(reading).GetProperty("seq").GetInt64())];

    /// <summary>Changes settings of the running node without a command.</summary>
    public void Apply(string changes)
    {
        var set = new SettingsChanges(new ConfigProblems());
        ConfigParams config = ConfigParams.FromString(changes);
        Assert.All(
            Enumerable.Range(0, config.Count),
            i => Assert.True(set.TrySet(config.GetKey(i), config.Get(config.GetKey(i)))));
        World.Node!.Apply(_loader.Settings.CheckChange(set));
    }

    /// <summary>Sends a command as an operator does, one to a device with a key signed and dated.</summary>
    public void Command(string type, string arguments, string? id = null, DateTime? sent = null)
    {
        id ??= "id" + _boot + "-" + ++_lastId;
        var message = new MessageEnvelope("c", type, arguments) { MessageId = id };
        message.SentTime = sent
            ?? (_key is not null && World.Clock.TryGetUtc(out DateTime utc) ? utc : DateTime.MinValue);
        byte[] buffer = new byte[2048];
        if (_key is not null)
        {
            message.Signature = Convert.ToHexStringLower(
                HMACSHA256.HashData(_key, EnvelopeCodec.MakeSigningInput("bar1", message)));
        }

        int length = _codec.Encode(message, id, message.SentTime, buffer, 0);
        byte[] payload = buffer[..length];
        if (Deliver is null)
        {
            Broker.Deliver("sensor/bar1/command", payload);
        }
        else
        {
            Deliver(payload);
        }
    }

    /// <summary>Gets or sets what takes commands in place of the present link.</summary>
    public Action<byte[]>? Deliver { get; set; }

    /// <summary>Sends a command and gives it and its answer their time.</summary>
    public JsonElement Do(string type, string arguments, string? id = null)
    {
        World.RunFor(1000);
        int before = On("response").Length;
        Command(type, arguments, id);
        World.RunFor(1000);
        Assert.Equal(before + 1, On("response").Length);
        return Answer();
    }

    /// <summary>Gets the payload of the last answer.</summary>
    public JsonElement Answer() => Answer(On("response").Length - 1);

    /// <summary>Gets the payload of an answer.</summary>
    public JsonElement Answer(int index) => Answer(On("response")[index]);

    public JsonElement Answer(Arrival response)
    {
        var envelope = new MessageEnvelope();
        byte[] payload = response.Payload;
        Assert.Equal(EnvelopeError.None, _codec.Decode(payload, 0, payload.Length, envelope));
        return JsonDocument.Parse(envelope.Message).RootElement;
    }

    public static string? Status(JsonElement answer) => answer.GetProperty("status").GetString();

    public static string? Code(JsonElement answer) => answer.GetProperty("code").GetString();

    public int FreeBytes { get; set; } = 54321;

    /// <summary>Gets what the calendar was set to.</summary>
    public DateTime? FloorUtc { get; private set; }

    public Journal Journal { get; }

    public DeviceState State => _node.State;

    /// <summary>Changes settings as an accepted config.set does.</summary>
    public void ApplySettings(string config = "")
    {
        var problems = new ConfigProblems();
        _node.Apply(
            DeviceConfig.Read(ConfigParams.FromString("device.id=bar1;" + config), null, "dq-000001", problems));
        Assert.Empty(problems.Errors());
    }

    public void SetToFloor(DateTime utc) => FloorUtc = utc;

    /// <summary>Gets or sets what measures the free memory in place of <see cref="FreeBytes"/>.</summary>
    public Func<int>? MeasureFree { get; set; }

    /// <summary>Gets the node, to look into.</summary>
    public DeviceNode Device => _node;

    public int GetFreeBytes() => MeasureFree?.Invoke() ?? FreeBytes;

    public void Restart()
    {
        if (!Store.IsOff)
        {
            _node.PrepareRestart();
            Restarts.Add(World.Clock.NowMs);
        }
    }

    /// <summary>Gets or sets what the device's own signatures end in instead.</summary>
    public Exception? MacError { get; set; }

    public byte[] Compute(byte[] data) => MacError is null ? HMACSHA256.HashData(_key!, data) : throw MacError;

    private void Load(string line)
    {
        var settings = ConfigParams.FromString(line);
        var flat = Enumerable.Range(0, settings.Count).Select(settings.GetKey).ToDictionary(key => key, settings.Get);
        byte[] file = JsonSerializer.SerializeToUtf8Bytes(flat);
        Store.Files[SettingsLoader.FileName] = file;
        Assert.True(_loader.Load("dq-000001"), string.Join("; ", _loader.Problems.Errors()));
    }
}

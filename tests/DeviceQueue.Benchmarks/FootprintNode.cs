using System.Text;
using System.Text.Json;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Sleep;
using DeviceQueue.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Benchmarks;

/// <summary>What the board of a <see cref="FootprintNode"/> is set to; by default what the goals are for.</summary>
internal sealed record FootprintSettings(
    int Outputs = 2, bool HasKey = true, bool HasDiscovery = true, bool IsSecure = false, bool IsFull = false,
    bool IsSleeping = false);

/// <summary>A node with the firmware's own settings else, over a board and a broker that take no memory.</summary>
internal sealed class FootprintNode : IClock, ICalendar, IRandom, IStore, IMemory, IRestarter, ILogger, ISensor,
    IOutputPins, IMqttLinkFactory, IMqttLink, ICommandMac, IDeepSleep
{
    private const int PlentyBytes = 100_000;
    private const int MinuteMs = 60_000;
    private const int SecondMs = 1000;
    private const int Rounds = 300;
    private const int FirstPin = 12;
    private const int PacketHeadBytes = 7;
    private const string CommandTopic = "sensor/greenhouse-1/command";

    // In PEM, of elliptic curves as devicequeue issues them.
    private const int CertificateBytes = 700;
    private const int KeyBytes = 241;

    // After the lowest time that the clock believes, or no command is fresh.
    private static readonly DateTime Start = DateTime.SpecifyKind(FirmwareDefaults.BuildDate, DateTimeKind.Utc)
        .AddDays(1);

    private readonly Dictionary<string, byte[]> _files = new()
    {
        ["ca.pem"] = Pem("CERTIFICATE", CertificateBytes),
        ["client.pem"] = Pem("CERTIFICATE", CertificateBytes),
        ["client.key"] = Pem("PRIVATE KEY", KeyBytes),
    };

    private readonly HashSet<string> _readNames = [];
    private readonly byte[] _code = new byte[32];
    private readonly DeviceNode _node;
    private MqttLinkEventQueue _events;
    private readonly int _maxMessageBytes;
    private readonly int _pins;
    private bool _answers = true;
    private int _lastId;
    private int _writes;
    private long _sleepMs;
    private int _commands;
    private Counting.Cost? _answerCost;
    private Func<Counting.Cost>? _count;

    public FootprintNode(FootprintSettings? settings = null)
    {
        settings ??= new FootprintSettings();
        _files[SettingsLoader.FileName] = Write(settings);
        SettingsLoader loader = new(this, null);
        loader.Load("dq-000000");
        ConnectionSettings connection = loader.Connection;
        DevicePlatform platform = new()
        {
            Clock = this,
            Calendar = this,
            Random = this,
            CommandMac = settings.HasKey ? this : null,
            Store = this,
            Memory = this,
            Restarter = this,
            Journal = new Journal(this),
            Logger = this,
            Links = this,
            Sensor = this,
            DeepSleep = settings.IsSleeping ? this : null,
        };
        OutputBank outputs = new(loader.Device.Outputs, this);
        _node = new DeviceNode(loader, new BootRecord(this), outputs, platform);
        _events = new MqttLinkEventQueue(_node.Connection.Wake);
        _maxMessageBytes = connection.Commands.MaxMessageSize;
        LargestPayloadBytes = Math.Max(_maxMessageBytes, connection.Readings.MaxMessageSize);
        _pins = settings.Outputs + (settings.IsFull ? 2 : 0);
        _node.Open();
        _node.Connection.Open();
    }

    /// <summary>Gets the bytes of the largest message that may be sent or taken.</summary>
    public int LargestPayloadBytes { get; }

    /// <summary>Gets commands that work on most, with their arguments.</summary>
    public (string Type, string Arguments)[] LargestCommands =>
    [
        ("config.get", """{"section":"device"}"""),
        ("config.get", """{"section":"options"}"""),
        ("config.set", """{"interval_ms":60000,"report_delta":0,"health_interval_ms":300000,"temperature_offset":0}"""),
        ("device.info", "{}"),
        ("output.get", "{}"),
    ];

    public long NowMs { get; private set; }

    public bool HasWoken => true;

    public string Description => "";

    public int Address => 0x76;

    public bool IsOpen { get; private set; }

    public int MaxInflight => 18;

    public int DroppedMessages => _events.DroppedMessages;

    public bool TryGetUtc(out DateTime utc)
    {
        utc = Start.AddMilliseconds(NowMs);
        return true;
    }

    public int Next(int limit) => 0;

    public void NextBytes(byte[] buffer) => BitConverter.TryWriteBytes(buffer, ++_lastId);

    public int GetSize(string name) => _files.TryGetValue(name, out byte[]? file) ? file.Length : -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        _readNames.Add(name);
        if (!_files.TryGetValue(name, out byte[]? file))
        {
            return false;
        }

        count = Math.Min(file.Length, buffer.Length);
        Array.Copy(file, buffer, count);
        return true;
    }

    public bool TryWrite(string name, byte[] data, int count)
    {
        _writes++;
        _files[name] = data[..count];
        return true;
    }

    public bool TryAppend(string name, byte[] data, int offset, int count)
    {
        _writes++;
        _files[name] = [.. _files.GetValueOrDefault(name) ?? [], .. data.AsSpan(offset, count)];
        return true;
    }

    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
    {
        _readNames.Add(name);
        bool isThere = _files.TryGetValue(name, out byte[]? file) && position + count <= file.Length;
        if (isThere)
        {
            Array.Copy(file!, position, buffer, offset, count);
        }

        return isThere;
    }

    public bool TryDelete(string name)
    {
        _files.Remove(name);
        return true;
    }

    public byte[] Compute(byte[] data) => _code;

    public int GetFreeBytes() => PlentyBytes;

    public void Enter(long ms) => _sleepMs = ms;

    public void SetToFloor(DateTime utc)
    {
    }

    public void Restart()
    {
    }

    public void Log(LogLevel level, string correlationId, string message)
    {
    }

    public SensorState Read(Reading reading)
    {
        reading.Set(Quantity.Temperature, 21.47);
        reading.Set(Quantity.Humidity, 45.1);
        reading.Set(Quantity.Pressure, 1006.53);
        return SensorState.Ok;
    }

    public void Open(int pin, bool isHigh)
    {
    }

    public void Write(int pin, bool isHigh)
    {
    }

    public IMqttLink Create(AutoResetEvent wake)
    {
        _events = new MqttLinkEventQueue(wake);
        return this;
    }

    public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
    {
        IsOpen = true;
        return new MqttLinkResult(MqttLinkError.None, 0, null);
    }

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        int id = NextId();
        if (_count != null && topic.EndsWith("/response", StringComparison.Ordinal))
        {
            _answerCost = _count();
            _count = null;
            RequireSuccess(payload);
        }

        if (qos > 0 && _answers)
        {
            _events.AddPublished(id, true);
        }

        return id;
    }

    public int TrySubscribe(string filter, int qos)
    {
        int id = NextId();
        _events.AddSubscribed(id, true);
        return id;
    }

    public int TryUnsubscribe(string filter) => NextId();

    public bool TryProbe()
    {
        _events.AddAlive();
        return true;
    }

    public bool TryTakeEvent(MqttLinkEvent e) => _events.TryTake(e);

    public void Close(bool isClean) => IsOpen = false;

    /// <summary>Takes readings and commands for some hours, each acknowledged at once.</summary>
    public void RunForHours()
    {
        for (int i = 0; i < Rounds; i++)
        {
            Run(1);
        }
    }

    /// <summary>Makes the account of the interpreter's heap.</summary>
    public Heap.HeapAccount WeighHeap() => Heap.HeapAccount.Of([_node, _events], _pins);

    /// <summary>Gets the bytes of so many copies of the largest packet that a command comes in.</summary>
    public int PacketBytes(int copies) => copies * Heap.Sizes.Array(_maxMessageBytes + PacketHeadBytes, 1);

    /// <summary>Takes a reading, at rest else, and has it acknowledged.</summary>
    public void TakeReading() => Run(0);

    /// <summary>Runs until it sleeps, then what a wake-up does that has nothing but a reading.</summary>
    /// <returns>What the second of these took.</returns>
    public (Counting.Cost Cost, int Files, int Writes) CountWakeUp()
    {
        for (int i = 0; i < 2 * Rounds && _sleepMs == 0; i++)
        {
            NowMs += SecondMs;
            Poll();
        }

        WakeUp();
        _writes = 0;
        _readNames.Clear();
        (long allocations, long bytes, long instructions) =
            (Counting.Tally.Allocations, Counting.Tally.Bytes, Counting.Tally.Instructions);
        WakeUp();
        return (Counting.CountedWork.Since(allocations, bytes, instructions), _readNames.Count, _writes);
    }

    /// <summary>
    /// Ends the link, and goes on until there is another and all is said on it that is said on a new one.
    /// </summary>
    public void Reconnect()
    {
        IsOpen = false;
        _events.AddClosed();
        for (int i = 0; i < Rounds; i++)
        {
            NowMs += SecondMs;
            Poll();
        }

        if (!IsOpen)
        {
            throw new InvalidOperationException("The node did not connect again.");
        }
    }

    /// <summary>
    /// Goes on until nothing more fits, with a broker that acknowledges nothing and a main loop that stands still in
    /// the end.
    /// </summary>
    public void Fill()
    {
        _answers = false;
        for (int i = 0; i < Rounds; i++)
        {
            Run(1);
        }

        Deliver(Rounds);
        _node.Connection.Poll();
        Deliver(Rounds);
    }

    /// <summary>Counts a command, in a message of the largest size, from its arrival to its answer.</summary>
    public Counting.Cost CountCommand((string Type, string Arguments) command)
    {
        _answerCost = null;
        (long allocations, long bytes, long instructions) =
            (Counting.Tally.Allocations, Counting.Tally.Bytes, Counting.Tally.Instructions);
        _count = () => Counting.CountedWork.Since(allocations, bytes, instructions);
        Deliver(command.Type, command.Arguments, _maxMessageBytes - CommandTopic.Length);
        for (int i = 0; i < Rounds && _answerCost == null; i++)
        {
            NowMs++;
            Poll();
        }

        return _answerCost ?? throw new InvalidOperationException(command.Type + " was not answered.");
    }

    private void WakeUp()
    {
        NowMs += _sleepMs;
        SleepRecord? record = SleepRecord.Read(this);
        if (record == null || !new ShortWake(record, this, this, this, this).TryRun(null))
        {
            throw new InvalidOperationException("The wake-up was not short.");
        }

        _sleepMs = record.WakeMs - NowMs;
    }

    private static void RequireSuccess(byte[] answer)
    {
        using JsonDocument envelope = JsonDocument.Parse(answer);
        using JsonDocument message = JsonDocument.Parse(
            envelope.RootElement.GetProperty("message").GetBytesFromBase64());
        if (message.RootElement.GetProperty("status").GetString() != "succeeded")
        {
            throw new InvalidOperationException("A command was answered: " + message.RootElement);
        }
    }

    private static byte[] Write(FootprintSettings settings)
    {
        string key = settings.HasKey
            ? "\"command_key\":\"" + string.Concat(Enumerable.Range(0, 32).Select(i => i.ToString("x2"))) + "\","
            : "";
        string outputs = string.Join(
            ",",
            Enumerable.Range(0, settings.Outputs)
                .Select(i => $$"""{"name":"relay{{i + 1}}","pin":{{FirstPin + i}}}"""));
        string more = settings.IsFull ? "\"status_led\":32,\"watchdog_pin\":33," : "";
        string discovery = settings.HasDiscovery ? "\"discovery\":true," : "";
        string tls = settings.IsSecure
            ? ",\"tls\":{\"ca\":\"ca.pem\",\"cert\":\"client.pem\",\"key\":\"client.key\"}"
            : "";
        string credential = settings.IsFull
            ? ",\"credential\":{\"username\":\"greenhouse-1\",\"password\":\"0123456789abcdef0123456789abcdef\"}"
            : "";
        string protocol = settings.IsSecure ? "mqtts" : "mqtt";
        string sleep = settings.IsSleeping ? "\"sleep\":true,\"connect_every\":12," : "";
        string device = $$"""{"id":"greenhouse-1",{{sleep}}{{key}}{{discovery}}{{more}}"outputs":[{{outputs}}]}""";
        string connection = $$"""{"protocol":"{{protocol}}","host":"broker.local"}""";
        return Encoding.UTF8.GetBytes(
            $$"""{"device":{{device}},"connection":{{connection}}{{tls}}{{credential}}}""");
    }

    private static byte[] Pem(string kind, int bytes) =>
        Encoding.ASCII.GetBytes($"-----BEGIN {kind}-----".PadRight(bytes, 'A'));

    private int NextId() => _lastId = (_lastId % ushort.MaxValue) + 1;

    private void Run(int commands)
    {
        NowMs += MinuteMs;
        Deliver(commands);
        Poll();
    }

    private void Poll()
    {
        _node.Connection.Poll();
        _node.Poll();
        _node.Connection.Poll();
    }

    private void Deliver(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Deliver("output.get", "{}", 0);
        }
    }

    private void Deliver(string type, string arguments, int bytes)
    {
        TryGetUtc(out DateTime utc);
        string message = Convert.ToBase64String(Encoding.UTF8.GetBytes(arguments));
        string start = $"{{\"message_id\":\"{++_commands:x32}\",\"correlation_id\":\"123\",\"message_type\":\"{type}\","
            + $"\"sent_time\":\"{utc:O}\",\"message\":\"{message}\","
            + $"\"signature\":\"{Convert.ToHexStringLower(_code)}\" ";
        _events.AddMessage(CommandTopic, Encoding.UTF8.GetBytes(start.PadRight(Math.Max(bytes - 1, 0)) + "}"), false);
    }
}

using System.Text;
using DeviceQueue.Commanding;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Connecting;
using DeviceQueue.Health;
using DeviceQueue.Platform;
using DeviceQueue.Sensing;
using DeviceQueue.Supervising;

namespace DeviceQueue.Benchmarks;

/// <summary>A node with a command key, two outputs and else the firmware's own settings, over a board and a broker that take no memory.</summary>
internal sealed class FootprintNode : IClock, ICalendar, IRandom, IStore, IMemory, IRestarter, ILogger, ITemperatureSensor, IOutputPins, IMqttLinkFactory, IMqttLink, ICommandMac
{
    private const int PlentyBytes = 100_000;
    private const int MinuteMs = 60_000;
    private const int Rounds = 300;
    private static readonly byte[] Settings = Encoding.UTF8.GetBytes("""
        {
          "device": { "id": "greenhouse-1", "command_key": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "outputs": [ { "name": "relay1", "pin": 26 }, { "name": "relay2", "pin": 27 } ] },
          "connection": { "protocol": "mqtt", "host": "broker" }
        }
        """);

    private readonly byte[] _code = new byte[32];
    private readonly DeviceNode _node;
    private readonly MqttLinkEventQueue _events;
    private bool _answers = true;
    private int _lastId;
    private int _commands;

    public FootprintNode()
    {
        SettingsLoader loader = new(new SettingsStore(this), null, "dq-000000", ConnectionSettings.GetDefaults());
        LoadedSettings loaded = loader.Load(Settings, Settings.Length);
        ConnectionSettings connection = loaded.Connection;
        DevicePlatform platform = new()
        {
            Clock = this,
            Calendar = this,
            Random = this,
            CommandMac = this,
            Store = this,
            Memory = this,
            Restarter = this,
            Life = new Journal(this),
            Logger = this,
            Links = this,
            Sensor = this,
        };
        _node = new DeviceNode(loaded.Device, connection, new BootRecord(this), new OutputBank(loaded.Device.Outputs, this), platform, loader);
        _events = new MqttLinkEventQueue(_node.Connection.Wake);
        LimitBytes = connection.Readings.MaxBytes + (2 * connection.Readings.MaxMessageSize) // what waits, and of the outbox's file what is written and what is read back
            + (2 * connection.Commands.MaxBytes) + connection.Commands.MaxMessageSize; // what arrives, what is answered, and the envelope that is being written
        _node.Open();
        _node.Connection.Open();
    }

    /// <summary>Gets the bytes that the settings give the queues: max_bytes for each direction in use, and max_message_size for each message that is being worked on.</summary>
    public int LimitBytes { get; }

    /// <summary>Gets what holds all that the library allocated.</summary>
    public object[] Roots => [_node, _events];

    public long NowMs { get; private set; }

    public string Description => "";

    public bool IsOpen { get; private set; }

    public int DroppedMessages => _events.DroppedMessages;

    public bool TryGetUtc(out DateTime utc)
    {
        utc = DateTime.UnixEpoch.AddYears(56).AddMilliseconds(NowMs);
        return true;
    }

    public int Next(int limit) => 0;

    public void NextBytes(byte[] buffer) => BitConverter.TryWriteBytes(buffer, ++_lastId);

    public int GetSize(string name) => -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        return false;
    }

    public bool TryWrite(string name, byte[] data, int count) => true;

    // Storage is full for the outbox's log: its buffers are there all the same, and messages wait in memory.
    public bool TryAppend(string name, byte[] data, int offset, int count) => false;

    public bool TryReadAt(string name, int position, byte[] buffer, int count) => false;

    public bool TryDelete(string name) => true;

    public byte[] Compute(byte[] data) => _code;

    public int GetFreeBytes() => PlentyBytes;

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
        reading.TemperatureC = 21.47;
        reading.HumidityPercent = 45.1;
        reading.PressureHPa = 1006.53;
        reading.HasHumidity = true;
        return SensorState.Ok;
    }

    public void Open(int pin, bool isHigh)
    {
    }

    public void Write(int pin, bool isHigh)
    {
    }

    public IMqttLink Create(AutoResetEvent wake) => this;

    public MqttLinkResult Open(MqttLinkOptions options)
    {
        IsOpen = true;
        return new MqttLinkResult(MqttLinkError.None, 0, null);
    }

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        int id = NextId();
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

    public void Close() => IsOpen = false;

    private int NextId() => _lastId = (_lastId % ushort.MaxValue) + 1;

    private void Run(int commands)
    {
        NowMs += MinuteMs;
        Deliver(commands);
        _node.Connection.Poll();
        _node.Poll();
        _node.Connection.Poll();
    }

    /// <summary>Takes readings and commands for some hours, each acknowledged at once.</summary>
    public void RunForHours()
    {
        for (int i = 0; i < Rounds; i++)
        {
            Run(1);
        }
    }

    /// <summary>Goes on until nothing more fits, with a broker that acknowledges nothing and a main loop that stands still in the end.</summary>
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

    private void Deliver(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TryGetUtc(out DateTime utc);
            string json = $$"""{"message_id":"{{++_commands:x32}}","message_type":"output.get","sent_time":"{{utc:O}}","signature":"{{Convert.ToHexStringLower(_code)}}"}""";
            _events.AddMessage("sensor/greenhouse-1/command", Encoding.UTF8.GetBytes(json), false);
        }
    }
}

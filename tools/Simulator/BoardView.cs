using System.Device.Gpio;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using Mqtt;

namespace Simulator;

/// <summary>An output as its pin shows it.</summary>
internal sealed record OutputState(string Name, int Pin, bool IsOn);

/// <summary>
/// What can be known of the board: its console, its pins and its messages, as facts and as lines. Safe to use from any
/// thread; its events are raised on the thread that brought the news.
/// </summary>
internal sealed partial class BoardView
{
    public const string DefaultId = "dq-000001"; // of the virtual board's MAC address
    public const int MaxReadings = 240;

    private const int MaxLines = 500;
    private static readonly TimeSpan LeastFlash = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly DeviceTopics _topics;
    private readonly bool _hasStatusLed;
    private readonly int _ledPin;
    private readonly Dictionary<int, OutputSettings> _outputSettings;
    private readonly Dictionary<int, OutputState> _outputs = [];
    private readonly List<BoardReading> _readings = [];
    private readonly Queue<BoardLine> _lines = new();
    private DateTime _litUntil;
    private bool _isLit;

    public BoardView(DeviceSettings settings)
    {
        _topics = new DeviceTopics(settings.Id);
        _ledPin = settings.StatusLedPin;
        _hasStatusLed = _ledPin != DeviceSettings.NoPin;
        _outputSettings = settings.Outputs.ToDictionary(output => output.Pin);
        foreach (OutputSettings output in settings.Outputs)
        {
            _outputs[output.Pin] = new OutputState(output.Name, output.Pin, false);
        }
    }

    public event Action<BoardLine>? LineAdded;

    public event Action? Changed;

    public string Id => _topics.Id;

    /// <summary>Gets the topics that tell of the board.</summary>
    public IReadOnlyList<string> Filters => [$"sensor/{Id}/#", _topics.Discovery];

    /// <summary>Gets what the firmware says of its state, in its own words.</summary>
    public string State { get; private set; } = "starting";

    public int Boot { get; private set; }

    public bool IsPowered { get; private set; }

    public bool IsConnected { get; private set; }

    public bool IsAsleep { get; private set; }

    /// <summary>Gets since when it is connected or not.</summary>
    public DateTime LinkTime { get; private set; } = DateTime.Now;

    /// <summary>Gets what Home Assistant was told, or null.</summary>
    public string? Announcement { get; private set; }

    /// <summary>Gets a value indicating whether the device has said offline after it was last online.</summary>
    public bool IsOfflineSaid { get; private set; }

    public bool? IsLit => !_hasStatusLed || !IsPowered ? null : _isLit || DateTime.Now < _litUntil;

    public IReadOnlyList<OutputState> Outputs => Locked(() => (OutputState[])[.. _outputs.Values]);

    /// <summary>Gets the last readings, oldest first.</summary>
    public IReadOnlyList<BoardReading> Readings => Locked(() => (BoardReading[])[.. _readings]);

    public IReadOnlyList<BoardLine> Lines => Locked(() => (BoardLine[])[.. _lines]);

    public void OnPower(bool isOn)
    {
        IsPowered = isOn;
        IsAsleep = false;
        SetLink(false);
        State = isOn ? "starting" : "no power";
        Changed?.Invoke();
    }

    public void OnSleep(string text)
    {
        IsAsleep = true;
        State = "asleep";
        SetLink(false);
        Note(text);
    }

    public void OnWakeUp()
    {
        IsAsleep = false;
        State = "awake";
        Changed?.Invoke();
    }

    public void OnConsole(string line)
    {
        if (StatusLine().Match(line) is { Success: true } status)
        {
            State = status.Groups[1].Value;
        }
        else if (BootLine().Match(line) is { Success: true } boot)
        {
            Boot = int.Parse(boot.Groups[1].Value);
            SetLink(false);
        }
        else if (line.Contains("] info  connected to ", StringComparison.Ordinal))
        {
            SetLink(true);
        }
        else if (line.Contains("connection closed", StringComparison.Ordinal)
            || line.Contains("link lost: ", StringComparison.Ordinal))
        {
            SetLink(false);
        }

        LineKind kind = line.Contains("] warn ", StringComparison.Ordinal) ? LineKind.Warning
            : line.Contains("] error ", StringComparison.Ordinal) ? LineKind.Error
            : LineKind.Console;
        Add(kind, line);
    }

    public void OnPin(int pin, PinMode? mode, PinValue? level)
    {
        bool isHigh = mode == PinMode.Output && level == PinValue.High;
        if (pin == _ledPin)
        {
            _litUntil = _isLit && !isHigh ? DateTime.Now + LeastFlash : _litUntil;
            _isLit = isHigh;
            Changed?.Invoke();
        }

        if (mode == PinMode.Output && level != null && _outputSettings.TryGetValue(pin, out OutputSettings? output))
        {
            bool isOn = isHigh == output.IsActiveHigh;
            Locked(() => _outputs[pin] = new OutputState(output.Name, pin, isOn));
            Add(LineKind.Output, $"{output.Name} {(isOn ? "on" : "off")} (GPIO {pin} {(isHigh ? "HIGH" : "LOW")})");
        }
    }

    public void OnMessage(ReceivedMessage message)
    {
        string topic = message.Topic;
        if (topic == _topics.Temperature || topic == _topics.LateTemperature)
        {
            OnReading(message.Payload);
        }
        else if (topic == _topics.Status)
        {
            OnStatus(message);
        }
        else if (topic == _topics.Discovery)
        {
            Announcement = Announce(message.Payload);
            Add(LineKind.Note, $"Home Assistant: {Announcement ?? "the announcement is taken back"}");
        }
        else if (topic == _topics.Health)
        {
            Add(LineKind.Health, ShowHealth(message.Payload));
        }
        else if (topic == _topics.Command)
        {
            Add(LineKind.Command, ShowEnvelope(message.Payload, (type, text) => $"{type} {text}"));
        }
        else if (topic == _topics.Response)
        {
            Add(LineKind.Answer, ShowAnswer(message.Payload));
        }
    }

    /// <summary>Adds a line of this program's own.</summary>
    public void Note(string text) => Add(LineKind.Note, text);

    private void OnReading(byte[] payload)
    {
        BoardReading? reading = BoardReading.Parse(payload, DateTime.Now);
        if (reading != null)
        {
            Locked(() =>
            {
                _readings.Add(reading);
                if (_readings.Count > MaxReadings)
                {
                    _readings.RemoveAt(0);
                }
            });
        }

        Add(LineKind.Reading, reading?.Text ?? PayloadText.Show(payload));
    }

    private void OnStatus(ReceivedMessage message)
    {
        string status = PayloadText.Show(message.Payload);
        IsOfflineSaid = !message.Retain && status == DeviceTopics.Offline;
        Add(LineKind.Status, $"{status}{(message.Retain ? " (retained)" : "")}");
    }

    private void SetLink(bool isConnected)
    {
        if (IsConnected != isConnected)
        {
            IsConnected = isConnected;
            LinkTime = DateTime.Now;
        }
    }

    private void Add(LineKind kind, string text)
    {
        BoardLine line = new(DateTime.Now, kind, text);
        Locked(() =>
        {
            _lines.Enqueue(line);
            if (_lines.Count > MaxLines)
            {
                _lines.Dequeue();
            }
        });
        LineAdded?.Invoke(line);
        Changed?.Invoke();
    }

    private static string? Announce(byte[] payload)
    {
        if (payload.Length == 0)
        {
            return null;
        }

        return Summarize(payload, root =>
        {
            string?[] kinds = [.. root.GetProperty("cmps").EnumerateObject()
                .Select(part => part.Value.TryGetProperty("p", out JsonElement kind) ? kind.GetString() : null)];
            int sensors = kinds.Count(kind => kind == "sensor");
            int outputs = kinds.Length - sensors;
            return $"announced with {Count(sensors, "sensor")} and {Count(outputs, "output")}";
        });
    }

    private static string ShowHealth(byte[] payload) => Summarize(payload, root =>
    {
        string waiting = root.TryGetProperty("queue", out JsonElement queue)
            && queue.TryGetProperty("messages", out JsonElement messages) ? $", {messages.GetRawText()} waiting" : "";
        string memory = root.TryGetProperty("free_memory", out JsonElement free)
            ? $", {free.GetRawText()} bytes of memory free" : "";
        string uptime = root.TryGetProperty("uptime_ms", out JsonElement up) && up.TryGetInt64(out long ms)
            ? $"up {Ago.Show(TimeSpan.FromMilliseconds(ms))}" : "up";
        return uptime + memory + waiting;
    });

    private static string ShowAnswer(byte[] payload) => ShowEnvelope(payload, (type, text) =>
    {
        using JsonDocument document = JsonDocument.Parse(text);
        string? Member(string name, string format) =>
            document.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
                ? string.Format(format, value)
                : null;
        string command = type.Replace(".response", "", StringComparison.Ordinal);
        return $"{command}: {Member("status", "{0}")}{Member("code", " ({0})")}{Member("text", ", {0}")}"
            + Member("result", " {0}");
    });

    private static string ShowEnvelope(byte[] payload, Func<string, string, string> say) => Summarize(payload, root =>
    {
        byte[] message = root.GetProperty("message").GetBytesFromBase64();
        return PayloadText.Clean(say($"{root.GetProperty("message_type")}", Encoding.UTF8.GetString(message)));
    });

    /// <summary>Says a JSON object in words, or as it is when it is not what it should be.</summary>
    private static string Summarize(byte[] payload, Func<JsonElement, string> say)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            return say(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException)
        {
            return PayloadText.Show(payload);
        }
    }

    private static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    private T Locked<T>(Func<T> get)
    {
        lock (_lock)
        {
            return get();
        }
    }

    private void Locked(Action act)
    {
        lock (_lock)
        {
            act();
        }
    }

    [GeneratedRegex(@"^\[ *\d+\.\d+\] info  status: (.*)$")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"^\[ *\d+\.\d+\] info  device .*, boot (\d+)$")]
    private static partial Regex BootLine();
}

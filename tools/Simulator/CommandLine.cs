using System.CommandLine;
using System.Globalization;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using VirtualBoard;

namespace Simulator;

/// <summary>The options that can be typed; help.txt, which tools/run shows without a build, explains them.</summary>
internal sealed class CommandLine
{
    private const int MaxPort = 65535;

    private readonly Option<string?> _broker = new("--broker");
    private readonly Option<string?> _port = new("--port");
    private readonly Option<string?> _config = new("--config");
    private readonly Option<string?> _board = new("--board");
    private readonly Option<string?> _id = new("--id");
    private readonly Option<string?> _intervalMs = new("--interval-ms");
    private readonly Option<bool> _sleep = new("--sleep");
    private readonly Option<string?> _connectEvery = new("--connect-every");
    private readonly Option<string?> _sensor = new("--sensor");
    private readonly Option<string?> _storage = new("--storage");
    private readonly Option<string?> _seconds = new("--seconds");
    private readonly Option<bool> _version = new("--version");
    private readonly Option<bool> _help = new("--help", "-h", "-?");
    private readonly ParseResult _typed;

    public CommandLine(string[] arguments)
    {
        RootCommand command = [];
        command.Options.Clear();
        Options = [
            _broker, _port, _config, _board, _id, _intervalMs, _sleep, _connectEvery, _sensor, _storage, _seconds,
            _version, _help,
        ];
        foreach (Option option in Options)
        {
            command.Options.Add(option);
        }

        _typed = command.Parse(arguments);
    }

    public IReadOnlyList<Option> Options { get; }

    public static string Help { get; } = ReadHelp();

    /// <summary>Gets what is only to be said, if that was asked for.</summary>
    public string? Answer => _typed.GetValue(_help) ? Help
        : _typed.GetValue(_version) ? $"DeviceQueue {FirmwareDefaults.Version}{Environment.NewLine}"
        : null;

    /// <exception cref="UserException">Something cannot be used; the text names the option and what is allowed.
    /// </exception>
    public SimulatorOptions Read()
    {
        if (_typed.Errors.Count > 0)
        {
            throw new UserException($"{_typed.Errors[0].Message.TrimEnd('.')}; tools/run --help names the options");
        }

        string? broker = _typed.GetValue(_broker);
        bool isKind = broker is BrokerKinds.Mosquitto or BrokerKinds.Embedded;
        int? port = ReadPort(_typed.GetValue(_port));
        if (broker != null && !isKind)
        {
            BrokerAddress.Parse("--broker", broker);
            if (port != null)
            {
                throw new UserException($"--port {port}: only a broker of its own gets a port, not {broker}");
            }
        }

        bool isSleeping = _typed.GetValue(_sleep);
        string? connectEvery = _typed.GetValue(_connectEvery);
        if (connectEvery != null && !isSleeping)
        {
            throw new UserException($"--connect-every {connectEvery}: only a device with --sleep has it");
        }

        return new SimulatorOptions
        {
            BrokerKind = isKind ? broker : null,
            BrokerUri = isKind ? null : broker,
            Port = port,
            Config = _typed.GetValue(_config) is { } config ? new FileInfo(config) : null,
            Board = ReadBoard(_typed.GetValue(_board)),
            Id = _typed.GetValue(_id),
            IntervalMs = _typed.GetValue(_intervalMs),
            IsSleeping = isSleeping,
            ConnectEvery = connectEvery,
            Sensor = ReadSensor(_typed.GetValue(_sensor)),
            Storage = ReadStorage(_typed.GetValue(_storage)),
            Duration = ReadDuration(_typed.GetValue(_seconds)),
        };
    }

    private static string ReadHelp()
    {
        using StreamReader reader = new(typeof(CommandLine).Assembly.GetManifestResourceStream("help.txt")!);
        return reader.ReadToEnd();
    }

    private static int? ReadPort(string? text) =>
        text == null ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port is > 0 and <= MaxPort
            ? port
            : throw new UserException($"--port {text}: a whole number from 1 to {MaxPort} is allowed");

    private static BoardModel ReadBoard(string? name) =>
        name == null ? BoardModel.Esp32
        : BoardModel.All.FirstOrDefault(model => model.Name == name || model.Chip == name)
            ?? throw new UserException(
                $"--board {name}: {string.Join(", ", BoardModel.All.Select(model => model.Chip).Distinct())} or "
                + $"{string.Join(", ", BoardModel.All.Select(model => model.Name))} is allowed");

    private static string ReadSensor(string? name) =>
        name switch
        {
            null => Sensors.Bme280,
            Sensors.Bme280 or Sensors.Bmp280 or Sensors.Sht31 or Sensors.None => name,
            _ => throw new UserException(
                $"--sensor {name}: {Sensors.Bme280}, {Sensors.Bmp280}, {Sensors.Sht31} or {Sensors.None} is allowed"),
        };

    private static DirectoryInfo? ReadStorage(string? path) =>
        path == null ? null
        : File.Exists(path) ? throw new UserException($"--storage {path}: it is a file; a folder is needed")
        : new DirectoryInfo(path);

    private static TimeSpan ReadDuration(string? text) =>
        text == null ? Timeout.InfiniteTimeSpan
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            ? Seconds.Read("--seconds", seconds)
            : throw new UserException($"--seconds {text}: a number of seconds is needed");
}

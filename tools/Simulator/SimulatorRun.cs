using System.Device.Gpio;
using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;
using Mqtt;
using Spectre.Console;
using VirtualBoard;
using VirtualBoard.Parts;

namespace Simulator;

/// <summary>One run: a broker, a board with a sensor, the firmware, and an observer that shows what happens.</summary>
internal sealed class SimulatorRun : IDisposable
{
    private const int BoschAddress = 0x76;
    private const int Sht31Address = 0x44;
    private const int Failed = 1;

    private static readonly Climate Mean = new(21, 48, 1008);
    private static readonly Climate DailySwing = new(6, -12, 3);
    private static readonly Climate Noise = new(0.05, 0.2, 0.05);

    private readonly Display _display;
    private readonly SimulatorOptions _options;
    private readonly BoardConfiguration _configuration;
    private readonly TimeSpan _duration;
    private readonly string _storage;
    private MosquittoBroker? _privateBroker;
    private BrokerObserver? _observer;
    private Board? _board;

    private string Firmware => $"DeviceQueue firmware on a virtual {_options.Board.Chip.ToUpperInvariant()}";

    private SimulatorRun(Display display, SimulatorOptions options)
    {
        _display = display;
        _options = options;
        _duration = options.Seconds is { } seconds ? Seconds.Read("--seconds", seconds) : Timeout.InfiniteTimeSpan;
        _configuration = BoardConfiguration.Load(options.Config, options.Board);
        _storage = options.Storage?.FullName ?? Directory.CreateTempSubdirectory("devicequeue-board-").FullName;
    }

    public static async Task<int> Start(SimulatorOptions options, CancellationToken cancellation)
    {
        using Display display = new(CreateConsole());
        try
        {
            using SimulatorRun run = new(display, options);
            await run.Run(cancellation);
            return 0;
        }
        catch (Exception e) when (e is UserException or InvalidOperationException or IOException)
        {
            display.Error(e.Message);
            return Failed;
        }
    }

    /// <summary>
    /// Opens the terminal; output that goes elsewhere gets no colours and no line breaks at a terminal's width.
    /// </summary>
    private static IAnsiConsole CreateConsole()
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = int.MaxValue / 2;
        }

        return console;
    }

    public void Dispose()
    {
        _board?.Dispose();
        _observer?.Dispose();
        _privateBroker?.Dispose();
        if (_options.Storage == null)
        {
            Directory.Delete(_storage, recursive: true);
        }
    }

    private async Task Run(CancellationToken cancellation)
    {
        BrokerAddress broker = ChooseBroker();
        PrepareStorage();
        string id = _options.Id ?? _configuration.Id ?? "+";
        if (_configuration.HasCredential && _options.Broker == null)
        {
            // A second client with the board's credentials would disconnect it, and may not read its messages.
            _display.Title($"{Firmware}, broker {broker.Host}:{broker.Port}, which knows it by name. Ctrl-C ends it.");
            _display.Plain(
                "This board logs in with its own credentials, so its messages are not shown here. If tools/devicequeue "
                    + "provisioned it, watch it with: tools/devicequeue watch");
        }
        else
        {
            Observe(broker, id);
            Announce(broker, id);
        }

        _board = new Board { Model = _options.Board, StorageDirectory = _storage };
        _board.ConsoleLine += _display.Console;
        ShowOutputs(_board);
        WireSensor(_board);
        _board.PowerOn(DeviceQueue.Esp32.Program.Main);
        try
        {
            await Task.Delay(_duration, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C
        }

        _board.ShutDown();
    }

    private BrokerAddress ChooseBroker()
    {
        if (_options.Broker != null)
        {
            _configuration.SetConnection(_options.Broker);
            return BrokerAddress.Parse(_options.Broker);
        }

        if (_configuration.HasConnection && _options.Port == null && _configuration.Broker is { } own)
        {
            return own;
        }

        _privateBroker = MosquittoBroker.Start(new MosquittoBrokerOptions { Port = _options.Port ?? 0 });
        _configuration.SetConnection($"mqtt://{_privateBroker.Host}:{_privateBroker.Port}");
        return new BrokerAddress(_privateBroker.Host, _privateBroker.Port, IsSecure: false);
    }

    private void PrepareStorage()
    {
        if (_options.Id != null)
        {
            _configuration.SetDevice("id", _options.Id);
        }

        if (_options.IntervalMs != null)
        {
            _configuration.SetDevice("interval_ms", _options.IntervalMs.Value);
        }

        PrivateFolder.Open(_storage);
        File.WriteAllText(Path.Combine(_storage, SettingsLoader.FileName), _configuration.Text);
        foreach (string file in _configuration.TlsFiles)
        {
            string source = Path.Combine(_options.Config?.DirectoryName ?? ".", file);
            if (File.Exists(source))
            {
                File.Copy(source, Path.Combine(_storage, file), overwrite: true);
            }
        }
    }

    private void Observe(BrokerAddress broker, string id)
    {
        string? authority = _configuration.AuthorityFile;
        byte[] authorities = authority == null ? [] : File.ReadAllBytes(Path.Combine(_storage, authority));
        ClientOptions options = new()
        {
            Host = broker.Host,
            Port = broker.Port,
            Username = broker.Username,
            Password = broker.Password,
            Tls = broker.IsSecure ? new TlsOptions { Authorities = authorities } : null,
        };
        _observer = new BrokerObserver(
            options,
            [$"sensor/{id}/#"],
            message => _display.Message(message.Topic, message.Payload, message.Retain),
            _display.Error);
        _observer.Connect();
    }

    private void Announce(BrokerAddress broker, string id)
    {
        string target = id == "+" ? "ID" : id;
        string output = _configuration.Outputs.Select(o => o.Name).FirstOrDefault("relay1");
        _display.Title($"{Firmware}, broker {broker.Host}:{broker.Port}. Ctrl-C ends it.");
        _display.Plain("");
        _display.Plain("  " + PasteLines.Watch(broker, id));
        _display.Plain("  " + PasteLines.Send(broker, target, "output.toggle", $"{{\"name\":\"{output}\"}}"));
        _display.Plain("  " + PasteLines.Send(broker, target, "device.ping", "{}"));
        _display.Plain("");
    }

    private void ShowOutputs(Board board)
    {
        foreach ((string name, int pin) in _configuration.Outputs)
        {
            board.Gpio[pin].Changed += (_, change) =>
            {
                if (change.Mode == PinMode.Output && change.Level is { } level)
                {
                    _display.Pin(name, pin, level == PinValue.High ? "HIGH" : "LOW");
                }
            };
        }
    }

    private void WireSensor(Board board)
    {
        NoisyClimate climate = new(new CurveClimate(Mean, DailySwing), Noise, seed: 1);
        (int Address, II2cSlave Part)? sensor = _options.Sensor switch
        {
            Sensors.Bme280 => (BoschAddress, new Bmx280Slave(Bmx280Chip.Bme280, climate)),
            Sensors.Bmp280 => (BoschAddress, new Bmx280Slave(Bmx280Chip.Bmp280, climate)),
            Sensors.Sht31 => (Sht31Address, new Sht31Slave(climate)),
            _ => null,
        };
        if (sensor is { } wired)
        {
            board.I2c.Attach(wired.Address, wired.Part, board.Model.Sda, board.Model.Scl);
        }
    }
}

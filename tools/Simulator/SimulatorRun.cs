using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;
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

    // A curve that can be watched.
    private static readonly Climate Mean = new(21, 48, 1008);
    private static readonly Climate Swing = new(0.8, -4, 0.6);
    private static readonly Climate Noise = new(0.03, 0.2, 0.05);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan OfflineTimeout = TimeSpan.FromSeconds(2);

    private readonly SimulatorOptions _options;
    private readonly BoardConfiguration _configuration;
    private readonly bool _isPrivate;
    private readonly bool _isEmbedded;
    private readonly SettingsLoader _settings;
    private readonly BoardView _view;
    private readonly string _storage;
    private IPrivateBroker? _privateBroker;
    private BrokerObserver? _observer;
    private Board? _board;
    private KeyActions? _keys;
    private SleepPace? _pace;

    /// <exception cref="UserException">Something that was given cannot be used; nothing is started yet.</exception>
    private SimulatorRun(SimulatorOptions options)
    {
        _options = options;
        _configuration = BoardConfiguration.Load(options);
        _isPrivate = options.BrokerUri == null
            && (options.BrokerKind != null || options.Port != null || !_configuration.HasConnection);
        _isEmbedded = _isPrivate && (options.BrokerKind ?? BrokerKinds.Default) == BrokerKinds.Embedded;
        if (_isPrivate)
        {
            RequireBroker();
            _configuration.SetConnection("mqtt://127.0.0.1"); // until it has a port
        }
        else if (options.BrokerUri != null)
        {
            _configuration.SetConnection(options.BrokerUri);
        }

        _settings = _configuration.Check(options.Board);
        _view = new BoardView(_settings.Device);
        _storage = options.Storage?.FullName ?? Directory.CreateTempSubdirectory("devicequeue-board-").FullName;
    }

    private MqttLinkOptions Endpoint => _settings.Connection.Endpoints[0];

    /// <summary>
    /// Gets a value indicating whether its messages can be shown: a second client with a board's own credentials would
    /// disconnect it, and may not read them.
    /// </summary>
    private bool IsObserved => Endpoint.Username == null || _options.BrokerUri != null;

    /// <exception cref="UserException">Something kept it from running; the text is for the person at the keyboard.
    /// </exception>
    public static async Task Run(SimulatorOptions options, Interruption interruption)
    {
        using SimulatorRun run = new(options);
        try
        {
            run.StartBroker();
            run.PrepareStorage();
            using IDisplay display = CreateDisplay();
            await run.Run(display, interruption);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new UserException(e.Message, e);
        }
    }

    public void Dispose()
    {
        _pace?.Dispose();
        _board?.Dispose();
        _observer?.Dispose();
        _privateBroker?.Dispose();
        if (_options.Storage == null)
        {
            Directory.Delete(_storage, recursive: true);
        }
    }

    /// <summary>
    /// Opens the terminal. Output that goes elsewhere gets no colours, and no line breaks at a terminal's width.
    /// </summary>
    private static IDisplay CreateDisplay()
    {
        bool isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        bool isPlain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (isTerminal && console.Profile.Capabilities is { Ansi: true, Unicode: true })
        {
            return new PanelDisplay(console);
        }

        console.Profile.Width = int.MaxValue / 2; // the terminal breaks lines better than words are broken here
        return new LineDisplay(console);
    }

    private async Task Run(IDisplay display, Interruption interruption)
    {
        BrokerAddress broker = new(Endpoint.Host, Endpoint.Port, Endpoint.IsSecure, Endpoint.Username);
        if (_privateBroker != null)
        {
            broker = broker with { Port = _privateBroker.Port };
        }

        if (IsObserved)
        {
            MakeObserver(broker);
        }

        _board = new Board { Model = _options.Board, StorageDirectory = _storage };
        if (_options.IsSleeping)
        {
            _board.Network.AutoConnect = false;
            _pace = new SleepPace(_board, _view, _settings.Device.IntervalMs);
        }

        _board.ConsoleLine += _view.OnConsole;
        for (int pin = 0; pin < BoardModel.MaxPinCount; pin++)
        {
            _board.Gpio[pin].Changed += (trace, change) => _view.OnPin(trace.Number, change.Mode, change.Level);
        }

        _keys = MakeKeys(_board, WireSensor(_board));
        display.Begin(Describe(broker, _board, _keys));
        _observer?.Connect();
        PowerOn(_board);
        ReadKeys(_keys, interruption);
        try
        {
            await Task.Delay(_options.Duration, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            _view.Note("ending; a second Ctrl-C ends at once");
        }

        End(_board, broker, display);
    }

    private void RequireBroker()
    {
        if (!_isEmbedded && !MosquittoBroker.IsInstalled)
        {
            throw new UserException(
                $"--broker {BrokerKinds.Mosquitto}: it is not installed here; {BrokerKinds.Embedded} needs nothing");
        }

        if (_options.Port is { } port)
        {
            PortOwner.RequireFree(port);
        }
    }

    private void StartBroker()
    {
        if (_isPrivate)
        {
            int port = _options.Port ?? 0;
            _privateBroker = _isEmbedded
                ? EmbeddedBroker.Start(port)
                : MosquittoBroker.Start(new MosquittoBrokerOptions { Port = port });
            _configuration.SetConnection($"mqtt://{_privateBroker.Host}:{_privateBroker.Port}");
        }
    }

    private void PrepareStorage()
    {
        PrivateFolder.Open(_storage);
        File.WriteAllText(Path.Combine(_storage, SettingsLoader.FileName), _configuration.Text);
        foreach (string file in _configuration.TlsFiles)
        {
            if (File.Exists(_configuration.PathOf(file)))
            {
                File.Copy(_configuration.PathOf(file), Path.Combine(_storage, file), overwrite: true);
            }
        }
    }

    private void MakeObserver(BrokerAddress broker)
    {
        ClientOptions options = new()
        {
            Host = broker.Host,
            Port = broker.Port,
            Username = Endpoint.Username,
            Password = Endpoint.Password,
            Tls = broker.IsSecure ? new TlsOptions { Authorities = Endpoint.CaCertificate ?? [] } : null,
        };
        _observer = new BrokerObserver(options, _view.Filters, _view.OnMessage, SayTrouble);
    }

    private void SayTrouble(string trouble)
    {
        if (_keys?.IsBrokerOff != true)
        {
            _view.Note(trouble);
        }
    }

    private RunInfo Describe(BrokerAddress broker, Board board, KeyActions keys)
    {
        List<string> notes = [];
        if (_isEmbedded && _options.BrokerKind == null)
        {
            notes.Add("Mosquitto is not installed here: a broker in this program stands in for it.");
        }

        if (!IsObserved)
        {
            notes.Add(
                "This board logs in with its own credentials, so that its messages are not shown here. If "
                + "tools/devicequeue provisioned it, tools/devicequeue watch shows them.");
        }

        OutboxView outbox = new(_settings.Connection.Readings, board.Storage);
        string chip = _options.Board.Chip.ToUpperInvariant();
        return new RunInfo($"DeviceQueue {FirmwareDefaults.Version} on a virtual {chip}", broker, _view)
        {
            BrokerKind = !_isPrivate ? null : _isEmbedded ? "embedded" : "Mosquitto",
            Notes = notes,
            Pace = _pace?.Text,
            PasteLines = IsObserved ? PasteLines.All(broker, _settings.Device) : [],
            Outbox = outbox.IsKept ? outbox : null,
            Keys = Console.IsInputRedirected ? null : keys,
        };
    }

    /// <summary>Solders the sensor to the board's wires.</summary>
    /// <returns>What unplugs it and plugs it in, or null without one.</returns>
    private Func<bool>? WireSensor(Board board)
    {
        NoisyClimate climate = new(new CurveClimate(Mean, Swing, Period), Noise, seed: 1);
        switch (_options.Sensor)
        {
            case Sensors.None:
                return null;
            case Sensors.Sht31:
                Sht31Slave sensirion = new(climate);
                board.I2c.Attach(Sht31Address, sensirion, board.Model.Sda, board.Model.Scl);
                return () => sensirion.IsUnplugged = !sensirion.IsUnplugged;
            default:
                Bmx280Chip chip = _options.Sensor == Sensors.Bme280 ? Bmx280Chip.Bme280 : Bmx280Chip.Bmp280;
                Bmx280Slave bosch = new(chip, climate);
                board.I2c.Attach(BoschAddress, bosch, board.Model.Sda, board.Model.Scl);
                return () => bosch.IsUnplugged = !bosch.IsUnplugged;
        }
    }

    private KeyActions MakeKeys(Board board, Func<bool>? toggleSensor) => new(board, _view, () => PowerOn(board))
    {
        Broker = _privateBroker,
        Observer = _observer,
        ToggleSensor = toggleSensor,
        Output = _settings.Device.Outputs.Select(output => output.Name).FirstOrDefault(),
        CommandKey = _settings.Device.CommandKey,
    };

    private void PowerOn(Board board)
    {
        _view.OnPower(true);
        _pace?.OnStart();
        board.PowerOn(DeviceQueue.Esp32.Program.Main);
    }

    // Only in a terminal, and only in the foreground may a program read keys.
    private static void ReadKeys(KeyActions keys, Interruption interruption)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            return;
        }

        Thread reader = new(() =>
        {
            while (keys.Press(Console.ReadKey(intercept: true).KeyChar))
            {
            }

            interruption.End();
        })
        { IsBackground = true, Name = "Keys" };
        reader.Start();
    }

    private void End(Board board, BrokerAddress broker, IDisplay display)
    {
        _pace?.Dispose();
        bool wasAsleep = _view.IsAsleep;
        bool wasConnected = _view.IsConnected && board.Network.WifiAvailable; // it may not know that Wi-Fi is gone
        board.ShutDown();
        string place = _privateBroker == null ? $" at {broker.Place}" : "";
        bool isSaid = wasConnected
            && (_observer == null || SpinWait.SpinUntil(() => _view.IsOfflineSaid, OfflineTimeout));
        display.Say(wasAsleep ? $"{_view.Id} is asleep, as its status{place} says."
            : isSaid ? $"{_view.Id} said offline{place}."
            : $"{_view.Id} could not say offline{place}: it had no connection to the broker.");
        _observer?.Dispose();
        if (_privateBroker != null)
        {
            _privateBroker.Dispose();
            _privateBroker = null;
            display.Say("The broker is stopped.");
        }
    }
}

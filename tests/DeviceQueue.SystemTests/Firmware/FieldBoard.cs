using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>A board in the field: the whole firmware, its flash, a sensor, and a relay on GPIO 26.</summary>
internal sealed class FieldBoard : IDisposable
{
    public const int RelayPin = 26;
    public const int LedPin = 25;

    private const int SensorAddress = 0x76;

    private readonly DirectoryInfo _storage = Directory.CreateTempSubdirectory("dq-field-");

    public FieldBoard(
        int brokerPort,
        string id = "field1",
        int intervalMs = 1000,
        Bmx280Chip chip = Bmx280Chip.Bme280,
        bool hasKey = false,
        IClimateScript? climate = null,
        BoardModel? model = null)
    {
        model ??= BoardModel.Esp32;
        Settings = new JsonObject
        {
            ["device"] = new JsonObject
            {
                ["id"] = id,
                ["interval_ms"] = intervalMs,
                ["health_interval_ms"] = 1000,
                ["outputs"] = new JsonArray(Output("relay1", model.Relay), Output("led", model.StatusLed)),
            },
            ["connection"] = new JsonObject { ["uri"] = $"mqtt://127.0.0.1:{brokerPort}" },
            ["options"] = new JsonObject(),
        };
        if (hasKey)
        {
            Device["command_key"] = Convert.ToHexStringLower(Operator.Key);
        }

        Board = new Board { Model = model, StorageDirectory = _storage.FullName };
        Board.ConsoleLine += Console.Add;
        Sensor = new Bmx280Slave(chip, climate ?? new ConstantClimate(new Climate(21.5, 45, 1006.5)));
        Board.I2c.Attach(SensorAddress, Sensor, model.Sda, model.Scl);
    }

    public JsonObject Settings { get; }

    public Board Board { get; }

    public Bmx280Slave Sensor { get; }

    public Recorder<string> Console { get; } = new();

    public JsonNode Device => Settings["device"]!;

    public JsonNode Options => Settings["options"]!;

    public static JsonObject Output(string name, int pin) => new() { ["name"] = name, ["pin"] = pin };

    /// <summary>Gets the names of the files in the flash.</summary>
    public IEnumerable<string?> Files => _storage.EnumerateFiles().Select(file => file.Name);

    public void WriteSettings(string text) =>
        File.WriteAllText(Path.Combine(_storage.FullName, "devicequeue.json"), text);

    /// <summary>Boots with <see cref="Settings"/>.</summary>
    public FieldBoard Boot(Action? main = null)
    {
        WriteSettings(Settings.ToJsonString());
        BootAsIs(main);
        return this;
    }

    /// <summary>Boots with whatever is in the flash.</summary>
    public void BootAsIs(Action? main = null) => Board.PowerOn(main ?? DeviceQueue.Esp32.Program.Main);

    public string WaitForConsole(string part, TimeSpan? timeout = null) => Console.WaitFor(
        1, line => line.Contains(part, StringComparison.Ordinal), timeout)[0];

    public void Dispose()
    {
        Assert.Empty(Board.UncaughtExceptions);
        Board.Dispose();
        _storage.Delete(recursive: true);
    }
}

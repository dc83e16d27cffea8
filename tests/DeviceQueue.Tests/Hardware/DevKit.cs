using System.Globalization;
using System.Text.Json;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Outputs;

namespace DeviceQueue.Tests.Hardware;

/// <summary>A folder of hardware/boards, with the class of the firmware that stands for it.</summary>
internal sealed record DevKit(string Name, string TargetName)
{
    public static IReadOnlyList<DevKit> All { get; } =
    [
        new("esp32-devkitc", "ESP32_PSRAM_REV0"),
        new("esp32-s3-devkitc-1", "ESP32_S3_OCTAL"),
        new("esp32-c3-devkitm-1", "ESP32_C3"),
        new("firebeetle2-esp32-e", "ESP32_PSRAM_REV0") { HasBattery = true },
    ];

    public static IEnumerable<string> Names => All.Select(board => board.Name);

    /// <summary>Gets those with the whole circuit on USB: LED, relay and watchdog.</summary>
    public static IEnumerable<string> FedByUsb => All.Where(board => !board.HasBattery).Select(board => board.Name);

    public static DevKit OnBattery => All.Single(board => board.HasBattery);

    /// <summary>Gets a value indicating whether it sleeps on a battery, with nothing but the sensor.</summary>
    public bool HasBattery { get; private init; }

    /// <summary>Gets what pins.csv says of each pin, by its number.</summary>
    public IReadOnlyDictionary<int, IReadOnlyDictionary<string, string>> Pins =>
        Csv.Read($"boards/{Name}/pins.csv").ToDictionary(pin => int.Parse(pin["gpio"], CultureInfo.InvariantCulture));

    public Netlist Wiring => JsonSerializer.Deserialize<Netlist>(
        File.ReadAllText(Path.Combine(Repository.Root, "hardware", "boards", Name, "wiring.json")), Netlist.Options)!;

    public static DevKit Of(string name) => All.Single(board => board.Name == name);

    public IPinRules Rules(bool hasPsram) => Board.Find(TargetName, hasPsram);

    /// <summary>Gets what pins.csv says of the pin of U1 that is on a net.</summary>
    public IReadOnlyDictionary<string, string> PinOn(string net)
    {
        string label = Wiring.Nets[net].Single(pin => Netlist.PartOf(pin) == "U1")["U1.".Length..];
        return Pins.Values.Single(pin => pin["label"] == label);
    }

    public int GpioOn(string net) => int.Parse(PinOn(net)["gpio"], CultureInfo.InvariantCulture);
}

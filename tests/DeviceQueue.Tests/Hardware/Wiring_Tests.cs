using System.Security.Cryptography;
using DeviceQueue.Configuration;
using DeviceQueue.Esp32;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Settings;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The netlist against the rules of the parts and against the firmware.</summary>
public sealed class Wiring_Tests
{
    private const double SupplyVolts = 3.3;

    // ESP32 datasheet, DC characteristics: an output that is high gives at least 0.8 × VDD.
    private const double LeastHighVolts = 0.8 * SupplyVolts;

    private static readonly Dictionary<string, string[]> PinsOf = new()
    {
        ["resistor"] = ["1", "2"],
        ["capacitor"] = ["1", "2"],
        ["jumper"] = ["1", "2"],
        ["led"] = ["A", "K"],
        ["diode"] = ["A", "K"],
        ["npn"] = ["B", "C", "E"],
        ["relay"] = ["A1", "A2", "COM", "NC", "NO"],
        ["terminals"] = ["COM", "NC", "NO"],
        ["sensor"] = ["GND", "SCL", "SDA", "VIN"],
        ["watchdog"] = ["DELAY", "DONE", "GND", "RSTn", "VDD"],
    };

    private static readonly Netlist Wiring = Netlist.Wiring;
    private static readonly IReadOnlyList<IReadOnlyDictionary<string, string>> BoardPins = Csv.Read(
        "boards/esp32-devkitc/pins.csv");

    public static TheoryData<string> Relays => [.. Wiring.OfKind("relay")];

    [Fact]
    public void Every_pin_is_on_one_net_and_every_net_joins_some()
    {
        string[] pins = [.. Wiring.Nets.Values.SelectMany(net => net)];

        Assert.Equal(pins.Distinct(), pins);
        Assert.All(Wiring.Nets, net => Assert.True(net.Value.Length > 1, net.Key + " joins nothing"));
        Assert.All(pins, pin => Assert.Contains(Netlist.PartOf(pin), Wiring.Parts.Keys));
        Assert.All(
            Wiring.Parts.Where(part => part.Value.Kind != "board"),
            part => Assert.Equal(
                PinsOf[part.Value.Kind].Select(pin => part.Key + "." + pin),
                pins.Where(pin => Netlist.PartOf(pin) == part.Key).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void The_board_has_the_pins_and_lets_them_be_used_so_on_every_module()
    {
        string[] used =
        [
            .. Wiring.Nets.Values.SelectMany(net => net)
                .Where(pin => Netlist.PartOf(pin) == "U1")
                .Select(pin => pin[3..]),
        ];

        Assert.Equal(
            ["3V3", "5V", "EN", "GND"],
            used.Where(pin => !pin.StartsWith("IO", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach (string label in used.Where(pin => pin.StartsWith("IO", StringComparison.Ordinal)))
        {
            bool isBus = Wiring.NetOf("U1." + label) is "SDA" or "SCL";
            Assert.Equal("yes", BoardPins.Single(pin => pin["label"] == label)[isBus ? "i2c" : "output"]);
        }
    }

    [Fact]
    public void The_sensor_is_on_the_firmwares_default_pins_with_a_pull_up_on_each_line()
    {
        DeviceSettings defaults = DeviceConfig.Read(new ConfigParams(), new Esp32Pins(false), "x", new ConfigProblems())!;

        Assert.Equal((defaults.I2cDataPin, defaults.I2cClockPin), (Wiring.GpioOn("SDA"), Wiring.GpioOn("SCL")));
        foreach (string line in (string[])["SDA", "SCL"])
        {
            Assert.Contains("U2." + line, Wiring.Nets[line]);
            string pullUp = Assert.Single(Wiring.Between("resistor", line, "3V3"));

            // A breakout adds 10 kΩ of its own; I2C specification, table 9: a line is pulled to 0.4 V with 3 mA at
            // most.
            double ohms = 1 / ((1 / Wiring.Ohms(pullUp)) + (1 / 10e3));
            Assert.InRange(ohms, (SupplyVolts - 0.4) / 3e-3, 10e3);
        }

        Assert.Equal(("3V3", Netlist.Ground), (Wiring.NetOf("U2.VIN"), Wiring.NetOf("U2.GND")));
    }

    [Theory]
    [MemberData(nameof(Relays))]
    public void A_relay_is_off_at_reset_and_its_coil_harms_nothing(string relay)
    {
        string coil = Wiring.NetOf(relay + ".A2");
        string transistor = Netlist.PartOf(
            Assert.Single(Wiring.Nets[coil], pin => pin.EndsWith(".C", StringComparison.Ordinal)));
        string @base = Wiring.NetOf(transistor + ".B");
        string pullDown = Assert.Single(Wiring.Between("resistor", @base, Netlist.Ground));
        string drive = Assert.Single(
            Wiring.OfKind("resistor").Except([pullDown]),
            part => Wiring.Nets[@base].Any(pin => Netlist.PartOf(pin) == part));
        string control = Wiring.NetOf(Wiring.NetOf(drive + ".1") == @base ? drive + ".2" : drive + ".1");
        string flyback = Assert.Single(Wiring.Between("diode", coil, "5V"));

        Assert.Equal(("5V", Netlist.Ground), (Wiring.NetOf(relay + ".A1"), Wiring.NetOf(transistor + ".E")));
        Assert.Equal((coil, "5V"), (Wiring.NetOf(flyback + ".A"), Wiring.NetOf(flyback + ".K")));
        Assert.NotEqual("pull-up", BoardPins.Single(pin => pin["label"] == "IO" + Wiring.GpioOn(control))["at_reset"]);

        // BC337-25: a gain of 160 at least, VBE 0.7 V. Twice the coil's current is sure saturation.
        double amperes = ((LeastHighVolts - 0.7) / Wiring.Ohms(drive)) - (0.7 / Wiring.Ohms(pullDown));
        Assert.True(amperes * 160 > 2 * 5 / 63.0, $"{amperes * 1000:0.0} mA into the base are too few");
    }

    [Fact]
    public void The_status_LED_has_a_resistor_that_it_shines_with_and_the_pin_bears()
    {
        string led = Assert.Single(Wiring.OfKind("led"));
        string resistor = Netlist.PartOf(Assert.Single(Wiring.Joined(led + ".A")));

        Assert.Equal(Netlist.Ground, Wiring.NetOf(led + ".K"));
        Assert.Equal([resistor], Wiring.Between("resistor", "STATUS", Wiring.NetOf(led + ".A")));
        Assert.InRange((SupplyVolts - 2) / Wiring.Ohms(resistor), 2e-3, 12e-3);
    }

    [Fact]
    public void The_watchdog_pulls_EN_through_a_jumper_and_only_edges_of_the_chip_feed_it()
    {
        string watchdog = Assert.Single(Wiring.OfKind("watchdog"));

        Assert.Single(Wiring.Between("jumper", Wiring.NetOf(watchdog + ".RSTn"), Wiring.NetOf("U1.EN")));
        Assert.Contains("U1.IO" + Wiring.GpioOn(Wiring.NetOf(watchdog + ".DONE")), Wiring.Joined(watchdog + ".DONE"));
        Assert.Single(Wiring.Between("resistor", Wiring.NetOf(watchdog + ".DONE"), Netlist.Ground));
        Assert.Single(Wiring.Between("capacitor", Wiring.NetOf(watchdog + ".VDD"), Netlist.Ground));
    }

    [Fact]
    public void The_watchdog_is_slower_than_the_firmwares_supervisor_and_bites_within_minutes()
    {
        string resistor = Assert.Single(Wiring.Between("resistor", Wiring.NetOf("U3.DELAY"), Netlist.Ground));

        // TPL5010 datasheet, selection of the external resistance, intervals from 100 to 1000 s: 100 T = a D² + b D + c
        // with D = R / 100 Ω.
        double d = Wiring.Ohms(resistor) / 100;
        double seconds = ((0.2617 * d * d) - (56.2407 * d) + 5957.7934) / 100;

        Assert.InRange(seconds, 100, 180);
        Assert.Contains(
            $" {seconds:0} s (TPL5010 datasheet",
            File.ReadAllText(Path.Combine(Repository.Root, "hardware", "README.md")));
    }

    [Fact]
    public void The_picture_was_drawn_from_this_netlist()
    {
        string folder = Path.Combine(Repository.Root, "hardware", "wiring");
        byte[] sources =
        [
            .. ((string[])["wiring.json", "draw.js", "skin.svg"])
                .SelectMany(file => File.ReadAllBytes(Path.Combine(folder, file))),
        ];
        string picture = File.ReadAllText(Path.Combine(folder, "wiring.svg"));

        Assert.True(
            picture.Contains(Convert.ToHexStringLower(SHA256.HashData(sources))),
            "hardware/wiring/wiring.svg is older than its sources: run hardware/wiring/draw");
        Assert.All(Wiring.Parts, part => Assert.Contains($">{part.Key}</text>", picture));
        Assert.All(Wiring.Parts, part => Assert.Contains($">{part.Value.Value}</text>", picture));
    }

    [Fact]
    public void The_picture_of_the_breadboard_was_drawn_from_this_netlist_and_has_the_sensors_four_wires()
    {
        string folder = Path.Combine(Repository.Root, "hardware", "wiring");
        string[] files = ["wiring.json", "breadboard.js", "../boards/esp32-devkitc/pins.csv"];
        byte[] sources = [.. files.SelectMany(file => File.ReadAllBytes(Path.Combine(folder, file)))];
        string picture = File.ReadAllText(Path.Combine(folder, "breadboard.svg"));

        Assert.True(
            picture.Contains(Convert.ToHexStringLower(SHA256.HashData(sources))),
            "hardware/wiring/breadboard.svg is older than its sources: run hardware/wiring/draw");
        Assert.Equal(PinsOf["sensor"].Length, picture.Split("class=\"wire\"").Length - 1);
    }
}

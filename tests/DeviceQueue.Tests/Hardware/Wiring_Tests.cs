using System.Security.Cryptography;
using DeviceQueue.Outputs;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The netlist of each board against the rules of the parts and against the firmware.</summary>
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
        ["battery"] = ["+", "-"],
    };

    // What the boards call what all of them have.
    private static readonly string[] NoGpios = ["3V3", "5V", "EN", "RST", "GND", "G", "BAT+", "BAT-"];

    public static TheoryData<string> Boards => [.. DevKit.Names];

    public static TheoryData<string> FedByUsb => [.. DevKit.FedByUsb];

    [Theory]
    [MemberData(nameof(Boards))]
    public void Every_pin_is_on_one_net_and_every_net_joins_some(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string[] pins = [.. wiring.Nets.Values.SelectMany(net => net)];

        Assert.Equal(pins.Distinct(), pins);
        Assert.All(wiring.Nets, net => Assert.True(net.Value.Length > 1, net.Key + " joins nothing"));
        Assert.All(pins, pin => Assert.Contains(Netlist.PartOf(pin), wiring.Parts.Keys));
        Assert.All(
            wiring.Parts.Where(part => part.Value.Kind != "board"),
            part => Assert.Equal(
                PinsOf[part.Value.Kind].Select(pin => part.Key + "." + pin),
                pins.Where(pin => Netlist.PartOf(pin) == part.Key).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_board_has_the_pins_and_lets_them_be_used_so_on_every_module(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string[] used =
        [
            .. wiring.Nets.Values.SelectMany(net => net)
                .Where(pin => Netlist.PartOf(pin) == "U1")
                .Select(pin => pin["U1.".Length..]),
        ];

        Assert.Equal(4, used.Intersect(NoGpios).Count());
        foreach (string label in used.Except(NoGpios))
        {
            var pin = DevKit.Of(name).Pins.Values.Single(pin => pin["label"] == label);
            string net = wiring.NetOf("U1." + label);
            if (net == "HALF_BATTERY")
            {
                Assert.StartsWith("ADC1 channel", pin["note"]);
            }
            else
            {
                Assert.Equal("yes", pin[net is "SDA" or "SCL" ? "i2c" : "output"]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_sensor_is_on_the_firmwares_default_pins(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        DevKit board = DevKit.Of(name);
        IPinRules rules = board.Rules(hasPsram: true);

        Assert.Equal((rules.I2cDataPin, rules.I2cClockPin), (board.GpioOn("SDA"), board.GpioOn("SCL")));
        Assert.All((string[])["SDA", "SCL"], line => Assert.Contains("U2." + line, wiring.Nets[line]));
        Assert.Equal(("3V3", Netlist.Ground), (wiring.NetOf("U2.VIN"), wiring.NetOf("U2.GND")));
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void Each_line_of_the_bus_has_a_pull_up_beside_the_breakouts(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        foreach (string line in (string[])["SDA", "SCL"])
        {
            string pullUp = Assert.Single(wiring.Between("resistor", line, "3V3"));

            // A breakout adds 10 kΩ of its own; I2C specification, table 9: a line is pulled to 0.4 V with 3 mA at
            // most.
            double ohms = 1 / ((1 / wiring.Ohms(pullUp)) + (1 / 10e3));
            Assert.InRange(ohms, (SupplyVolts - 0.4) / 3e-3, 10e3);
        }
    }

    [Fact]
    public void The_battery_feeds_the_boards_socket_and_nothing_draws_that_the_board_and_its_sensor_do_not()
    {
        Netlist wiring = DevKit.OnBattery.Wiring;
        string battery = Assert.Single(wiring.OfKind("battery"));

        Assert.Equal(["U1.BAT+"], wiring.Joined(battery + ".+"));
        Assert.Contains("U1.BAT-", wiring.Joined(battery + ".-"));
        Assert.Equal(
            ["battery", "board", "capacitor", "sensor"], wiring.Parts.Values.Select(part => part.Kind).Order());
    }

    [Fact]
    public void The_pin_that_measures_the_battery_has_a_capacitor_that_a_read_does_not_empty()
    {
        Netlist wiring = DevKit.OnBattery.Wiring;

        Assert.Single(wiring.Between("capacitor", "HALF_BATTERY", Netlist.Ground));
        Assert.Equal(2, wiring.Nets["HALF_BATTERY"].Length);
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void A_relay_is_off_at_reset_and_its_coil_harms_nothing(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string relay = Assert.Single(wiring.OfKind("relay"));
        string coil = wiring.NetOf(relay + ".A2");
        string collector = Assert.Single(wiring.Nets[coil], pin => pin.EndsWith(".C", StringComparison.Ordinal));
        string transistor = Netlist.PartOf(collector);
        string @base = wiring.NetOf(transistor + ".B");
        string pullDown = Assert.Single(wiring.Between("resistor", @base, Netlist.Ground));
        string drive = Assert.Single(
            wiring.OfKind("resistor").Except([pullDown]),
            part => wiring.Nets[@base].Any(pin => Netlist.PartOf(pin) == part));
        string control = wiring.NetOf(wiring.NetOf(drive + ".1") == @base ? drive + ".2" : drive + ".1");
        string flyback = Assert.Single(wiring.Between("diode", coil, "5V"));

        Assert.Equal(("5V", Netlist.Ground), (wiring.NetOf(relay + ".A1"), wiring.NetOf(transistor + ".E")));
        Assert.Equal((coil, "5V"), (wiring.NetOf(flyback + ".A"), wiring.NetOf(flyback + ".K")));
        Assert.NotEqual("pull-up", DevKit.Of(name).PinOn(control)["at_reset"]);
        Assert.DoesNotContain("pull-up after reset", DevKit.Of(name).PinOn(control)["note"]);
        Assert.DoesNotMatch("(?i)high for some", DevKit.Of(name).PinOn(control)["note"]);

        // BC337-25: a gain of 160 at least, VBE 0.7 V. Twice the coil's current is sure saturation.
        double amperes = ((LeastHighVolts - 0.7) / wiring.Ohms(drive)) - (0.7 / wiring.Ohms(pullDown));
        Assert.True(amperes * 160 > 2 * 5 / 63.0, $"{amperes * 1000:0.0} mA into the base are too few");
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void The_status_LED_has_a_resistor_that_it_shines_with_and_the_pin_bears(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string led = Assert.Single(wiring.OfKind("led"));
        string resistor = Netlist.PartOf(Assert.Single(wiring.Joined(led + ".A")));

        Assert.Equal(Netlist.Ground, wiring.NetOf(led + ".K"));
        Assert.Equal([resistor], wiring.Between("resistor", "STATUS", wiring.NetOf(led + ".A")));
        Assert.InRange((SupplyVolts - 2) / wiring.Ohms(resistor), 2e-3, 12e-3);
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void The_watchdog_pulls_EN_through_a_jumper_and_only_edges_of_the_chip_feed_it(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string watchdog = Assert.Single(wiring.OfKind("watchdog"));

        Assert.Single(wiring.Between("jumper", wiring.NetOf(watchdog + ".RSTn"), "EN"));
        Assert.Contains(wiring.Nets["EN"], pin => pin is "U1.EN" or "U1.RST");
        Assert.Equal("FEED", wiring.NetOf(watchdog + ".DONE"));
        Assert.Contains(wiring.Joined(watchdog + ".DONE"), pin => Netlist.PartOf(pin) == "U1");
        Assert.Single(wiring.Between("resistor", wiring.NetOf(watchdog + ".DONE"), Netlist.Ground));
        Assert.Single(wiring.Between("capacitor", wiring.NetOf(watchdog + ".VDD"), Netlist.Ground));
    }

    [Theory]
    [MemberData(nameof(FedByUsb))]
    public void The_watchdog_is_slower_than_the_firmwares_supervisor_and_bites_within_minutes(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string resistor = Assert.Single(wiring.Between("resistor", wiring.NetOf("U3.DELAY"), Netlist.Ground));

        // TPL5010 datasheet, selection of the external resistance, intervals from 100 to 1000 s: 100 T = a D² + b D + c
        // with D = R / 100 Ω.
        double d = wiring.Ohms(resistor) / 100;
        double seconds = ((0.2617 * d * d) - (56.2407 * d) + 5957.7934) / 100;

        Assert.InRange(seconds, 100, 180);
        Assert.Contains(
            $" {seconds:0} s (TPL5010 datasheet",
            File.ReadAllText(Path.Combine(Repository.Root, "hardware", "README.md")));
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_picture_was_drawn_from_this_netlist(string name)
    {
        Netlist wiring = DevKit.Of(name).Wiring;
        string hardware = Path.Combine(Repository.Root, "hardware");
        string[] files = [$"boards/{name}/wiring.json", "wiring/draw.js", "wiring/skin.svg"];
        byte[] sources = [.. files.SelectMany(file => File.ReadAllBytes(Path.Combine(hardware, file)))];
        string picture = File.ReadAllText(Path.Combine(hardware, "boards", name, "wiring.svg"));

        string hash = Convert.ToHexStringLower(SHA256.HashData(sources));
        Assert.True(picture.Contains(hash), "wiring.svg is older than its sources: run hardware/wiring/draw");
        Assert.All(wiring.Parts, part => Assert.Contains($">{part.Key}</text>", picture));
        Assert.All(wiring.Parts, part => Assert.Contains($">{part.Value.Value}</text>", picture));
    }

    [Fact]
    public void The_picture_of_the_breadboard_was_drawn_from_this_netlist_and_has_the_sensors_four_wires()
    {
        string folder = Path.Combine(Repository.Root, "hardware", "boards", "esp32-devkitc");
        string[] files = ["wiring.json", "../../wiring/breadboard.js", "pins.csv"];
        byte[] sources = [.. files.SelectMany(file => File.ReadAllBytes(Path.Combine(folder, file)))];
        string picture = File.ReadAllText(Path.Combine(folder, "breadboard.svg"));

        Assert.True(
            picture.Contains(Convert.ToHexStringLower(SHA256.HashData(sources))),
            "breadboard.svg is older than its sources: run hardware/wiring/draw");
        Assert.Equal(PinsOf["sensor"].Length, picture.Split("class=\"wire\"").Length - 1);
    }
}

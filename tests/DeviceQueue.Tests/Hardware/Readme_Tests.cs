using System.Text.RegularExpressions;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Hardware;

/// <summary>What the pages tell a builder against netlist and firmware.</summary>
public sealed partial class Readme_Tests
{
    private static readonly DevKit Board = DevKit.Of("esp32-devkitc");

    [Fact]
    public void The_wiring_table_is_the_netlist()
    {
        var told = TableRow()
            .Matches(Page.Read("hardware/README.md"))
            .ToDictionary(row => row.Groups["net"].Value, row => row.Groups["pins"].Value.Split(", "));

        Assert.Equal(Board.Wiring.Nets.Keys, told.Keys);
        Assert.All(told, net => Assert.Equal(Board.Wiring.Nets[net.Key], net.Value));
    }

    [Fact]
    public void The_four_wires_come_first_and_are_the_netlists()
    {
        var told = WireRow().Matches(Page.Read("hardware/README.md"))
            .Select(row => ("U1." + row.Groups["board"].Value, "U2." + row.Groups["sensor"].Value));
        var wired = Board.Wiring.Nets.Values.Where(net => net.Any(pin => Netlist.PartOf(pin) == "U2"))
            .Select(net => (PinOf(net, "U1"), PinOf(net, "U2")));

        Assert.Equal(wired, told);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("hardware/README.md")]
    [InlineData("firmware/SETTINGS.md")]
    public void The_settings_of_a_page_name_the_netlists_relay(string page)
    {
        OutputSettings relay = Assert.Single(Page.Settings(page).Outputs);

        Assert.Equal(("relay1", Board.GpioOn("RELAY1")), (relay.Name, relay.Pin));

        // The transistor conducts on a high level.
        Assert.Equal((true, false), (relay.IsActiveHigh, relay.IsSafeOn));
    }

    [Fact]
    public void The_settings_of_the_whole_wiring_name_its_LED_and_its_watchdog()
    {
        DeviceSettings device = Page.Settings("hardware/README.md");

        Assert.Equal((Board.GpioOn("STATUS"), Board.GpioOn("FEED")), (device.StatusLedPin, device.WatchdogPin));
    }

    [Fact]
    public void The_table_of_the_boards_has_the_pins_of_each_netlist_and_its_image()
    {
        string[] nets = ["SDA", "SCL", "STATUS", "RELAY1", "FEED"];
        string page = Page.Read("hardware/README.md");

        Assert.All(DevKit.All, board =>
        {
            string pins = string.Join(
                " | ", nets.Select(net => board.Wiring.Nets.ContainsKey(net) ? board.PinOn(net)["label"] : "–"));
            Assert.Contains($"| [{board.Name}](boards/{board.Name}) | `{board.TargetName}` | {pins} |", page);
        });
    }

    [Fact]
    public void The_settings_of_the_battery_board_sleep_and_measure_where_its_divider_is()
    {
        DeviceSettings device = Page.Settings("hardware/README.md", "battery settings");
        int pin = DevKit.OnBattery.GpioOn("HALF_BATTERY");
        Assert.Null(DevKit.OnBattery.Rules(hasPsram: false).WhyNotAdc(pin, out int channel));

        Assert.True(device.Sleep.IsOn);
        Assert.Equal((channel, 2.0), (device.Battery.Channel, device.Battery.Factor));
        Assert.EndsWith($"ADC1 channel {channel}: half of the battery's voltage", DevKit.OnBattery.Pins[pin]["note"]);

        // The RT9080 drops 0.31 V at 600 mA, and the chip needs 3.0 V.
        Assert.InRange(device.Battery.LowMv, 3000 + 310, 3700);
    }

    private static string PinOf(IEnumerable<string> net, string part) => net.First(pin => Netlist.PartOf(pin) == part);

    [GeneratedRegex(@"^\| (?<board>3V3|GND|IO\d+) \| (?<sensor>VIN|GND|SDA|SCL)\b", RegexOptions.Multiline)]
    private static partial Regex WireRow();

    [GeneratedRegex(@"^\| (?<net>\w+) \| (?<pins>\w+\.\w+(, \w+\.\w+)+) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();
}

using System.Text;
using System.Text.RegularExpressions;
using DeviceQueue.Configuring;
using DeviceQueue.Esp32;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Hardware;

/// <summary>What the pages tell a builder against netlist and firmware.</summary>
public sealed partial class Readme_Tests
{
    [Fact]
    public void The_wiring_table_is_the_netlist()
    {
        var told = TableRow().Matches(Page("hardware/README.md")).ToDictionary(row => row.Groups["net"].Value, row => row.Groups["pins"].Value.Split(", "));

        Assert.Equal(Netlist.Wiring.Nets.Keys, told.Keys);
        Assert.All(told, net => Assert.Equal(Netlist.Wiring.Nets[net.Key], net.Value));
    }

    [Fact]
    public void The_settings_of_the_hardware_page_are_good_and_name_the_netlists_pins()
    {
        DeviceSettings device = Settings("hardware/README.md");

        Assert.Equal(Netlist.Wiring.GpioOn("STATUS"), device.StatusLedPin);
        Assert.Equal(Netlist.Wiring.GpioOn("FEED"), device.WatchdogPin);
        OutputSettings relay = Assert.Single(device.Outputs);
        AssertRelay(relay);
    }

    [Fact]
    public void The_first_settings_name_the_netlists_relay()
    {
        AssertRelay(Assert.Single(Settings("README.md").Outputs));
    }

    private static void AssertRelay(OutputSettings relay)
    {
        Assert.Equal(("relay1", Netlist.Wiring.GpioOn("RELAY1")), (relay.Name, relay.Pin));

        // The transistor conducts on a high level.
        Assert.Equal((true, false), (relay.IsActiveHigh, relay.IsSafeOn));
    }

    private static DeviceSettings Settings(string page)
    {
        byte[] json = Encoding.UTF8.GetBytes(SettingsBlock().Match(Page(page)).Groups[1].Value);
        LoadedSettings loaded = new SettingsLoader(new SettingsStore(new MemoryStore()), new Esp32Pins(true), "default", ConnectionSettings.GetDefaults()).Load(json, json.Length);

        Assert.Equal(SettingsSource.File, loaded.Source);
        Assert.Equal(0, loaded.Problems.WarningCount);
        return loaded.Device;
    }

    private static string Page(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"^\| (?<net>\w+) \| (?<pins>\w+\.\w+(, \w+\.\w+)+) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"<!-- settings -->\s*```json(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SettingsBlock();
}

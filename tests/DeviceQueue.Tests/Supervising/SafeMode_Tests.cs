using DeviceQueue.Configuring;
using DeviceQueue.Supervising;
using DeviceQueue.Tests.Configuring;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Supervising;

public sealed class SafeMode_Tests
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Fact]
    public void Who_the_device_is_how_it_connects_and_its_pins_are_kept_and_all_else_is_default()
    {
        SettingsLoader loader = Load("{\"device\":{\"id\":\"bar1\",\"command_key\":\"" + Key + "\",\"ntp_server\":\"time.local\",\"interval_ms\":1000,\"reboot_after_ms\":0,\"safe_after_ms\":5000,\"i2c\":{\"sda\":17},"
            + "\"status_led\":4,\"watchdog_pin\":16,\"outputs\":[{\"name\":\"r\",\"pin\":26,\"safe\":\"on\"}]},\"options\":{\"max_messages\":1},"
            + "\"connection\":{\"uri\":\"mqtts://u:p@host:1234\"},\"tls\":{\"ca\":\"ca.pem\"}}");
        LoadedSettings safe = loader.GetSafeMode();

        DeviceSettings device = safe.Device;
        Assert.Equal(("bar1", 32, "time.local", 4, 16), (device.Id, device.CommandKey.Length, device.NtpServer, device.StatusLedPin, device.WatchdogPin));
        Assert.Equal(("r", true), (device.Outputs[0].Name, device.Outputs[0].IsSafeOn));
        Assert.Equal((1000, 900000, 0, 17), (device.IntervalMs, device.RebootAfterMs, device.SafeAfterMs, device.I2cDataPin));
        Assert.Equal(("mqtts://u:p@host:1234", "ca.pem", "12"), (safe.Config.Get("connection.uri"), safe.Config.Get("tls.ca"), safe.Config.Get("options.max_messages")));
    }

    [Fact]
    public void A_change_by_command_is_made_to_the_whole_settings()
    {
        SettingsLoader loader = Load("{\"device\":{\"id\":\"bar1\",\"safe_after_ms\":5000},\"connection\":{\"host\":\"h\"}}");
        var problems = new ConfigProblems();
        loader.GetSafeMode();
        LoadedSettings changed = loader.CheckChange(ConfigParams.FromString("device.interval_ms=5000"), problems);

        Assert.Empty(problems.Errors());
        Assert.Equal((5000, 5000), (changed.Device.IntervalMs, changed.Device.SafeAfterMs));
    }

    [Fact]
    public void Two_commands_are_left()
    {
        string[] commands = ["output.set", "config.set", "device.reboot", "device.info", "config.get"];

        Assert.Equal(["config.set", "device.info"], commands.Where(SafeMode.Takes));
    }

    private static SettingsLoader Load(string json)
    {
        byte[] file = World.Utf8(json);
        var loader = new SettingsLoader(new SettingsStore(new MemoryStore { Files = { ["ca.pem"] = [1] } }), null, "dq-000001", ConnectionSettings.GetDefaults());
        LoadedSettings loaded = loader.Load(file, file.Length);
        Assert.Empty(loaded.Problems.Errors());
        return loader;
    }
}

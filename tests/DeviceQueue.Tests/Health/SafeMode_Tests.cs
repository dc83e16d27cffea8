using DeviceQueue.Configuration;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Settings;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Health;

public sealed class SafeMode_Tests
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Fact]
    public void What_is_measured_where_and_as_whom_is_kept_and_all_else_is_default()
    {
        SettingsLoader loader = Load(
            "{\"client_id\":\"thing-4711\",\"device\":{\"id\":\"bar1\",\"command_key\":\"" + Key
                + "\",\"ntp_server\":\"time.local\",\"interval_ms\":1000,"
            + "\"reboot_after_ms\":0,\"safe_after_ms\":5000,\"i2c\":{\"sda\":17},\"sensor\":{\"address\":118},"
            + "\"temperature_offset\":-4.5,\"max_step\":2,\"discovery\":true,"
            + "\"battery\":{\"pin\":33,\"low_v\":3.5},"
            + "\"safe_mode_boots\":9,\"stable_ms\":1000,\"status_led\":4,\"watchdog_pin\":16,"
            + "\"outputs\":[{\"name\":\"r\",\"pin\":26,\"safe\":\"on\"}]},"
            + "\"options\":{\"max_messages\":1,\"clean_session\":false,\"keepalive_timeout\":90000,\"qos\":0},"
            + "\"connection\":{\"uri\":\"mqtts://u:p@host:1234\"},\"tls\":{\"ca\":\"ca.pem\"}}");
        loader.UseSafeMode();

        DeviceSettings device = loader.Device;
        Assert.Equal(
            ("bar1", 32, "time.local", 4, 16),
            (device.Id, device.CommandKey.Length, device.NtpServer, device.StatusLedPin, device.WatchdogPin));
        Assert.Equal(
            ("r", true, 17, 0x76),
            (device.Outputs[0].Name, device.Outputs[0].IsSafeOn, device.I2cDataPin, device.SensorAddress));
        Assert.Equal(
            (1000, -4.5, 9, 1000),
            (device.IntervalMs, device.TemperatureOffset, device.SafeModeBoots, device.StableMs));
        Assert.Equal(
            (900000, 0, 0.0, false), (device.RebootAfterMs, device.SafeAfterMs, device.MaxStep, device.IsDiscoveryOn));
        Assert.Equal((33, 3500), (device.Battery.Channel, device.Battery.LowMv));
        MqttLinkOptions endpoint = Assert.Single(loader.Connection.Endpoints);
        Assert.Equal(
            ("host", 1234, true, "thing-4711", "u"),
            (endpoint.Host, endpoint.Port, endpoint.IsSecure, endpoint.ClientId, endpoint.Username));
        Assert.NotNull(endpoint.CaCertificate);
        Assert.Equal(
            (true, 15, 1, 8),
            (
                endpoint.CleanSession,
                endpoint.KeepAliveSeconds,
                loader.Connection.Readings.Qos,
                loader.Connection.Readings.MaxMessages));
        Assert.Equal("safe", loader.Settings.SourceWord);
    }

    [Theory]
    [InlineData("\"outputs\":[{\"name\":\"relay1\",\"pin\":21}]")]
    [InlineData("\"status_led\":22")]
    [InlineData("\"watchdog_pin\":21")]
    public void A_board_with_its_bus_on_other_pins_and_an_output_on_the_usual_ones_gets_into_safe_mode(string setting)
    {
        SettingsLoader loader = Load(
            "{\"device\":{\"id\":\"bar1\",\"i2c\":{\"sda\":32,\"scl\":33}," + setting
                + "},\"connection\":{\"host\":\"h\"}}");
        loader.UseSafeMode();

        Assert.Equal((32, 33), (loader.Device.I2cDataPin, loader.Device.I2cClockPin));
    }

    [Fact]
    public void A_change_by_command_is_made_to_the_whole_settings()
    {
        SettingsLoader loader = Load(
            "{\"device\":{\"id\":\"bar1\",\"safe_after_ms\":5000},\"connection\":{\"host\":\"h\"}}");
        loader.UseSafeMode();
        var changes = new SettingsChanges(new ConfigProblems());
        changes.TrySet("device.interval_ms", "5000");
        Assert.NotNull(loader.Settings.CheckChange(changes));
        Assert.True(loader.Settings.TryKeep(changes, new byte[LoadedSettings.ScratchBytes]));

        Assert.Equal((5000, 5000), (loader.Settings.Device.IntervalMs, loader.Settings.Device.SafeAfterMs));
        Assert.Equal(60000, loader.Device.IntervalMs);
    }

    [Fact]
    public void Two_commands_are_left()
    {
        string[] commands = ["output.set", "config.set", "device.reboot", "device.info", "config.get"];

        Assert.Equal(["config.set", "device.info"], commands.Where(SafeMode.Takes));
    }

    private static SettingsLoader Load(string json)
    {
        var store = new MemoryStore
        {
            Files =
            {
                ["ca.pem"] = World.Utf8("-----BEGIN CERTIFICATE-----"),
                [SettingsLoader.FileName] = World.Utf8(json),
            },
        };
        var loader = new SettingsLoader(store, null);
        Assert.True(loader.Load("dq-000001"), string.Join("; ", loader.Problems.Errors()));
        return loader;
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;

namespace DeviceQueue.Tests.Settings;

public sealed class DeviceSettings_Tests
{
    private readonly ConfigProblems _problems = new();

    [Fact]
    public void Has_the_defaults_of_the_documentation()
    {
        DeviceSettings settings = Good(string.Empty);

        Assert.Equal("dq-a1b2c3", settings.Id);
        Assert.Null(settings.CommandKey);
        Assert.Equal(
            (60000, 0.0, 3600000, 0.0, 0.0),
            (
                settings.IntervalMs,
                settings.ReportDelta,
                settings.ReportAtLeastMs,
                settings.TemperatureOffset,
                settings.MaxStep));
        Assert.Equal(
            (false, 0, 21, 22),
            (settings.IsDiscoveryOn, settings.SensorAddress, settings.I2cDataPin, settings.I2cClockPin));
        Assert.Equal((DeviceSettings.NoPin, DeviceSettings.NoPin), (settings.StatusLedPin, settings.WatchdogPin));
        Assert.Equal(
            (0, 900000, 60000, 300000),
            (settings.SafeAfterMs, settings.RebootAfterMs, settings.CommandTtlMs, settings.HealthIntervalMs));
        Assert.Equal((5, 600000, false), (settings.SafeModeBoots, settings.StableMs, settings.LateTopic));
        Assert.Null(settings.NtpServer);
        Assert.Empty(settings.Outputs);
    }

    [Fact]
    public void A_device_that_sleeps_has_defaults_of_its_own()
    {
        DeviceSettings settings = Good("device.sleep=true");

        Assert.Equal((300000, 7260000), (settings.IntervalMs, settings.CommandTtlMs));
        Assert.Equal((1000, 1), (settings.Sleep.AwakeMs, settings.Sleep.ConnectEvery));
        Assert.Null(Good(string.Empty).Sleep);
    }

    [Theory]
    [InlineData("", 7_260_000)] // two hours and a minute at least
    [InlineData("device.connect_every=48;", 28_860_000)] // two pauses of four hours
    [InlineData("device.interval_ms=86400000;device.connect_every=7;", 172_860_000)] // a day at most
    [InlineData("device.command_ttl_ms=176400000;", 176_400_000)]
    [InlineData("device.command_ttl_ms=60000;", 60_000)]
    public void A_command_may_wait_two_of_the_longest_pauses(string config, int ttlMs) =>
        Assert.Equal(ttlMs, Good("device.sleep=true;" + config).CommandTtlMs);

    [Theory]
    [InlineData("device.interval_ms=149999", "device.interval_ms", "at least 150000 is needed")]
    [InlineData("device.connect_every=12;device.interval_ms=79999", "device.interval_ms", "at least 80000 is needed")]
    [InlineData("device.watchdog_pin=13", "device.watchdog_pin", "nothing feeds a watchdog while the board sleeps")]
    [InlineData(
        "device.outputs.3.name=a;device.outputs.3.pin=16;device.outputs.3.safe=on",
        "device.outputs.0.safe",
        "no pin is driven while the board sleeps")]
    [InlineData("options.clean_session=true", "options.clean_session", "commands wait in the session")]
    [InlineData("options.outbox=", "options.outbox", "readings wait in a file")]
    [InlineData("options.qos=0", "options.qos", "readings wait in a file")]
    [InlineData("device.connect_every=0", "device.connect_every", "1 to 86400")]
    [InlineData("device.awake_ms=60001", "device.awake_ms", "0 to 60000")]
    public void What_cannot_sleep_is_refused_with_the_reason(string config, string key, string reason)
    {
        Assert.Null(Read("device.sleep=true;" + config));
        string error = Assert.Single(_problems.Errors());
        Assert.StartsWith(key + " is ", error);
        Assert.Contains(reason, error);
    }

    [Fact]
    public void An_awake_device_lets_no_command_wait_for_more_than_an_hour()
    {
        Assert.Null(Read("device.command_ttl_ms=3600001"));
        Assert.Contains("at most 3600000 is allowed", Assert.Single(_problems.Errors()));
    }

    [Fact]
    public void Takes_every_value_of_a_full_configuration()
    {
        DeviceSettings settings = Good(
            "device.id=bar_1-X;device.command_key="
            + string.Concat(Enumerable.Range(0, 32).Select(i => i.ToString("x2")))
            + ";device.interval_ms=30000;device.report_delta=0.25;device.report_at_least_ms=60000;"
            + "device.temperature_offset=-1.5;device.max_step=5"
            + ";device.discovery=true;device.sensor.address=0x77;device.i2c.sda=18;device.i2c.scl=19;"
            + "device.status_led=4;device.watchdog_pin=13"
            + ";device.safe_after_ms=30000;device.reboot_after_ms=0;device.command_ttl_ms=5000;"
            + "device.health_interval_ms=1000;device.ntp_server=ntp.local"
            + ";device.outputs.0.name=relay1;device.outputs.0.pin=16;device.outputs.0.active=low;"
            + "device.outputs.0.safe=on"
            + ";device.outputs.1.name=fan;device.outputs.1.pin=17");

        Assert.Equal("bar_1-X", settings.Id);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (byte)i), settings.CommandKey);
        Assert.Equal(
            (30000, 0.25, 60000, -1.5, 5.0),
            (
                settings.IntervalMs,
                settings.ReportDelta,
                settings.ReportAtLeastMs,
                settings.TemperatureOffset,
                settings.MaxStep));
        Assert.Equal(
            (true, 0x77, 18, 19),
            (settings.IsDiscoveryOn, settings.SensorAddress, settings.I2cDataPin, settings.I2cClockPin));
        Assert.Equal((4, 13), (settings.StatusLedPin, settings.WatchdogPin));
        Assert.Equal(
            (30000, 0, 5000, 1000, "ntp.local"),
            (
                settings.SafeAfterMs,
                settings.RebootAfterMs,
                settings.CommandTtlMs,
                settings.HealthIntervalMs,
                settings.NtpServer));
        Assert.Equal(
            [("relay1", 16, false, true), ("fan", 17, true, false)],
            settings.Outputs.Select(o => (o.Name, o.Pin, o.IsActiveHigh, o.IsSafeOn)));
    }

    [Fact]
    public void Takes_how_many_failed_boots_bring_safe_mode_or_that_none_do()
    {
        DeviceSettings settings = Good("device.safe_mode_boots=0;device.stable_ms=60000;device.late_topic=yes");

        Assert.Equal((0, 60000, true), (settings.SafeModeBoots, settings.StableMs, settings.LateTopic));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("118", 0x76)]
    [InlineData("0x76", 0x76)]
    [InlineData("119", 0x77)]
    [InlineData("0x77", 0x77)]
    [InlineData("68", 0x44)]
    [InlineData("0x44", 0x44)]
    [InlineData("69", 0x45)]
    [InlineData("0x45", 0x45)]
    public void Takes_the_addresses_that_the_sensor_can_have(string text, int expected)
    {
        Assert.Equal(expected, Good("device.sensor.address=" + text).SensorAddress);
    }

    [Theory]
    [InlineData("auto", SensorTypes.Auto)]
    [InlineData("bme280", SensorTypes.Bme280)]
    [InlineData("bmp280", SensorTypes.Bmp280)]
    [InlineData("sht31", SensorTypes.Sht31)]
    public void Takes_the_types_that_the_sensor_can_have(string text, int expected)
    {
        Assert.Equal(expected, Good("device.sensor.type=" + text).SensorType);
    }

    [Fact]
    public void A_type_that_is_not_known_is_refused_with_those_that_are()
    {
        Assert.Equal(
            "device.sensor.type is \"sht32\": auto, bme280, bmp280 or sht31 is allowed",
            Bad(ConfigParams.FromTuples("device.sensor.type", "sht32")));
    }

    [Theory]
    [InlineData("sht31", "0x76")]
    [InlineData("bme280", "0x44")]
    [InlineData("bmp280", "0x45")]
    public void An_address_that_the_type_cannot_have_is_refused(string type, string address)
    {
        Assert.Equal(
            $"device.sensor.address is \"{address}\": "
            + "an SHT31 has 0x44 or 0x45, the other types have 0x76 or 0x77",
            Bad(ConfigParams.FromTuples("device.sensor.type", type, "device.sensor.address", address)));
    }

    [Theory]
    [InlineData("device.id", "")]
    [InlineData("device.id", "a/b")]
    [InlineData("device.id", "bär")]
    [InlineData("device.id", "123456789012345678901234567890123")]
    [InlineData("device.interval_ms", "999")]
    [InlineData("device.interval_ms", "86400001")]
    [InlineData("device.interval_ms", "60s")]
    [InlineData("device.interval_ms", "")]
    [InlineData("device.report_delta", "-0.1")]
    [InlineData("device.report_delta", "NaN")]
    [InlineData("device.report_at_least_ms", "0")]
    [InlineData("device.temperature_offset", "51")]
    [InlineData("device.max_step", "-1")]
    [InlineData("device.discovery", "on")]
    [InlineData("device.sensor.address", "117")]
    [InlineData("device.sensor.type", "sht32")]
    [InlineData("device.i2c.sda", "-1")]
    [InlineData("device.status_led", "256")]
    [InlineData("device.watchdog_pin", "none")]
    [InlineData("device.safe_after_ms", "-1")]
    [InlineData("device.reboot_after_ms", "4999")]
    [InlineData("device.command_ttl_ms", "0")]
    [InlineData("device.health_interval_ms", "0")]
    [InlineData("device.safe_mode_boots", "86")]
    [InlineData("device.stable_ms", "999")]
    [InlineData("device.late_topic", "2")]
    [InlineData("device.ntp_server", "a\nb")]
    public void Refuses_a_bad_value_and_names_it(string key, string value)
    {
        string error = Bad(ConfigParams.FromTuples(key, value));

        Assert.StartsWith($"{key} is \"{value.Replace('\n', '?')}\": ", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg")]
    [InlineData(
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef00")]
    public void Refuses_a_command_key_that_is_too_weak_or_no_key_and_does_not_show_it(string key)
    {
        Assert.Equal(
            "device.command_key is \"(hidden)\": 64 to 128 hexadecimal digits, two for each byte, are allowed",
            Bad(ConfigParams.FromTuples("device.command_key", key)));
    }

    [Theory]
    [InlineData("device.outputs.0.pin=16", "device.outputs.0.name is missing: 1 to 32 of A-Z a-z 0-9 _ - are allowed")]
    [InlineData("device.outputs.0.name=a", "device.outputs.0.pin is missing: each output needs the number of its pin")]
    [InlineData(
        "device.outputs.0.name=a/b;device.outputs.0.pin=16",
        "device.outputs.0.name is \"a/b\": 1 to 32 of A-Z a-z 0-9 _ - are allowed")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=16;device.outputs.0.active=on",
        "device.outputs.0.active is \"on\": low or high is allowed")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=16;device.outputs.0.safe=0",
        "device.outputs.0.safe is \"0\": off or on is allowed")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=16;device.outputs.1.name=a;device.outputs.1.pin=17",
        "device.outputs.1.name is \"a\": another output has this name")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=16;device.outputs.1.name=b;device.outputs.1.pin=16",
        "device.outputs.1.pin is \"16\": pin 16 is not allowed, device.outputs.0.pin is this pin already")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=21",
        "device.outputs.0.pin is \"21\": pin 21 is not allowed, device.i2c.sda is this pin already")]
    [InlineData(
        "device.i2c.scl=21", "device.i2c.scl is \"21\": pin 21 is not allowed, device.i2c.sda is this pin already")]
    [InlineData(
        "device.status_led=16;device.watchdog_pin=16",
        "device.watchdog_pin is \"16\": pin 16 is not allowed, device.status_led is this pin already")]
    [InlineData("device.status_led=34", "device.status_led is \"34\": pin 34 is not allowed, it is an input only")]
    [InlineData("device.i2c.sda=34", "device.i2c.sda is \"34\": pin 34 is not allowed, it has no I2C")]
    [InlineData(
        "device.outputs.0.name=a;device.outputs.0.pin=34",
        "device.outputs.0.pin is \"34\": pin 34 is not allowed, it is an input only")]
    public void Refuses_outputs_and_pins_that_cannot_be(string line, string error)
    {
        Assert.Equal(error, Bad(ConfigParams.FromString(line)));
    }

    [Fact]
    public void Takes_sixteen_outputs_and_no_more()
    {
        ConfigParams Outputs(int count)
        {
            var config = new ConfigParams();
            for (int i = 0; i < count; i++)
            {
                config.Set($"device.outputs.{i}.name", "out" + i);
                config.Set($"device.outputs.{i}.pin", (100 + i).ToString());
            }

            return config;
        }

        Assert.Equal(16, DeviceConfig.Read(Outputs(16), null, "dq-a1b2c3", _problems)!.Outputs.Length);
        Assert.Equal("device.outputs has too many entries: at most 16 are allowed", Bad(Outputs(17)));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("True", true)]
    [InlineData("FALSE", false)]
    [InlineData("1", true)]
    [InlineData("0", false)]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    [InlineData("y", true)]
    [InlineData("t", true)]
    [InlineData("F", false)]
    [InlineData("N", false)]
    public void Takes_the_words_of_pip_services_for_true_and_false(string word, bool isOn)
    {
        Assert.Equal(isOn, Good("device.discovery=" + word).IsDiscoveryOn);
    }

    [Fact]
    public void Reports_all_that_is_wrong_at_once()
    {
        Assert.Null(
            DeviceConfig.Read(
                ConfigParams.FromString("device.interval_ms=1;device.id=?;device.discovery=2"),
                null,
                "dq-a1b2c3",
                _problems));
        Assert.Equal(3, _problems.ErrorCount);
    }

    [Fact]
    public void Refuses_a_default_id_that_is_none()
    {
        Assert.Null(DeviceConfig.Read(new ConfigParams(), null, "not an id", _problems));
    }

    private DeviceSettings? Read(string line) =>
        DeviceConfig.Read(ConfigParams.FromString(line), new InputOnlyFrom34(), "dq-a1b2c3", _problems);

    private DeviceSettings Good(string line)
    {
        DeviceSettings settings = Read(line)!;
        Assert.Empty(_problems.Errors());
        return settings;
    }

    private string Bad(ConfigParams config)
    {
        Assert.Null(DeviceConfig.Read(config, new InputOnlyFrom34(), "dq-a1b2c3", _problems));
        return Assert.Single(_problems.Errors());
    }

    private sealed class InputOnlyFrom34 : IPinRules
    {
        public int I2cDataPin => 21;

        public int I2cClockPin => 22;

        public string? WhyNotOutput(int pin) => pin is >= 34 and <= 39 ? "it is an input only" : null;

        public string? WhyNotI2c(int pin) => pin is >= 34 and <= 39 ? "it has no I2C" : null;

        public string? WhyNotAdc(int pin, out int channel)
        {
            channel = pin;
            return null;
        }
    }
}

using System.Text.Json;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Settings;

namespace DeviceQueue.Tests.Readings;

/// <summary>A battery that is measured, as those around the device see it.</summary>
public sealed class Battery_Tests
{
    private const string Pin = "device.battery.pin=33;";
    private const string LowAt3500 = Pin + "device.battery.low_v=3.5;";

    [Fact]
    public void The_voltage_stands_in_the_reading_and_in_health()
    {
        Node node = Start(Pin);

        Assert.Equal(4, Node.Json(node.On("temperature")[^1]).GetProperty("battery").GetDouble(), 0.002);
        Assert.Matches("\"battery\":4\\.\\d{3},\"seq\"", node.On("temperature")[^1].Text);
        JsonElement battery = Battery(node);
        Assert.Equal("ok", battery.GetProperty("state").GetString());
        Assert.Equal(4, battery.GetProperty("voltage").GetDouble(), 0.002);
        Assert.False(battery.GetProperty("low").GetBoolean());
        Assert.Equal(4, node.Do("sensor.read", "{}").GetProperty("result").GetProperty("battery").GetDouble(), 0.002);
    }

    [Theory]
    [InlineData("device.battery.ratio=3.2;", 6.4)]
    [InlineData("device.battery.calibration=1.1;", 4.4)]
    [InlineData("device.battery.ratio=1;device.battery.calibration=0.9;", 1.8)]
    public void Ratio_and_calibration_give_the_batterys_voltage(string config, double volts)
    {
        Node node = Start(Pin + config);

        Assert.Equal(volts, Battery(node).GetProperty("voltage").GetDouble(), 0.005);
    }

    [Fact]
    public void Without_a_pin_nothing_is_measured_and_nothing_said()
    {
        Node node = Start("device.battery.low_v=3.5;");

        Assert.Equal(0, node.Battery.Reads);
        Assert.False(Node.Json(node.On("temperature")[^1]).TryGetProperty("battery", out _));
        Assert.False(node.Health().TryGetProperty("battery", out _));
        Assert.DoesNotContain(node.Log.Lines, line => line.Contains("battery", StringComparison.Ordinal));
    }

    [Fact]
    public void Values_that_are_far_off_do_not_count_while_most_agree()
    {
        var node = new Node(Pin);
        node.Battery.Steps = [4095, 2642, 0, 2640, 2641, 4095, 2639, 0, 2643];
        node.World.Open();
        node.World.RunFor(1000);

        Assert.Equal(9, node.Battery.Reads);
        Assert.Equal(
            2641 * 3.1 * 2 / 4095, Node.Json(node.On("temperature")[^1]).GetProperty("battery").GetDouble(), 0.001);
    }

    [Theory]
    [InlineData(0, "out_of_range")]
    [InlineData(0.25, "out_of_range")]
    [InlineData(6.3, "out_of_range")]
    [InlineData(double.NaN, "no_answer")]
    public void What_cannot_be_measured_is_a_state_and_no_number_and_the_reading_is_published(
        double volts, string state)
    {
        Node node = Start(LowAt3500);
        SetVolts(node.Battery, volts);
        node.World.RunFor(120_000);

        JsonElement reading = Node.Json(node.On("temperature")[^1]);
        Assert.Equal(3, reading.GetProperty("seq").GetInt32());
        Assert.False(reading.TryGetProperty("battery", out _));
        node.Do("device.info", "{}");
        JsonElement battery = Battery(node);
        Assert.Equal(state, battery.GetProperty("state").GetString());
        Assert.False(battery.TryGetProperty("voltage", out _));
        Assert.False(battery.GetProperty("low").GetBoolean());
        Assert.Single(node.Log.Lines, line => line.Contains("battery: " + state, StringComparison.Ordinal));
        SetVolts(node.Battery, 4);
        node.World.RunFor(60_000);
        Assert.True(Node.Json(node.On("temperature")[^1]).TryGetProperty("battery", out _));
    }

    [Fact]
    public void A_low_battery_is_said_once_and_well_again_a_tenth_of_a_volt_above()
    {
        Node node = Start(LowAt3500);
        node.Battery.Volts = 3.49;
        node.World.RunFor(180_000);
        Assert.Single(node.Log.Lines, line => line.Contains("mV, low", StringComparison.Ordinal));
        node.Do("device.info", "{}");
        Assert.True(Battery(node).GetProperty("low").GetBoolean());

        node.Battery.Volts = 3.59;
        node.World.RunFor(60_000);
        node.Do("device.info", "{}");
        Assert.True(Battery(node).GetProperty("low").GetBoolean());

        node.Battery.Volts = 3.61;
        node.World.RunFor(60_000);
        node.Do("device.info", "{}");
        Assert.False(Battery(node).GetProperty("low").GetBoolean());
        Assert.Equal(3, node.Log.Lines.Count(line => line.Contains("battery: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Home_Assistant_is_told_of_a_voltage_and_that_it_is_gone()
    {
        const string Topic = "homeassistant/sensor/bar1/battery/config";
        Node node = Start(Pin + "device.discovery=true;");

        JsonElement told = JsonDocument.Parse(node.Broker.Retained(Topic)!).RootElement;
        Assert.Equal("voltage", told.GetProperty("dev_cla").GetString());
        Assert.Equal("V", told.GetProperty("unit_of_meas").GetString());
        Assert.Equal("sensor/bar1/health", told.GetProperty("stat_t").GetString());
        Assert.Equal("{{value_json.battery.voltage}}", told.GetProperty("val_tpl").GetString());
        JsonElement device = JsonDocument.Parse(node.Broker.Retained("homeassistant/device/bar1/config")!).RootElement;
        Assert.False(device.GetProperty("cmps").TryGetProperty("battery", out _));

        Node without = Start("device.discovery=true;");
        Assert.Equal("", without.Broker.Retained(Topic) ?? "");
    }

    [Theory]
    [InlineData("pin", "x", "a whole number from 0 to 255 is allowed")]
    [InlineData("ratio", "0.5", "a number from 1 to 10 is allowed")]
    [InlineData("calibration", "1.3", "a number from 0.8 to 1.2 is allowed")]
    [InlineData("calibration", "one", "a number from 0.8 to 1.2 is allowed")]
    [InlineData("low_v", "-1", "a number from 0 to 40 is allowed")]
    public void A_value_that_is_not_allowed_is_refused_with_what_is(string name, string value, string allowed)
    {
        string key = "device.battery." + name;

        Assert.Equal($"{key} is \"{value}\": {allowed}", Refusal(key + "=" + value));
    }

    // ESP-IDF's ADC page of each chip; strapping pins are for what holds a level at reset, which a battery does not.
    [Theory]
    [InlineData("esp32", "36 37 38 39 32 33 34 35", "pins 32 to 39 can measure a battery")]
    [InlineData("s3", "1 2 - 4 5 6 7 8 9 10", "pins 1 to 10 can measure a battery")]
    [InlineData("c3", "0 1 - 3 4", "pins 0 to 4 can measure a battery")]
    public void Each_board_has_its_pins_and_their_channels(string chip, string pins, string reason)
    {
        IPinRules rules = chip == "esp32" ? new Esp32Board(false)
            : chip == "s3" ? new Esp32S3Board() : new Esp32C3Board();
        string[] channels = pins.Split(' ');
        for (int pin = 0; pin < 256; pin++)
        {
            string config = $"device.i2c.sda=18;device.i2c.scl=21;device.battery.pin={pin};";
            config = chip == "c3" ? $"device.i2c.sda=7;device.i2c.scl=10;device.battery.pin={pin};" : config;
            var problems = new ConfigProblems();
            DeviceSettings? settings = DeviceConfig.Read(ConfigParams.FromString(config), rules, "x", problems);

            int channel = Array.IndexOf(channels, pin.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (channel >= 0)
            {
                Assert.Equal(channel, settings!.Battery.Channel);
            }
            else
            {
                string error = Assert.Single(problems.Errors());
                Assert.StartsWith($"device.battery.pin is \"{pin}\": pin {pin} is not allowed, ", error);
                Assert.True(
                    error.EndsWith(reason, StringComparison.Ordinal)
                    || error.Contains("strapping pin", StringComparison.Ordinal), error);
            }
        }
    }

    [Theory]
    [InlineData("device.i2c.sda=33;")]
    [InlineData("device.status_led=33;")]
    [InlineData("device.outputs.0.name=r;device.outputs.0.pin=33;")]
    public void A_pin_that_has_another_use_is_refused(string use)
    {
        Assert.EndsWith("is this pin already", Refusal(Pin + use));
    }

    private static string Refusal(string config)
    {
        var problems = new ConfigProblems();
        Assert.Null(DeviceConfig.Read(ConfigParams.FromString(config), null, "x", problems));
        return Assert.Single(problems.Errors());
    }

    private static Node Start(string config)
    {
        var node = new Node(config);
        node.World.Open();
        node.World.RunFor(1000);
        node.Do("device.info", "{}");
        return node;
    }

    private static void SetVolts(FakeBattery battery, double volts)
    {
        battery.Throws = double.IsNaN(volts);
        battery.Volts = battery.Throws ? 0 : volts;
    }

    private static JsonElement Battery(Node node) => node.Health().GetProperty("battery");
}

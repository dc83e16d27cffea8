using System.Globalization;
using DeviceQueue.Configuration;
using DeviceQueue.Esp32;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Settings;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The firmware's pin rules against the board's data, pin by pin.</summary>
public sealed class Pins_Tests
{
    private const int PinNumbers = 256;

    private static readonly Dictionary<int, IReadOnlyDictionary<string, string>> Board =
        Csv.Read("boards/esp32-devkitc/pins.csv")
            .ToDictionary(pin => int.Parse(pin["gpio"], CultureInfo.InvariantCulture));

    // How the firmware says what pins.csv calls a limit.
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["flash"] = "wired to the flash",
        ["strapping"] = "strapping pin, whose level at reset decides how the chip boots",
        ["input_only"] = "inputs only",
        ["console"] = "console's serial line",
        ["psram"] = "wired to the module's PSRAM",
    };

    public static MatrixTheoryData<string, bool> Uses =>
        new(
            ["device.status_led", "device.watchdog_pin", "device.outputs.0.pin", "device.i2c.sda", "device.i2c.scl"],
            [false, true]);

    [Fact]
    public void The_data_has_each_pin_of_the_chip_with_its_limits()
    {
        Assert.Equal(Enumerable.Range(0, 40).Except([20, 24, 28, 29, 30, 31]), Board.Keys.Order());
        Assert.Equal([0, 2, 5, 12, 15], Limited("strapping"));
        Assert.Equal([6, 7, 8, 9, 10, 11], Limited("flash"));
        Assert.Equal([34, 35, 36, 37, 38, 39], Limited("input_only"));
        Assert.Equal([1, 3], Limited("console"));
        Assert.Equal([16, 17], Limited("psram"));
        Assert.All(
            Board.Values, pin => Assert.Contains(pin["at_reset"], (string[])["pull-up", "pull-down", "floating"]));
        string[] places = [.. Board.Values.Select(pin => pin["header"]).Where(header => header.Length > 0)];
        Assert.Equal(places.Distinct(), places);
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_pin_is_taken_where_the_board_can_and_refused_with_key_value_and_reason_where_it_cannot(
        string key, bool hasPsram)
    {
        for (int pin = 0; pin < PinNumbers; pin++)
        {
            ConfigProblems problems = new();
            DeviceSettings? settings = DeviceConfig.Read(Config(key, pin), new Esp32Pins(hasPsram), "x", problems);

            string? reason = Reason(key, pin, hasPsram);
            if (reason == null)
            {
                Assert.Empty(problems.Errors());
                Assert.NotNull(settings);
            }
            else
            {
                string error = Assert.Single(problems.Errors());
                Assert.StartsWith($"{key} is \"{pin}\": pin {pin} is not allowed, ", error);
                Assert.EndsWith(reason, error);
            }
        }
    }

    private static IEnumerable<int> Limited(string limit) =>
        Board.Where(pin => pin.Value["limit"] == limit).Select(pin => pin.Key);

    private static string? Reason(string key, int pin, bool hasPsram)
    {
        if (!Board.TryGetValue(pin, out var data))
        {
            return "the chip has no such pin";
        }

        string can = data[key.Contains("i2c") ? "i2c" : "output"];
        return can == "yes" || (can == "without_psram" && !hasPsram) ? null : Reasons[data["limit"]];
    }

    /// <summary>A configuration in which the pin has no other use.</summary>
    private static ConfigParams Config(string key, int pin)
    {
        ConfigParams config = ConfigParams.FromTuples(
            "device.i2c.sda", pin == 32 ? "33" : "32", "device.i2c.scl", pin == 25 ? "26" : "25");
        config.Set(key, pin.ToString(CultureInfo.InvariantCulture));
        if (key.Contains("outputs"))
        {
            config.Set("device.outputs.0.name", "relay1");
        }

        return config;
    }
}

using System.Globalization;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Settings;

namespace DeviceQueue.Tests.Hardware;

/// <summary>The firmware's pin rules against the boards' data, pin by pin.</summary>
public sealed class Pins_Tests
{
    private const int PinNumbers = 256;

    // How the firmware says what pins.csv calls a limit.
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["flash"] = "wired to the flash",
        ["strapping"] = "strapping pin, whose level at reset decides how the chip boots",
        ["input_only"] = "inputs only",
        ["console"] = "console's serial line",
        ["psram"] = "wired to the module's PSRAM",
        ["usb"] = "data line of the chip's USB port",
    };

    private static readonly string[] Keys =
        ["device.status_led", "device.watchdog_pin", "device.outputs.0.pin", "device.i2c.sda", "device.i2c.scl"];

    public static MatrixTheoryData<string, string, bool> Uses => new(DevKit.Names, Keys, [false, true]);

    public static TheoryData<string> Boards => [.. DevKit.Names];

    // ESP-IDF programming guide, GPIO summary of each chip, and the board's guide for the console.
    [Theory]
    [InlineData("esp32-devkitc", 40, "20 24 28-31", "0 2 5 12 15", "6-11", "34-39", "1 3", "16 17", "")]
    [InlineData("esp32-s3-devkitc-1", 49, "22-25", "0 3 45 46", "26-32", "", "43 44", "33-37", "19 20")]
    [InlineData("esp32-c3-devkitm-1", 22, "", "2 8 9", "11-17", "", "20 21", "", "18 19")]
    [InlineData("firebeetle2-esp32-e", 40, "20 24 28-31", "0 2 5 12 15", "6-11", "34-39", "1 3", "16 17", "")]
    public void The_data_has_each_pin_of_the_chip_with_its_limits(
        string name,
        int count,
        string missing,
        string strapping,
        string flash,
        string inputs,
        string console,
        string psram,
        string usb)
    {
        var pins = DevKit.Of(name).Pins;
        IEnumerable<int> Limited(string limit) => pins.Where(pin => pin.Value["limit"] == limit).Select(pin => pin.Key);

        Assert.Equal(Enumerable.Range(0, count).Except(Numbers(missing)), pins.Keys.Order());
        Assert.Equal(Numbers(strapping), Limited("strapping"));
        Assert.Equal(Numbers(flash), Limited("flash"));
        Assert.Equal(Numbers(inputs), Limited("input_only"));
        Assert.Equal(Numbers(console), Limited("console"));
        Assert.Equal(Numbers(psram), Limited("psram"));
        Assert.Equal(Numbers(usb), Limited("usb"));
        string[] levels = ["pull-up", "pull-down", "floating"];
        Assert.All(pins.Values, pin => Assert.Contains(pin["at_reset"], levels));
        string[] places = [.. pins.Values.Select(pin => pin["header"]).Where(header => header.Length > 0)];
        Assert.Equal(places.Distinct(), places);
    }

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_pin_is_taken_where_the_board_can_and_refused_with_key_value_and_reason_where_it_cannot(
        string name, string key, bool hasPsram)
    {
        DevKit board = DevKit.Of(name);
        var pins = board.Pins;
        for (int pin = 0; pin < PinNumbers; pin++)
        {
            ConfigProblems problems = new();
            ConfigParams config = Config(pins, key, pin);
            DeviceSettings? settings = DeviceConfig.Read(config, board.Rules(hasPsram), "x", problems);

            string? reason = Reason(pins, key, pin, hasPsram);
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

    [Theory]
    [MemberData(nameof(Boards))]
    public void Without_a_setting_the_bus_is_on_pins_that_the_board_lets_it_have(string name)
    {
        DevKit board = DevKit.Of(name);
        ConfigProblems problems = new();

        DeviceSettings settings = DeviceConfig.Read(new ConfigParams(), board.Rules(hasPsram: true), "x", problems)!;

        Assert.Empty(problems.Errors());
        Assert.NotEqual(settings.I2cDataPin, settings.I2cClockPin);
        Assert.All(
            (int[])[settings.I2cDataPin, settings.I2cClockPin],
            pin => Assert.Equal(("yes", ""), (board.Pins[pin]["i2c"], board.Pins[pin]["limit"])));
    }

    [Fact]
    public void One_line_that_a_file_names_leaves_the_other_on_the_boards_own_pin()
    {
        ConfigParams config = ConfigParams.FromTuples("device.i2c.scl", "10");

        DeviceSettings settings = DeviceConfig.Read(config, new Esp32C3Board(), "x", new ConfigProblems())!;

        Assert.Equal((5, 10), (settings.I2cDataPin, settings.I2cClockPin));
    }

    // Targets of nanoFramework's interpreter, and of its community's.
    [Theory]
    [InlineData("ESP32_REV0", typeof(Esp32Board))]
    [InlineData("ESP32_PSRAM_REV3_IPV6", typeof(Esp32Board))]
    [InlineData("ESP32_OLIMEX_WROVER", typeof(Esp32Board))]
    [InlineData("M5StickCPlus", typeof(Esp32Board))]
    [InlineData("ESP32_S3_QUAD", typeof(Esp32S3Board))]
    [InlineData("ESP32_S3_OCTAL", typeof(Esp32S3Board))]
    [InlineData("AtomS3", typeof(Esp32S3Board))]
    [InlineData("ESP32_C3", typeof(Esp32C3Board))]
    [InlineData("ESP32_C3_BETA", typeof(Esp32C3Board))]
    [InlineData("XIAO_ESP32C3", typeof(Esp32C3Board))]
    public void The_name_of_the_image_tells_the_board(string targetName, Type board)
    {
        Assert.IsType(board, Board.Find(targetName, hasPsram: false));
    }

    private static IEnumerable<int> Numbers(string ranges)
    {
        foreach (string range in ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int[] ends = [.. range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture))];
            for (int i = ends[0]; i <= ends[^1]; i++)
            {
                yield return i;
            }
        }
    }

    private static string? Reason(
        IReadOnlyDictionary<int, IReadOnlyDictionary<string, string>> pins, string key, int pin, bool hasPsram)
    {
        if (!pins.TryGetValue(pin, out var data))
        {
            return "the chip has no such pin";
        }

        string can = data[key.Contains("i2c") ? "i2c" : "output"];
        return can == "yes" || (can == "without_psram" && !hasPsram) ? null : Reasons[data["limit"]];
    }

    /// <summary>A configuration in which the pin has no other use.</summary>
    private static ConfigParams Config(
        IReadOnlyDictionary<int, IReadOnlyDictionary<string, string>> pins, string key, int pin)
    {
        int[] others = [.. pins.Where(data => data.Value["i2c"] == "yes" && data.Key != pin).Select(data => data.Key)];
        ConfigParams config = ConfigParams.FromTuples(
            "device.i2c.sda", others[0].ToString(CultureInfo.InvariantCulture),
            "device.i2c.scl", others[1].ToString(CultureInfo.InvariantCulture));
        config.Set(key, pin.ToString(CultureInfo.InvariantCulture));
        if (key.Contains("outputs"))
        {
            config.Set("device.outputs.0.name", "relay1");
        }

        return config;
    }
}

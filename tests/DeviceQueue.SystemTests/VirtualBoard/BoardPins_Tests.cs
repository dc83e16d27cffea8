using System.Device.Gpio;
using System.Device.I2c;
using DeviceQueue.Tests;
using nanoFramework.Runtime.Native;
using VirtualBoard;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class BoardPins_Tests
{
    public static TheoryData<string> Boards => [.. BoardModel.All.Select(board => board.Name)];

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_virtual_board_has_the_pins_of_the_real_one(string name)
    {
        // gpio, label, header, at_reset, output, i2c, limit, note
        BoardModel model = BoardModel.Find(name);
        string file = Path.Combine(Repository.Root, "hardware", "boards", name, "pins.csv");
        Dictionary<int, string> limits = File.ReadLines(file).Skip(1).Select(line => line.Split(','))
            .ToDictionary(fields => int.Parse(fields[0]), fields => fields[6]);

        for (int pin = -1; pin <= BoardModel.MaxPinCount; pin++)
        {
            Assert.Equal(limits.ContainsKey(pin), model.Exists(pin));
            if (limits.TryGetValue(pin, out string? limit))
            {
                Assert.Equal(limit == "input_only", model.IsInputOnly(pin));
                Assert.Equal(limit == "flash", model.IsFlash(pin));
                Assert.Equal(limit == "psram", model.IsPsram(pin));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_firmware_hears_which_board_it_is_on_and_gets_its_pins_alone(string name)
    {
        BoardModel model = BoardModel.Find(name);
        using Bench bench = new(model);

        bench.Run(() =>
        {
            using GpioController pins = new();
            Assert.Equal(model.TargetName, SystemInfo.TargetName);
            Assert.Equal(model.PinCount, pins.PinCount);
            Assert.Throws<InvalidOperationException>(() => pins.OpenPin(model.PinCount, PinMode.Output));
            pins.OpenPin(model.Relay, PinMode.Output);
        });
    }

    [Fact]
    public void With_PSRAM_the_pins_of_the_flash_cannot_be_opened_and_those_of_the_PSRAM_hang_the_chip()
    {
        using Bench bench = new(BoardModel.Esp32S3);
        bench.Run(() =>
        {
            using GpioController pins = new();
            Assert.Throws<InvalidOperationException>(() => pins.OpenPin(26, PinMode.Output));
        });

        bench.Board.PowerOn(() => new GpioController().OpenPin(35, PinMode.Output));

        Assert.True(SpinWait.SpinUntil(() => bench.Board.HangReason != null, Bench.Patience));
        Assert.Equal("Pin 35 belongs to the PSRAM.", bench.Board.HangReason);
    }

    [Fact]
    public void A_chip_with_one_I2C_bus_has_no_second()
    {
        using Bench bench = new(BoardModel.Esp32C3);

        bench.Run(() =>
        {
            Assert.Throws<ArgumentException>(() => I2cDevice.Create(new I2cConnectionSettings(2, 0x76)));
        });
    }
}

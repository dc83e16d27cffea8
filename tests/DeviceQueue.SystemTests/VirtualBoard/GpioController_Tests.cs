using System.Device.Gpio;
using VirtualBoard;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class GpioController_Tests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(-1)]
    [InlineData(20)]
    [InlineData(24)]
    [InlineData(28)]
    [InlineData(31)]
    [InlineData(40)]
    public void A_pin_that_does_not_exist_cannot_be_opened(int pin)
    {
        _bench.Run(() =>
        {
            using GpioController gpio = new();
            Assert.Throws<InvalidOperationException>(() => gpio.OpenPin(pin));
            Assert.True(gpio.IsPinOpen(pin));
        });
    }

    [Fact]
    public void A_pin_opens_once_until_it_is_closed()
    {
        _bench.Run(() =>
        {
            GpioController gpio = new();
            gpio.OpenPin(4);
            Assert.True(gpio.IsPinOpen(4));
            Assert.Throws<InvalidOperationException>(() => gpio.OpenPin(4));
            Assert.Throws<InvalidOperationException>(() => new GpioController().OpenPin(4, PinMode.Output));

            gpio.ClosePin(4);
            Assert.False(gpio.IsPinOpen(4));
            gpio.OpenPin(4);
            Assert.Throws<InvalidOperationException>(() => gpio.ClosePin(5));
        });
    }

    [Theory]
    [InlineData(34)]
    [InlineData(39)]
    public void An_input_only_pin_never_becomes_an_output(int pin)
    {
        _bench.Run(() =>
        {
            GpioController gpio = new();
            Assert.False(gpio.IsPinModeSupported(pin, PinMode.Output));
            Assert.True(gpio.IsPinModeSupported(pin, PinMode.Input));
            Assert.Throws<ArgumentException>(() => gpio.OpenPin(pin).SetPinMode(PinMode.Output));
        });
        Assert.Empty(_bench.Board.Gpio[pin].Changes);
    }

    [Fact]
    public void A_pin_taken_from_the_flash_hangs_the_chip()
    {
        ManualResetEvent lost = new(false);
        _bench.Board.PowerLost += () => lost.Set();
        bool wentOn = false;
        _bench.Board.PowerOn(() =>
        {
            new GpioController().OpenPin(6).SetPinMode(PinMode.Output);
            wentOn = true;
        });

        Bench.Await(lost);
        Assert.Contains("flash", _bench.Board.HangReason, StringComparison.Ordinal);
        Assert.False(_bench.Board.IsOn);
        Assert.False(wentOn);
    }

    [Fact]
    public void Write_before_the_pin_is_an_output_throws()
    {
        _bench.Run(() => Assert.Throws<ArgumentException>(() => new GpioController().OpenPin(4).Write(PinValue.High)));
        Assert.Null(_bench.Board.Gpio[4].Level);
    }

    [Fact]
    public void An_output_starts_low_whatever_the_firmware_wants()
    {
        _bench.Run(() => new GpioController().OpenPin(4, PinMode.Output).Write(PinValue.High));

        Assert.Equal([PinValue.Low, PinValue.High], _bench.Board.Gpio[4].Changes.Select(c => c.Level!.Value));
        Assert.Equal(PinMode.Output, _bench.Board.Gpio[4].Mode);
    }

    [Fact]
    public void An_output_that_starts_in_its_low_state_has_no_glitch()
    {
        _bench.Run(() =>
        {
            GpioPin pin = new GpioController().OpenPin(4, PinMode.Output);
            pin.Write(PinValue.Low);
            pin.Write(PinValue.Low);
        });

        PinChange change = Assert.Single(_bench.Board.Gpio[4].Changes);
        Assert.Equal(PinValue.Low, change.Level);
    }

    [Fact]
    public void An_output_reads_low_always()
    {
        _bench.Run(() =>
        {
            GpioPin pin = new GpioController().OpenPin(4, PinMode.Output);
            pin.Write(PinValue.High);
            Assert.Equal(PinValue.Low, pin.Read());
            pin.Toggle();
            pin.Toggle();
        });
        Assert.Equal(PinValue.High, _bench.Board.Gpio[4].Level);
    }

    [Fact]
    public void An_input_reads_what_the_circuit_drives()
    {
        _bench.Run(() =>
        {
            GpioPin pin = new GpioController().OpenPin(35, PinMode.Input);
            Assert.Equal(PinValue.Low, pin.Read());
            _bench.Board.Gpio[35].ExternalLevel = PinValue.High;
            Assert.Equal(PinValue.High, pin.Read());
        });
        Assert.Null(_bench.Board.Gpio[35].Level);
    }

    [Fact]
    public void An_open_drain_drives_low_and_floats()
    {
        _bench.Run(() => new GpioController().OpenPin(4, PinMode.OutputOpenDrain).Write(PinValue.High));
        Assert.Equal([PinValue.Low, null], _bench.Board.Gpio[4].Changes.Select(c => c.Level));
    }

    [Fact]
    public void A_closed_pin_floats_and_is_of_no_use()
    {
        _bench.Run(() =>
        {
            GpioController gpio = new();
            GpioPin pin = gpio.OpenPin(4, PinMode.Output);
            pin.Write(PinValue.High);
            gpio.Dispose();
            Assert.Throws<ObjectDisposedException>(() => pin.Write(PinValue.Low));
        });
        Assert.Null(_bench.Board.Gpio[4].Level);
    }

    [Fact]
    public void Every_change_is_recorded_with_its_time_and_announced()
    {
        List<PinChange> announced = [];
        _bench.Board.Gpio[5].Changed += (pin, change) =>
        {
            Assert.Equal(5, pin.Number);
            announced.Add(change);
        };
        _bench.Run(() =>
        {
            GpioPin pin = new GpioController().OpenPin(5, PinMode.Output);
            for (int i = 0; i < 10; i++)
            {
                pin.Toggle();
            }
        });
        _bench.Board.PowerOff();

        IReadOnlyList<PinChange> changes = _bench.Board.Gpio[5].Changes;
        Assert.Equal(12, changes.Count);
        Assert.Equal(announced, changes);
        Assert.Equal(changes.OrderBy(c => c.Time), changes);
        Assert.Null(changes[^1].Level);
    }

    [Fact]
    public void A_handler_of_a_pins_change_can_reset_the_board()
    {
        ManualResetEvent secondBoot = new(false);
        _bench.Board.Gpio[5].Changed += (_, change) =>
        {
            if (change.Level == PinValue.High)
            {
                _bench.Board.Reset();
            }
        };
        _bench.Board.PowerOn(() =>
        {
            GpioPin pin = new GpioController().OpenPin(5, PinMode.Output);
            if (_bench.Board.BootCount == 1)
            {
                pin.Write(PinValue.High);
                pin.Write(PinValue.High);
            }

            secondBoot.Set();
        });
        Bench.Await(secondBoot);
        Assert.Equal(2, _bench.Board.BootCount);
        Assert.Equal(PinValue.Low, _bench.Board.Gpio[5].Level);
    }
}

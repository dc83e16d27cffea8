using System.Device.Gpio;
using System.Device.I2c;
using nanoFramework.Hardware.Esp32;
using VirtualBoard;
using VirtualBoard.Parts;
using PinFunctions = nanoFramework.Hardware.Esp32.Configuration;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class I2cDevice_Tests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly Bmx280Slave _sensor = new(Bmx280Chip.Bme280, new ConstantClimate(new Climate(20, 50, 1000)));

    public I2cDevice_Tests() => _bench.Board.I2c.Attach(0x76, _sensor);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_transfer_that_nobody_answers_says_so_and_throws_nothing()
    {
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x77);
            byte[] buffer = [1, 2, 3];

            I2cTransferResult result = device.Read(buffer);

            Assert.Equal(I2cTransferStatus.SlaveAddressNotAcknowledged, result.Status);
            Assert.Equal(0u, result.BytesTransferred);
            Assert.Equal([1, 2, 3], buffer);
            Assert.Equal(I2cTransferStatus.SlaveAddressNotAcknowledged, device.WriteByte(0xD0).Status);
        });
    }

    [Fact]
    public void ReadByte_that_nobody_answers_returns_the_last_byte_written()
    {
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x77);
            Assert.Equal(0, device.ReadByte());
            device.WriteByte(0xD0);
            Assert.Equal(0xD0, device.ReadByte());
        });
    }

    [Fact]
    public void Without_SetPinFunction_the_bus_is_on_other_pins_and_finds_nobody()
    {
        _bench.Run(() =>
        {
            I2cDevice device = new(new I2cConnectionSettings(1, 0x76));
            Assert.Equal(I2cTransferStatus.SlaveAddressNotAcknowledged, device.WriteByte(0xD0).Status);

            Assert.Equal(I2cTransferStatus.FullTransfer, Bench.OpenI2c(0x76).WriteByte(0xD0).Status);
        });
    }

    [Fact]
    public void Either_bus_can_be_led_to_the_sensors_pins()
    {
        _bench.Run(() =>
        {
            PinFunctions.SetPinFunction(21, DeviceFunction.I2C2_DATA);
            PinFunctions.SetPinFunction(22, DeviceFunction.I2C2_CLOCK);
            Assert.Equal(22, PinFunctions.GetFunctionPin(DeviceFunction.I2C2_CLOCK));
            Assert.Equal(
                I2cTransferStatus.FullTransfer,
                new I2cDevice(new I2cConnectionSettings(2, 0x76)).WriteByte(0xD0).Status);
        });
    }

    [Fact]
    public void Swapped_wires_find_nobody()
    {
        _bench.Run(() =>
        {
            PinFunctions.SetPinFunction(22, DeviceFunction.I2C1_DATA);
            PinFunctions.SetPinFunction(21, DeviceFunction.I2C1_CLOCK);
            Assert.Equal(
                I2cTransferStatus.SlaveAddressNotAcknowledged,
                new I2cDevice(new I2cConnectionSettings(1, 0x76)).WriteByte(0xD0).Status);
        });
    }

    [Fact]
    public void A_bus_or_pin_that_is_not_there_or_in_use_is_refused()
    {
        _bench.Run(() =>
        {
            Assert.Throws<ArgumentException>(() => new I2cDevice(new I2cConnectionSettings(3, 0x76)));
            Assert.Throws<ArgumentException>(() => PinFunctions.SetPinFunction(40, DeviceFunction.I2C1_DATA));
            new GpioController().OpenPin(I2cWires.DefaultSda);
            Assert.ThrowsAny<Exception>(() => Bench.OpenI2c(0x76));
        });
    }

    [Fact]
    public void A_closed_device_transfers_nothing()
    {
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            device.Dispose();
            Assert.Throws<InvalidOperationException>(() => device.WriteByte(0xD0));
        });
    }
}

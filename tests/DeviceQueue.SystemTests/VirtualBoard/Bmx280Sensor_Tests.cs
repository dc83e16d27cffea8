using System.Device.I2c;
using DeviceQueue.NanoFramework;
using DeviceQueue.Readings;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Bmx280Sensor_Tests : IDisposable
{
    // The datasheet's example, BST-BME280-DS002 and BST-BMP280-DS001 section 3.12: 25.08 °C, 1006.53 hPa.
    private const int GoodTemperature = 519888;
    private const int GoodPressure = 415148;
    private const int GoodHumidity = 0x7000;

    private readonly Bench _bench = new();
    private readonly Bmx280Slave _slave = new(Bmx280Chip.Bme280, new ConstantClimate(new Climate(21.5, 45, 1006.5)));
    private readonly Reading _reading = new();

    public Bmx280Sensor_Tests() => _bench.Board.I2c.Attach(0x76, _slave);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(0, GoodPressure)]
    [InlineData(0x80000, GoodPressure)]
    [InlineData(0xFFFFF, GoodPressure)]
    [InlineData(GoodTemperature, 0)]
    [InlineData(GoodTemperature, 0x80000)]
    [InlineData(GoodTemperature, 0xFFFFF)]
    [InlineData(GoodTemperature, 0xF0000)] // below 300 hPa
    [InlineData(GoodTemperature, 0x10000)] // above 1100 hPa
    [InlineData(0xF0000, GoodPressure)] // above 85 °C
    [InlineData(0x20000, GoodPressure)] // below -40 °C
    public void What_the_converters_cannot_mean_is_a_fault_and_what_they_can_is_believed(int temperature, int pressure)
    {
        Measure(sensor =>
        {
            _slave.StuckAt = new Bmx280Raw(temperature, pressure, GoodHumidity);
            Assert.Equal(SensorState.OutOfRange, sensor.Read(_reading));

            _slave.StuckAt = new Bmx280Raw(GoodTemperature, GoodPressure, GoodHumidity);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(25.08, _reading.Get(Quantity.Temperature), 0.01);
            Assert.Equal(1006.53, _reading.Get(Quantity.Pressure), 0.01);
        });
    }

    [Fact]
    public void A_sensor_that_lost_its_settings_or_its_wires_says_so_and_is_set_up_anew()
    {
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            _slave.LosePower();
            Assert.Equal(SensorState.Reset, sensor.Read(_reading));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));

            _slave.IsUnplugged = true;
            Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
            Assert.Equal(SensorState.NotFound, sensor.Read(_reading));
            _slave.IsUnplugged = false;
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
        });
    }

    [Theory]
    [InlineData(0xF2, 0)] // no humidity
    [InlineData(0xF5, 0)]
    [InlineData(0xF5, 0x5C)] // a filter
    [InlineData(0xF4, 0, SensorState.Ok)] // each measurement writes it
    [InlineData(0xF4, 0x27, SensorState.Ok)]
    public void Settings_that_another_wrote_make_no_reading(
        byte register, byte value, SensorState state = SensorState.Reset)
    {
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            using (I2cDevice other = Bench.OpenI2c(0x76))
            {
                other.Write(new byte[] { register, value });
            }

            Assert.Equal(state, sensor.Read(_reading));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
            Assert.Equal(45, _reading.Get(Quantity.Humidity), 0.02);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x8000)] // not measured
    [InlineData(0xFFFF)]
    public void A_humidity_that_was_not_measured_is_a_fault_and_not_one_of_62_91_or_0_or_100_percent(int humidity)
    {
        Measure(sensor =>
        {
            _slave.StuckAt = new Bmx280Raw(GoodTemperature, GoodPressure, humidity);
            Assert.Equal(SensorState.OutOfRange, sensor.Read(_reading));

            _slave.StuckAt = new Bmx280Raw(GoodTemperature, GoodPressure, GoodHumidity);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(40.11, _reading.Get(Quantity.Humidity), 0.005);
        });
    }

    [Fact]
    public void A_chip_whose_trimming_is_negative_reads_by_the_datasheet_though_the_driver_takes_the_sign_for_size()
    {
        _bench.Board.I2c.Attach(0x77, new NegativeH5(_slave));
        _slave.StuckAt = new Bmx280Raw(GoodTemperature, GoodPressure, GoodHumidity);
        Measure(
            sensor =>
            {
                Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                Assert.Equal(41.23, _reading.Get(Quantity.Humidity), 0.005); // the driver: 0
            },
            0x77);
    }

    [Theory]
    [InlineData(0x61, "0x61 at 0x76")]
    [InlineData(0x55, "0x55 at 0x76")]
    [InlineData(0x50, "0x50 at 0x76")]
    [InlineData(0x56, "0x56 at 0x76")]
    public void Another_chip_is_named_by_its_id_until_the_right_one_is_there(byte id, string description)
    {
        UnsteadyWires wires = new(new Bmx280Slave((Bmx280Chip)id, new ConstantClimate(default)));
        _slave.IsUnplugged = true;
        using Bench bench = new();
        bench.Board.I2c.Attach(0x76, wires);
        bench.Run(() =>
        {
            Bench.OpenI2c(0x76).Dispose();
            Bmx280Sensor sensor = new(Bmx280Sensor.EitherChip, 0);
            Assert.Equal(SensorState.WrongChip, sensor.Read(_reading));
            Assert.Equal(description, sensor.Description);

            ConstantClimate climate = new(new Climate(1, 2, 1003));
            bench.Board.I2c.Attach(0x77, new Bmx280Slave(Bmx280Chip.Bmp280, climate));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal("BMP280 at 0x77", sensor.Description);
        });
    }

    [Fact]
    public void A_start_that_fails_at_any_transfer_leaves_nothing_open()
    {
        UnsteadyWires wires = new(_slave);
        _bench.Board.I2c.Attach(0x77, wires);
        Measure(
            sensor =>
            {
                Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                int transfers = wires.Transfers;
                for (int i = 1; i <= transfers; i++)
                {
                    _slave.IsUnplugged = true;
                    Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
                    Assert.Equal(0, Board.CurrentBoot.OpenI2cDevices);

                    _slave.IsUnplugged = false;
                    wires.Mend();
                    wires.Spoil(i, TransferFault.Lost);
                    Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                    Assert.Equal(1, Board.CurrentBoot.OpenI2cDevices);
                }
            },
            0x77);
    }

    private void Measure(Action<Bmx280Sensor> test, int address = 0)
    {
        _bench.Run(() =>
        {
            Bench.OpenI2c(0x76).Dispose(); // sets the pins' functions
            test(new Bmx280Sensor(Bmx280Sensor.EitherChip, address));
        });
    }

    /// <summary>Another part of the same kind: H5 is -14 where it was 50.</summary>
    private sealed class NegativeH5(II2cSlave part) : II2cSlave
    {
        private const byte H5Register = 0xE6;

        private byte _pointer;

        public bool TryWrite(ReadOnlySpan<byte> data)
        {
            _pointer = data[0];
            return part.TryWrite(data);
        }

        public bool TryRead(Span<byte> data)
        {
            bool isRead = part.TryRead(data);
            if (_pointer <= H5Register && _pointer + data.Length > H5Register)
            {
                data[H5Register - _pointer] = 0xFF;
            }

            return isRead;
        }

        public void LosePower() => part.LosePower();
    }
}

using DeviceQueue.NanoFramework;
using DeviceQueue.Readings;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Sht31Sensor_Tests : IDisposable
{
    private const ushort AnyHumidity = 0x8000;

    private readonly Bench _bench = new();
    private readonly Sht31Slave _slave = new(new ConstantClimate(new Climate(21.5, 45, 1006.5)));
    private readonly Reading _reading = new();

    public Sht31Sensor_Tests() => _bench.Board.I2c.Attach(0x44, _slave);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_measured_word_comes_with_the_checksum_of_the_datasheets_example()
    {
        byte[] answer = new byte[6];
        _slave.StuckAt = new Sht31Raw(0xBEEF, 0xBEEF); // section 4.12

        Assert.True(_slave.TryWrite([0x24, 0x00]));
        Assert.True(SpinWait.SpinUntil(() => _slave.TryRead(answer), Bench.Patience));

        Assert.Equal("BEEF92BEEF92", Convert.ToHexString(answer));
    }

    [Theory]
    [InlineData(0xBEEF, 0xBEEF, 85.52, 74.58)]
    [InlineData(0x6666, 0x8000, 25, 50)] // section 4.13: -45 + 175 * 0.4, 100 * 0.5
    [InlineData(0x0751, 0, -40, 0)]
    [InlineData(0xF8AE, 0xFFFF, 125, 100)]
    public void Values_are_converted_by_the_datasheet(int temperature, int humidity, double celsius, double percent)
    {
        _slave.StuckAt = new Sht31Raw((ushort)temperature, (ushort)humidity);
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(celsius, _reading.Get(Quantity.Temperature), 0.005);
            Assert.Equal(percent, _reading.Get(Quantity.Humidity), 0.005);
            Assert.False(_reading.Has(Quantity.Pressure));
            Assert.Equal("SHT31 at 0x44", sensor.Description);
        });
    }

    [Theory]
    [InlineData(0x0750)] // below -40 °C
    [InlineData(0xF8B0)] // above 125 °C
    [InlineData(0)]
    [InlineData(0xFFFF)]
    public void What_the_chip_cannot_measure_is_a_fault(int temperature)
    {
        _slave.StuckAt = new Sht31Raw((ushort)temperature, AnyHumidity);
        Measure(sensor => Assert.Equal(SensorState.OutOfRange, sensor.Read(_reading)));
    }

    [Fact]
    public void An_answer_with_a_wrong_bit_is_no_number_and_ends_with_the_disturbance()
    {
        Measure(sensor =>
        {
            _slave.IsDisturbed = true;
            Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading)); // while it is looked for
            _slave.IsDisturbed = false;
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            for (int i = 0; i < 12; i++)
            {
                _slave.IsDisturbed = true;
                Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
            }

            _slave.IsDisturbed = false;
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
        });
    }

    [Fact]
    public void A_sensor_that_lost_its_power_or_its_wires_says_so_and_is_set_up_again()
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
        });
    }

    [Fact]
    public void A_heater_that_is_on_makes_no_reading()
    {
        Assert.True(_slave.TryWrite([0x30, 0x6D]));
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading)); // switched off while it was set up
            Assert.False(_slave.IsHeating);

            Assert.True(_slave.TryWrite([0x30, 0x6D]));
            Thread.Sleep(2);
            Assert.Equal(SensorState.Reset, sensor.Read(_reading));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
        });
    }

    [Fact]
    public void Another_chip_that_gives_the_same_answer_again_and_again_is_named()
    {
        using Bench bench = new();
        bench.Board.I2c.Attach(0x45, new OtherChip());
        bench.Run(() =>
        {
            Bench.OpenI2c(0x45).Dispose();
            Sht31Sensor sensor = new(0);
            Assert.Equal(SensorState.WrongChip, sensor.Read(_reading));
            Assert.Equal("0x399F at 0x45", sensor.Description);
        });
    }

    [Fact]
    public void Whichever_transfer_fails_no_reading_is_wrong_and_nothing_is_left_open()
    {
        UnsteadyWires wires = new(_slave);
        _bench.Board.I2c.Attach(0x45, wires);
        Measure(
            sensor =>
            {
                Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                int transfers = wires.Transfers;
                for (int run = 0; run < 3 * transfers; run++)
                {
                    _slave.IsUnplugged = true;
                    Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
                    Assert.Equal(0, Board.CurrentBoot.OpenI2cDevices);

                    _slave.IsUnplugged = false;
                    wires.Mend();
                    wires.Spoil(1 + (run % transfers), (TransferFault)(run / transfers));
                    Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                    Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
                    Assert.Equal(45, _reading.Get(Quantity.Humidity), 0.01);
                }
            },
            0x45);
    }

    [Fact]
    public void With_type_auto_the_first_that_answers_is_the_sensor_until_it_is_gone()
    {
        Measure(SensorCatalog.Create(SensorTypes.Auto, 0), sensor =>
        {
            Assert.Null(sensor.Description);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal("SHT31 at 0x44", sensor.Description);
            ConstantClimate climate = new(new Climate(1, 2, 990));
            _bench.Board.I2c.Attach(0x77, new Bmx280Slave(Bmx280Chip.Bmp280, climate));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal("SHT31 at 0x44", sensor.Description);

            _slave.IsUnplugged = true;
            Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal("BMP280 at 0x77", sensor.Description);
            Assert.False(_reading.Has(Quantity.Humidity));
        });
    }

    [Fact]
    public void A_chip_of_another_type_than_the_settings_name_is_no_sensor()
    {
        _bench.Board.I2c.Attach(0x76, new Bmx280Slave(Bmx280Chip.Bme280, new ConstantClimate(new Climate(1, 2, 990))));
        Measure(SensorCatalog.Create(SensorTypes.Bmp280, 0), sensor =>
        {
            Assert.Equal(SensorState.WrongChip, sensor.Read(_reading));
            Assert.Equal("0x60 at 0x76", sensor.Description);
        });
        Measure(
            SensorCatalog.Create(SensorTypes.Sht31, 0x45),
            sensor => Assert.Equal(SensorState.NotFound, sensor.Read(_reading)));
    }

    private void Measure(Action<ISensor> test, int address = 0) => Measure(new Sht31Sensor(address), test);

    private void Measure(ISensor sensor, Action<ISensor> test)
    {
        _bench.Run(() =>
        {
            Bench.OpenI2c(0x44).Dispose(); // sets the pins' functions
            test(sensor);
        });
    }

    /// <summary>An INA219 has these addresses, too; its first register is 0x399F.</summary>
    private sealed class OtherChip : II2cSlave
    {
        public bool TryWrite(ReadOnlySpan<byte> data) => true;

        public bool TryRead(Span<byte> data)
        {
            data.Clear();
            data[0] = 0x39;
            data[1] = 0x9F;
            return true;
        }

        public void LosePower()
        {
        }
    }
}

using DeviceQueue.NanoFramework;
using DeviceQueue.Readings;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Sht31Sensor_Tests : IDisposable
{
    private const ushort AnyHumidity = 0x8000;

    private readonly Bench _bench = new();
    private readonly Room _room = new() { Climate = new Climate(21.5, 45, 1006.5) };
    private readonly Sht31Slave _slave;
    private readonly Reading _reading = new();

    public Sht31Sensor_Tests()
    {
        _slave = new Sht31Slave(_room);
        _bench.Board.I2c.Attach(0x44, _slave);
    }

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
    public void A_sensor_that_lost_its_power_measures_and_one_that_lost_its_wires_is_looked_for()
    {
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            _slave.LosePower();
            _room.Climate = new Climate(19, 50, 1006.5);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(19, _reading.Get(Quantity.Temperature), 0.01);

            _slave.IsUnplugged = true;
            Assert.Equal(SensorState.NoAnswer, sensor.Read(_reading));
            Assert.Equal(SensorState.NotFound, sensor.Read(_reading));
            _slave.IsUnplugged = false;
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
        });
    }

    [Fact]
    public void A_heater_that_an_earlier_program_left_on_makes_no_reading()
    {
        Measure(sensor =>
        {
            AwaitReady();
            Assert.True(_slave.TryWrite([0x30, 0x6D]));
            AwaitReady();
            Assert.Equal(SensorState.Reset, sensor.Read(_reading));
            Assert.False(_slave.IsHeating);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(21.5, _reading.Get(Quantity.Temperature), 0.01);
        });
    }

    [Fact]
    public void A_sensor_whose_status_an_earlier_program_cleared_is_found()
    {
        byte[] status = new byte[3];
        Measure(sensor =>
        {
            Assert.True(SpinWait.SpinUntil(() => _slave.TryWrite([0x30, 0x41]), Bench.Patience)); // section 4.11
            Assert.True(SpinWait.SpinUntil(() => _slave.TryWrite([0xF3, 0x2D]), Bench.Patience));
            Assert.True(_slave.TryRead(status));
            Assert.Equal("000081", Convert.ToHexString(status));
            Assert.True(SpinWait.SpinUntil(() => _slave.IsReady, Bench.Patience));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
        });
    }

    [Fact]
    public void What_was_measured_is_read_once_so_no_value_stands_still()
    {
        byte[] answer = new byte[6];
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.False(_slave.TryRead(answer));
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
    public void A_start_that_fails_at_any_transfer_leaves_nothing_open()
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
                    AwaitReady();
                    wires.Mend();
                    wires.Spoil(1 + (run % transfers), (TransferFault)(run / transfers));
                    Assert.Equal(SensorState.Ok, sensor.Read(_reading));
                    Assert.Equal(1, Board.CurrentBoot.OpenI2cDevices);
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

    [Theory]
    [InlineData(0x44, "SHT31 at 0x44")]
    [InlineData(0x45, "SHT31 at 0x45")]
    [InlineData(0x76, "BMP280 at 0x76")]
    [InlineData(0x77, "BMP280 at 0x77")]
    public void With_type_auto_and_an_address_the_kind_that_has_it_is_looked_for_there_alone(
        int address, string description)
    {
        ConstantClimate climate = new(new Climate(1, 2, 990));
        using Bench bench = new();
        bench.Board.I2c.Attach(0x44, new Sht31Slave(climate));
        bench.Board.I2c.Attach(0x45, new Sht31Slave(climate));
        bench.Board.I2c.Attach(0x76, new Bmx280Slave(Bmx280Chip.Bmp280, climate));
        bench.Board.I2c.Attach(0x77, new Bmx280Slave(Bmx280Chip.Bmp280, climate));
        bench.Run(() =>
        {
            Bench.OpenI2c(address).Dispose();
            ISensor sensor = SensorCatalog.Create(SensorTypes.Auto, address);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(description, sensor.Description);
        });
    }

    [Fact]
    public void A_chip_that_is_not_known_is_named_and_does_not_end_the_search()
    {
        using Bench bench = new();
        bench.Board.I2c.Attach(0x76, new Bmx280Slave((Bmx280Chip)0x61, new ConstantClimate(default)));
        bench.Run(() =>
        {
            Bench.OpenI2c(0x76).Dispose();
            ISensor sensor = SensorCatalog.Create(SensorTypes.Auto, 0);
            Assert.Equal(SensorState.WrongChip, sensor.Read(_reading));
            Assert.Equal("0x61 at 0x76", sensor.Description);

            bench.Board.I2c.Attach(0x45, new Sht31Slave(_room));
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal("SHT31 at 0x45", sensor.Description);
        });
    }

    [Fact]
    public void A_chip_of_another_type_than_the_settings_name_is_no_sensor()
    {
        _bench.Board.I2c.Attach(0x76, new Bmx280Slave(Bmx280Chip.Bme280, new ConstantClimate(new Climate(1, 2, 990))));
        Measure(SensorCatalog.Create(SensorTypes.Bmp280, 0), sensor =>
        {
            Assert.Equal(SensorState.WrongChip, sensor.Read(_reading));
            Assert.Equal("BME280 at 0x76", sensor.Description);
        });
        Measure(
            SensorCatalog.Create(SensorTypes.Sht31, 0x45),
            sensor => Assert.Equal(SensorState.NotFound, sensor.Read(_reading)));
    }

    private void AwaitReady() => Assert.True(SpinWait.SpinUntil(() => _slave.IsReady, Bench.Patience));

    private void Measure(Action<ISensor> test, int address = 0) => Measure(new Sht31Sensor(address), test);

    private void Measure(ISensor sensor, Action<ISensor> test)
    {
        _bench.Run(() =>
        {
            Bench.OpenI2c(0x44).Dispose(); // sets the pins' functions
            test(sensor);
        });
    }

    private sealed class Room : IClimateScript
    {
        public Climate Climate { get; set; }

        public Climate At(TimeSpan elapsed) => Climate;
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

using System.Collections.Concurrent;
using System.Device.I2c;
using Iot.Device.Bmxx80;
using Iot.Device.Bmxx80.PowerMode;
using Iot.Device.Bmxx80.ReadResult;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Bmx280_Tests : IDisposable
{
    private static readonly Climate Room = new(21.47, 45.1, 1006.53);

    private readonly Bench _bench = new();
    private readonly ScriptedClimate _script = new() { Now = Room };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void The_datasheets_example_reads_as_in_the_datasheet()
    {
        Bmx280Slave slave = Attach();
        slave.StuckAt = new Bmx280Raw(519888, 415148, 0x8000);

        Bme280ReadResult result = _bench.Run(() => new Bme280(Bench.OpenI2c(0x76)).Read());

        Assert.Equal("25.08", Text(result.Temperature.DegreesCelsius));
        Assert.Equal("100653.27", Text(result.Pressure.Pascals));
    }

    [Fact]
    public void What_the_script_says_is_what_the_driver_reads()
    {
        Attach();
        _bench.Run(() =>
        {
            Bme280 driver = new(Bench.OpenI2c(0x76)) { PressureSampling = Sampling.UltraHighResolution };
            for (int t = -40; t <= 85; t += 5)
            {
                _script.Now = new Climate(t + 0.37, 50 + (0.38 * t), 1000 + t);
                if (t == 85)
                {
                    _script.Now = new Climate(85, 82.3, 1085);
                }

                Bme280ReadResult result = driver.Read();
                Assert.Equal(_script.Now.Temperature, result.Temperature.DegreesCelsius, 0.01);
                Assert.Equal(_script.Now.Humidity, result.Humidity.Percent, 0.01);
                Assert.Equal(_script.Now.Pressure, result.Pressure.Hectopascals, 0.01);
            }
        });
    }

    [Fact]
    public void Pressure_at_oversampling_1_has_steps_of_16_bits()
    {
        Attach();
        _bench.Run(() =>
        {
            Bmp280ReadResult result = new Bme280(Bench.OpenI2c(0x76)).Read();
            Assert.Equal(Room.Pressure, result.Pressure.Hectopascals, 0.02);
            Assert.Equal(0, Raw(Bench.OpenI2c(0x76), 0xF7) & 0xF);
        });
    }

    [Theory]
    [InlineData(0x76, Bmx280Chip.Bme280)]
    [InlineData(0x77, Bmx280Chip.Bme280)]
    [InlineData(0x76, Bmx280Chip.Bmp280)]
    [InlineData(0x77, Bmx280Chip.Bmp280)]
    public void Either_chip_answers_at_either_address_to_its_own_driver_only(int address, Bmx280Chip chip)
    {
        Attach(address, chip);
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(address);
            if (chip == Bmx280Chip.Bme280)
            {
                Assert.Throws<IOException>(() => new Bmp280(device));
                Assert.Equal(Room.Humidity, new Bme280(device).Read().Humidity.Percent, 0.01);
            }
            else
            {
                Assert.Throws<IOException>(() => new Bme280(device));
                Assert.Equal(Room.Temperature, new Bmp280(device).Read().Temperature.DegreesCelsius, 0.01);
            }
        });
    }

    [Fact]
    public void Nothing_on_the_wires_is_no_chip()
    {
        _bench.Run(() => Assert.Throws<IOException>(() => new Bme280(Bench.OpenI2c(0x76))));
    }

    [Fact]
    public void An_unplugged_sensor_reads_minus_140_88_and_valid()
    {
        Bmx280Slave slave = Attach();
        Bme280ReadResult result = _bench.Run(() =>
        {
            Bme280 driver = new(Bench.OpenI2c(0x76));
            slave.IsUnplugged = true;
            return driver.Read();
        });

        Assert.Equal("-140.88", Text(result.Temperature.DegreesCelsius));
        Assert.True(result.TemperatureIsValid);
    }

    [Fact]
    public void A_sensor_that_lost_power_reads_26_46_for_ever()
    {
        Bmx280Slave slave = Attach();
        _bench.Run(() =>
        {
            Bme280 driver = new(Bench.OpenI2c(0x76));
            driver.Read();
            slave.LosePower();
            for (int i = 0; i < 3; i++)
            {
                _script.Now = new Climate(i, i, 1000 + i);
                Bme280ReadResult result = driver.Read();
                Assert.Equal("26.46", Text(result.Temperature.DegreesCelsius));
                Assert.True(result.TemperatureIsValid);
            }

            driver.Reset();
            Assert.Equal(2, driver.Read().Temperature.DegreesCelsius, 0.01);
        });
    }

    [Fact]
    public void A_replugged_sensor_has_forgotten_its_settings()
    {
        Bmx280Slave slave = Attach();
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            Bme280 driver = new(device);
            driver.Read();
            slave.IsUnplugged = true;
            slave.IsUnplugged = false;

            Assert.Equal(0, Byte(device, 0xF4));
            Assert.Equal(0x80000, Raw(device, 0xFA));
        });
    }

    [Fact]
    public void A_stuck_sensor_stays_and_a_mended_one_measures_again()
    {
        Bmx280Slave slave = Attach();
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            Bme280 driver = new(device);
            foreach (int raw in new[] { 0, 0xFFFFF })
            {
                slave.StuckAt = new Bmx280Raw(raw, raw, 0xFFFF);
                driver.Read();
                Assert.Equal(raw, Raw(device, 0xFA));
                Assert.Equal(raw, Raw(device, 0xF7));
            }

            slave.StuckAt = null;
            Assert.Equal(Room.Temperature, driver.Read().Temperature.DegreesCelsius, 0.01);
        });
    }

    [Fact]
    public void Before_the_first_measurement_the_data_registers_hold_the_skipped_value()
    {
        Attach();
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            Assert.Equal(0x60, Byte(device, 0xD0));
            Assert.Equal(0x80000, Raw(device, 0xF7));
            Assert.Equal(0x80000, Raw(device, 0xFA));
            Assert.Equal(0x80, Byte(device, 0xFD));
        });
    }

    [Fact]
    public void Forced_mode_measures_once_and_returns_to_sleep()
    {
        ManualTime time = new();
        Attach(time: time);
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            Write(device, 0xF4, 0b001_001_01);
            Assert.Equal(0x80000, Raw(device, 0xFA));
            Assert.Equal(0x08, Byte(device, 0xF3));

            time.Advance(TimeSpan.FromMilliseconds(10));
            int measured = Raw(device, 0xFA);
            Assert.NotEqual(0x80000, measured);
            Assert.Equal(0, Byte(device, 0xF3));
            Assert.Equal(0b001_001_00, Byte(device, 0xF4));

            _script.Now = new Climate(0, 0, 900);
            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(measured, Raw(device, 0xFA));
        });
    }

    [Fact]
    public void Normal_mode_measures_again_and_again()
    {
        ManualTime time = new();
        Attach(time: time);
        _bench.Run(() =>
        {
            Bme280 driver = new(Bench.OpenI2c(0x76));
            driver.SetPowerMode(Bmx280PowerMode.Normal);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(Room.Temperature, driver.Read().Temperature.DegreesCelsius, 0.01);

            _script.Now = new Climate(-12.5, 20, 990);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(-12.5, driver.Read().Temperature.DegreesCelsius, 0.01);
            Assert.Equal(Bmx280PowerMode.Normal, driver.ReadPowerMode());
        });
    }

    [Fact]
    public void The_filter_follows_a_step_slowly()
    {
        ManualTime time = new();
        Attach(time: time);
        _bench.Run(() =>
        {
            Bme280 driver = new(Bench.OpenI2c(0x76))
            {
                FilterMode = Iot.Device.Bmxx80.FilteringMode.Bmx280FilteringMode.X2,
            };
            driver.SetPowerMode(Bmx280PowerMode.Normal);
            time.Advance(TimeSpan.FromMilliseconds(140));
            Assert.Equal(Room.Temperature, driver.Read().Temperature.DegreesCelsius, 0.01);

            _script.Now = Room with { Temperature = Room.Temperature + 10 };
            time.Advance(TimeSpan.FromMilliseconds(140));
            Assert.Equal(Room.Temperature + 5, driver.Read().Temperature.DegreesCelsius, 0.05);
        });
    }

    [Fact]
    public void Humidity_oversampling_takes_effect_with_the_next_write_to_ctrl_meas()
    {
        ManualTime time = new();
        Attach(time: time);
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            Write(device, 0xF4, 0b001_001_11);
            Write(device, 0xF2, 1);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0x8000, Word(device, 0xFD));

            Write(device, 0xF4, 0b001_001_11);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.NotEqual(0x8000, Word(device, 0xFD));
        });
    }

    [Fact]
    public void The_reset_command_restores_the_state_after_power_on_and_nothing_else_does()
    {
        Attach();
        _bench.Run(() =>
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            new Bme280(device).Read();
            Write(device, 0xE0, 0x11);
            Assert.NotEqual(0, Byte(device, 0xF4));

            Write(device, 0xE0, 0xB6);
            Assert.Equal(0, Byte(device, 0xF4));
            Assert.Equal(0x80000, Raw(device, 0xFA));
        });
    }

    [Fact]
    public void The_boards_power_is_the_sensors_and_a_reboot_is_no_power_cut()
    {
        Attach();
        BlockingCollection<byte> controls = [];
        void Main()
        {
            I2cDevice device = Bench.OpenI2c(0x76);
            controls.Add(Byte(device, 0xF4));
            Write(device, 0xF4, 0b001_001_00);
        }

        _bench.Board.PowerOn(Main);
        Assert.Equal(0, Take(controls));
        _bench.Run(() => 0);
        _bench.Board.PowerOn(Main);
        Assert.Equal(0, Take(controls));
        _bench.Board.Reset();
        Assert.Equal(0b001_001_00, Take(controls));
    }

    private static byte Take(BlockingCollection<byte> controls)
    {
        Assert.True(controls.TryTake(out byte control, Bench.Patience));
        return control;
    }

    private static string Text(double value) => value.ToString("F2", System.Globalization.CultureInfo.InvariantCulture);

    private static byte Byte(I2cDevice device, byte register)
    {
        Assert.Equal(I2cTransferStatus.FullTransfer, device.WriteByte(register).Status);
        return device.ReadByte();
    }

    private static int Word(I2cDevice device, byte register)
    {
        byte[] bytes = new byte[2];
        Assert.Equal(3u, device.WriteRead(new[] { register }, bytes).BytesTransferred);
        return (bytes[0] << 8) | bytes[1];
    }

    private static int Raw(I2cDevice device, byte register)
    {
        byte[] bytes = new byte[3];
        Assert.Equal(4u, device.WriteRead(new[] { register }, bytes).BytesTransferred);
        return ((bytes[0] << 16) | (bytes[1] << 8) | bytes[2]) >> 4;
    }

    private static void Write(I2cDevice device, byte register, byte value) =>
        Assert.Equal(I2cTransferStatus.FullTransfer, device.Write(new[] { register, value }).Status);

    private Bmx280Slave Attach(int address = 0x76, Bmx280Chip chip = Bmx280Chip.Bme280, TimeProvider? time = null)
    {
        Bmx280Slave slave = new(chip, _script, time);
        _bench.Board.I2c.Attach(address, slave);
        return slave;
    }

    private sealed class ScriptedClimate : IClimateScript
    {
        public Climate Now { get; set; }

        public Climate At(TimeSpan elapsed) => Now;
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}

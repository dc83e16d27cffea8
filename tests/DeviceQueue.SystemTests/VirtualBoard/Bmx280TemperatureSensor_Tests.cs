using System.Device.I2c;
using DeviceQueue.NanoFramework;
using DeviceQueue.Sensing;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Bmx280TemperatureSensor_Tests : IDisposable
{
    // The datasheet's example, BST-BME280-DS002 and BST-BMP280-DS001 section 3.12: 25.08 °C, 1006.53 hPa.
    private const int GoodTemperature = 519888;
    private const int GoodPressure = 415148;
    private const int GoodHumidity = 0x7000;

    private readonly Bench _bench = new();
    private readonly Bmx280Slave _slave = new(Bmx280Chip.Bme280, new ConstantClimate(new Climate(21.5, 45, 1006.5)));
    private readonly Reading _reading = new();

    public Bmx280TemperatureSensor_Tests() => _bench.Board.I2c.Attach(0x76, _slave);

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
    public void What_the_converters_cannot_mean_is_a_fault_and_what_they_can_is_believed_again(int temperature, int pressure)
    {
        Measure(sensor =>
        {
            _slave.StuckAt = new Bmx280Raw(temperature, pressure, GoodHumidity);
            Assert.Equal(SensorState.OutOfRange, sensor.Read(_reading));

            _slave.StuckAt = new Bmx280Raw(GoodTemperature, GoodPressure, GoodHumidity);
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            Assert.Equal(25.08, _reading.TemperatureC, 0.01);
            Assert.Equal(1006.53, _reading.PressureHPa, 0.01);
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
            Assert.Equal(21.5, _reading.TemperatureC, 0.01);
        });
    }

    [Fact]
    public void Settings_that_another_wrote_are_noticed()
    {
        Measure(sensor =>
        {
            Assert.Equal(SensorState.Ok, sensor.Read(_reading));
            using (I2cDevice other = Bench.OpenI2c(0x76))
            {
                other.Write(new byte[] { 0xF4, 0 });
            }

            Assert.Equal(SensorState.Reset, sensor.Read(_reading));
        });
    }

    private void Measure(Action<Bmx280TemperatureSensor> test)
    {
        _bench.Run(() =>
        {
            Bench.OpenI2c(0x76).Dispose(); // sets the pins' functions
            test(new Bmx280TemperatureSensor(1, 0));
        });
    }
}

extern alias Board;

using Board::VirtualBoard.Parts;
using Iot.Device.Bmxx80;
using Iot.Device.Bmxx80.ReadResult;

namespace DeviceQueue.DriverTests;

/// <summary>
/// dotnet/iot's drivers, of which ours knows nothing, read from the virtual sensor what its script says: what is wrong
/// in its registers is not wrong in the firmware's driver, too, where it would not be seen.
/// </summary>
public sealed class Bmx280_Tests
{
    private const int Address = 0x76;
    private const double ToleranceDegrees = 0.01;
    private const double TolerancePercent = 0.05;
    private const double ToleranceHectopascals = 0.05;

    public static TheoryData<double, double, double> Points => new()
    {
        { -12.34, 88.8, 1031.2 },
        { 21.47, 45.1, 1006.53 },
        { 43.21, 12.3, 912.7 },
    };

    [Theory]
    [MemberData(nameof(Points))]
    public void The_driver_for_the_BME280_reads_what_the_script_says(
        double degrees, double percent, double hectopascals)
    {
        using Bme280 driver = new(Attach(Bmx280Chip.Bme280, degrees, percent, hectopascals))
        {
            PressureSampling = Sampling.UltraHighResolution,
        };

        Bme280ReadResult result = driver.Read();

        Assert.Equal(degrees, result.Temperature!.Value.DegreesCelsius, ToleranceDegrees);
        Assert.Equal(percent, result.Humidity!.Value.Percent, TolerancePercent);
        Assert.Equal(hectopascals, result.Pressure!.Value.Hectopascals, ToleranceHectopascals);
    }

    [Theory]
    [MemberData(nameof(Points))]
    public void The_driver_for_the_BMP280_reads_what_the_script_says(
        double degrees, double percent, double hectopascals)
    {
        using Bmp280 driver = new(Attach(Bmx280Chip.Bmp280, degrees, percent, hectopascals))
        {
            PressureSampling = Sampling.UltraHighResolution,
        };

        Bmp280ReadResult result = driver.Read();

        Assert.Equal(degrees, result.Temperature!.Value.DegreesCelsius, ToleranceDegrees);
        Assert.Equal(hectopascals, result.Pressure!.Value.Hectopascals, ToleranceHectopascals);
    }

    [Fact]
    public void Each_driver_refuses_the_other_chip()
    {
        Assert.Throws<IOException>(() => new Bme280(Attach(Bmx280Chip.Bmp280, 20, 50, 1000)));
        Assert.Throws<IOException>(() => new Bmp280(Attach(Bmx280Chip.Bme280, 20, 50, 1000)));
    }

    private static SlaveDevice Attach(Bmx280Chip chip, double degrees, double percent, double hectopascals) =>
        new(new Bmx280Slave(chip, new ConstantClimate(new Climate(degrees, percent, hectopascals))), Address);
}

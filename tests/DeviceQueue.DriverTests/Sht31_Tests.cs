extern alias Board;

using Board::VirtualBoard.Parts;
using Iot.Device.Sht3x;

namespace DeviceQueue.DriverTests;

/// <summary>dotnet/iot's driver, of which ours knows nothing, reads what the virtual SHT31's script says.</summary>
public sealed class Sht31_Tests
{
    private const double Tolerance = 0.051; // it rounds to one digit

    [Theory]
    [InlineData(-12.34, 88.8)]
    [InlineData(21.47, 45.1)]
    [InlineData(43.21, 12.3)]
    public void The_driver_for_the_SHT3x_reads_what_the_script_says(double degrees, double percent)
    {
        Sht31Slave slave = new(new ConstantClimate(new Climate(degrees, percent, 0)));
        using Sht3x driver = new(new SlaveDevice(slave, 0x44));

        Assert.Equal(degrees, driver.Temperature.DegreesCelsius, Tolerance);
        Assert.Equal(percent, driver.Humidity.Percent, Tolerance);
    }
}

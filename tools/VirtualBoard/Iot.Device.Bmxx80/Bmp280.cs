using System.Device.I2c;
using Iot.Device.Bmxx80.ReadResult;
using UnitsNet;

namespace Iot.Device.Bmxx80;

public class Bmp280 : Bmx280Base
{
    private const byte ChipId = 0x58;

    /// <summary>Opens a BMP280; see <see cref="Bmxx80Base"/> for what goes wrong.</summary>
    public Bmp280(I2cDevice i2cDevice)
        : base(ChipId, i2cDevice)
    {
    }

    /// <summary>Measures, waits for it and reads.</summary>
    public Bmp280ReadResult Read()
    {
        Measure();
        bool hasTemperature = TryReadTemperatureCore(out Temperature temperature);
        bool hasPressure = TryReadPressureCore(out Pressure pressure, skipTempFineRead: true);
        return new Bmp280ReadResult(temperature, hasTemperature, pressure, hasPressure);
    }
}

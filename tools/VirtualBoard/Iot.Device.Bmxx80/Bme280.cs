using System.Device.I2c;
using Iot.Device.Bmxx80.ReadResult;
using UnitsNet;

namespace Iot.Device.Bmxx80;

public class Bme280 : Bmx280Base
{
    private const byte ChipId = 0x60;
    private const byte HumidityControlRegister = 0xF2;
    private const byte HumidityRegister = 0xFD;

    private Sampling _humiditySampling;
    private byte _digH1;
    private short _digH2;
    private byte _digH3;
    private int _digH4;
    private int _digH5;
    private sbyte _digH6;

    /// <summary>Opens a BME280; see <see cref="Bmxx80Base"/> for what goes wrong.</summary>
    public Bme280(I2cDevice i2cDevice)
        : base(ChipId, i2cDevice)
    {
    }

    /// <summary>Gets or sets the oversampling of humidity; takes effect at once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public Sampling HumiditySampling
    {
        get => _humiditySampling;
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException();
            }

            Change(HumidityControlRegister, 7, (byte)value);
            Change(ControlRegister, 0, 0);
            _humiditySampling = value;
        }
    }

    public bool TryReadHumidity(out RelativeHumidity humidity) =>
        TryReadHumidityCore(out humidity, skipTempFineRead: false);

    public override int GetMeasurementDuration() =>
        base.GetMeasurementDuration() + OsToMeasCycles[(int)HumiditySampling];

    /// <summary>Measures, waits for it and reads.</summary>
    public Bme280ReadResult Read()
    {
        Measure();
        bool hasTemperature = TryReadTemperatureCore(out Temperature temperature);
        bool hasPressure = TryReadPressureCore(out Pressure pressure, skipTempFineRead: true);
        bool hasHumidity = TryReadHumidityCore(out RelativeHumidity humidity, skipTempFineRead: true);
        return new Bme280ReadResult(temperature, hasTemperature, pressure, hasPressure, humidity, hasHumidity);
    }

    protected override void SetDefaultConfiguration()
    {
        base.SetDefaultConfiguration();
        HumiditySampling = Sampling.UltraLowPower;
    }

    private protected override void ReadCalibration()
    {
        _digH1 = Read8BitsFromRegister(0xA1);
        _digH2 = ReadWord(0xE1);
        _digH3 = Read8BitsFromRegister(0xE3);
        _digH4 = (Read8BitsFromRegister(0xE4) << 4) | (Read8BitsFromRegister(0xE5) & 0xF);
        _digH5 = (Read8BitsFromRegister(0xE6) << 4) | (Read8BitsFromRegister(0xE5) >> 4);
        _digH6 = (sbyte)Read8BitsFromRegister(0xE7);
        base.ReadCalibration();
    }

    private bool TryReadHumidityCore(out RelativeHumidity humidity, bool skipTempFineRead)
    {
        if (HumiditySampling == Sampling.Skipped)
        {
            humidity = default;
            return false;
        }

        if (!skipTempFineRead)
        {
            TryReadTemperature(out _);
        }

        byte[] bytes = ReadBytes(HumidityRegister, 2);
        humidity = RelativeHumidity.FromPercent(CompensateHumidity((bytes[0] << 8) | bytes[1]));
        return true;
    }

    // The datasheet's double-precision formula.
    private double CompensateHumidity(int raw)
    {
        double t = TemperatureFine - 76800.0;
        double h = (raw - ((_digH4 * 64.0) + (_digH5 / 16384.0 * t)))
            * (_digH2 / 65536.0 * (1.0 + (_digH6 / 67108864.0 * t * (1.0 + (_digH3 / 67108864.0 * t)))));
        h *= 1.0 - (_digH1 * h / 524288.0);
        return Math.Clamp(h, 0, 100);
    }
}

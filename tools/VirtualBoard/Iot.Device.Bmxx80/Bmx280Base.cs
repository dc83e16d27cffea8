using System.Device.I2c;
using Iot.Device.Bmxx80.FilteringMode;
using Iot.Device.Bmxx80.PowerMode;
using UnitsNet;
using VirtualBoard;

namespace Iot.Device.Bmxx80;

public class DeviceStatus
{
    public bool Measuring { get; set; }

    public bool ImageUpdating { get; set; }
}

public abstract class Bmx280Base : Bmxx80Base
{
    public const byte DefaultI2cAddress = 0x77;
    public const byte SecondaryI2cAddress = 0x76;

    protected static readonly int[] OsToMeasCycles = [0, 7, 9, 14, 23, 44];

    private const byte StatusRegister = 0xF3;
    private const byte ConfigRegister = 0xF5;
    private const byte PressureRegister = 0xF7;
    private const byte TemperatureRegister = 0xFA;

    private readonly short[] _digP = new short[10];
    private Bmx280FilteringMode _filterMode;
    private StandbyTime _standbyTime;

    protected Bmx280Base(byte deviceId, I2cDevice i2cDevice)
        : base(deviceId, i2cDevice)
    {
    }

    public Bmx280FilteringMode FilterMode
    {
        get => _filterMode;
        set
        {
            Change(ConfigRegister, 0b0001_1100, (byte)value << 2);
            _filterMode = value;
        }
    }

    public StandbyTime StandbyTime
    {
        get => _standbyTime;
        set
        {
            Change(ConfigRegister, 0b1110_0000, (byte)value << 5);
            _standbyTime = value;
        }
    }

    public override bool TryReadTemperature(out Temperature temperature) => TryReadTemperatureCore(out temperature);

    public override bool TryReadPressure(out Pressure pressure) => TryReadPressureCore(out pressure);

    /// <summary>Reads the mode.</summary>
    /// <exception cref="IOException">The bits are none of the three modes.</exception>
    public Bmx280PowerMode ReadPowerMode()
    {
        Bmx280PowerMode mode = (Bmx280PowerMode)(Read8BitsFromRegister(ControlRegister) & 3);
        return Enum.IsDefined(mode) ? mode : throw new IOException();
    }

    public void SetPowerMode(Bmx280PowerMode powerMode) => Change(ControlRegister, 3, (byte)powerMode);

    public DeviceStatus ReadStatus()
    {
        byte status = Read8BitsFromRegister(StatusRegister);
        return new DeviceStatus { Measuring = (status & 8) != 0, ImageUpdating = (status & 1) != 0 };
    }

    /// <summary>Gets how long a measurement takes at most, in milliseconds.</summary>
    public virtual int GetMeasurementDuration() =>
        OsToMeasCycles[(int)PressureSampling] + OsToMeasCycles[(int)TemperatureSampling];

    protected override void SetDefaultConfiguration()
    {
        base.SetDefaultConfiguration();
        FilterMode = Bmx280FilteringMode.Off;
        StandbyTime = StandbyTime.Ms125;
    }

    protected bool TryReadTemperatureCore(out Temperature temperature)
    {
        bool isSampled = TemperatureSampling != Sampling.Skipped;
        temperature = isSampled ? CompensateTemperature(ReadRaw20(TemperatureRegister)) : default;
        return isSampled;
    }

    protected bool TryReadPressureCore(out Pressure pressure, bool skipTempFineRead = false)
    {
        if (PressureSampling == Sampling.Skipped)
        {
            pressure = default;
            return false;
        }

        if (!skipTempFineRead)
        {
            TryReadTemperatureCore(out _);
        }

        pressure = Pressure.FromPascals(CompensatePressure(ReadRaw20(PressureRegister)));
        return true;
    }

    private protected override void ReadCalibration()
    {
        base.ReadCalibration();
        for (int i = 1; i < _digP.Length; i++)
        {
            _digP[i] = ReadWord((byte)(0x8C + (2 * i)));
        }
    }

    /// <summary>Measures if the chip does not do so by itself, and waits for it.</summary>
    private protected void Measure()
    {
        if (ReadPowerMode() != Bmx280PowerMode.Normal)
        {
            SetPowerMode(Bmx280PowerMode.Forced);
            EnergyAccount.Pause(GetMeasurementDuration());
        }
    }

    // The datasheet's double-precision formula. P1 is unsigned, the others are signed.
    private double CompensatePressure(int raw)
    {
        double t = (TemperatureFine / 2.0) - 64000.0;
        double offset = (((t * t * _digP[6] / 32768.0) + (t * _digP[5] * 2.0)) / 4.0) + (_digP[4] * 65536.0);
        double slope = (
            1.0 + (((_digP[3] * t * t / 524288.0) + (_digP[2] * t)) / 524288.0 / 32768.0)) * (ushort)_digP[1];
        if (slope == 0)
        {
            return 0;
        }

        double p = (1048576.0 - raw - (offset / 4096.0)) * 6250.0 / slope;
        return p + (((_digP[9] * p * p / 2147483648.0) + (p * _digP[8] / 32768.0) + _digP[7]) / 16.0);
    }
}

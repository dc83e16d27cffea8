using System.Device.I2c;
using UnitsNet;

namespace Iot.Device.Bmxx80;

/// <summary>
/// Behaves as the real driver does on the bus, register by register and in its order, and like it never looks at an I2C
/// status: what no chip answers reads as zeros (a single byte: as the register's number) and passes for a measurement.
/// </summary>
public abstract class Bmxx80Base : IDisposable
{
    private const byte ChipIdRegister = 0xD0;
    private const byte ResetRegister = 0xE0;
    private const byte ResetCommand = 0xB6;

    private Sampling _temperatureSampling;
    private Sampling _pressureSampling;

    /// <summary>Checks the chip's id, reads its calibration, resets it and sets oversampling to 1.</summary>
    /// <exception cref="ArgumentNullException">There is no device.</exception>
    /// <exception cref="IOException">The chip is another one, or none.</exception>
    protected Bmxx80Base(byte deviceId, I2cDevice i2cDevice)
    {
        I2cDevice = i2cDevice ?? throw new ArgumentNullException();
        if (Read8BitsFromRegister(ChipIdRegister) != deviceId)
        {
            throw new IOException();
        }

        ReadCalibration();
        Reset();
    }

    public Sampling PressureSampling
    {
        get => _pressureSampling;
        set
        {
            Change(ControlRegister, 0b0001_1100, (byte)value << 2);
            _pressureSampling = value;
        }
    }

    public Sampling TemperatureSampling
    {
        get => _temperatureSampling;
        set
        {
            Change(ControlRegister, 0b1110_0000, (byte)value << 5);
            _temperatureSampling = value;
        }
    }

    protected double TemperatureFine { get; set; }

    protected I2cDevice I2cDevice { get; set; }

    private protected static byte ControlRegister => 0xF4;

    private protected ushort DigT1 { get; private set; }

    private protected short DigT2 { get; private set; }

    private protected short DigT3 { get; private set; }

    /// <summary>Resets the chip and sets it up again.</summary>
    public void Reset()
    {
        Write(ResetRegister, ResetCommand);
        SetDefaultConfiguration();
    }

    public abstract bool TryReadTemperature(out Temperature temperature);

    public abstract bool TryReadPressure(out Pressure pressure);

    /// <summary>Closes the I2C device, too.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => I2cDevice?.Dispose();

    protected virtual void SetDefaultConfiguration()
    {
        PressureSampling = Sampling.UltraLowPower;
        TemperatureSampling = Sampling.UltraLowPower;
    }

    protected byte Read8BitsFromRegister(byte register)
    {
        I2cDevice.WriteByte(register);
        return I2cDevice.ReadByte();
    }

    protected Temperature CompensateTemperature(int adcTemperature)
    {
        double linear = ((adcTemperature / 16384.0) - (DigT1 / 1024.0)) * DigT2;
        double square = (adcTemperature / 131072.0) - (DigT1 / 8192.0);
        square *= square * DigT3;
        TemperatureFine = linear + square;
        return Temperature.FromDegreesCelsius(TemperatureFine / 5120.0);
    }

    private protected virtual void ReadCalibration()
    {
        DigT1 = (ushort)ReadWord(0x88);
        DigT2 = ReadWord(0x8A);
        DigT3 = ReadWord(0x8C);
    }

    private protected short ReadWord(byte register)
    {
        byte[] bytes = ReadBytes(register, 2);
        return (short)(bytes[0] | (bytes[1] << 8));
    }

    private protected byte[] ReadBytes(byte register, int count)
    {
        byte[] bytes = new byte[count];
        I2cDevice.WriteByte(register);
        I2cDevice.Read(bytes);
        return bytes;
    }

    private protected int ReadRaw20(byte register)
    {
        byte[] bytes = ReadBytes(register, 3);
        return ((bytes[0] << 16) | (bytes[1] << 8) | bytes[2]) >> 4;
    }

    private protected void Write(byte register, byte value) => I2cDevice.Write(new[] { register, value });

    private protected void Change(byte register, int mask, int bits)
    {
        byte old = Read8BitsFromRegister(register);
        Write(register, (byte)((old & ~mask) | bits));
    }
}

using System.Buffers.Binary;

namespace VirtualBoard.Parts;

/// <summary>Which of the two chips.</summary>
public enum Bmx280Chip : byte
{
    Bmp280 = 0x58,
    Bme280 = 0x60,
}

/// <summary>
/// A BME280 or BMP280 as its registers (BST-BME280-DS002): measures what its script says in forced and normal mode,
/// takes its time for it, and has nothing but reset values to tell before. Thread-safe.
/// </summary>
public sealed class Bmx280Slave : II2cSlave
{
    private const byte IdRegister = 0xD0;
    private const byte ResetRegister = 0xE0;
    private const byte CtrlHumRegister = 0xF2;
    private const byte StatusRegister = 0xF3;
    private const byte CtrlMeasRegister = 0xF4;
    private const byte ConfigRegister = 0xF5;
    private const byte DataRegister = 0xF7;
    private const byte ResetCommand = 0xB6;
    private const byte StatusMeasuring = 0x08;
    private const int SkippedRaw20 = 0x80000;
    private const int SkippedRaw16 = 0x8000;
    private const int ModeMask = 3;
    private const int SleepMode = 0;
    private const int NormalMode = 3;

    // Section 4.2.3 counts oversampling 1, 2, 4, 8, 16 and then 16 again.
    private static readonly int[] Oversampling = [0, 1, 2, 4, 8, 16, 16, 16];

    // Section 3.6.3, t_sb; the last two differ between the chips.
    private static readonly double[] StandbyMs = [0.5, 62.5, 125, 250, 500, 1000, 10, 20];
    private static readonly double[] Bmp280StandbyMs = [0.5, 62.5, 125, 250, 500, 1000, 2000, 4000];

    private readonly Lock _lock = new();
    private readonly byte[] _registers = new byte[256];
    private readonly Bmx280Chip _chip;
    private readonly IClimateScript _script;
    private readonly TimeProvider _time;
    private readonly long _start;
    private byte _pointer;
    private int _humidityControl;
    private TimeSpan? _due;
    private Bmx280Raw? _filtered;
    private bool _isUnplugged;

    public Bmx280Slave(Bmx280Chip chip, IClimateScript script, TimeProvider? time = null)
    {
        _chip = chip;
        _script = script;
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        LosePower();
    }

    /// <summary>
    /// Gets or sets a value indicating whether the part is off its wires: it answers nothing, and comes back as after
    /// power-on.
    /// </summary>
    public bool IsUnplugged
    {
        get
        {
            lock (_lock)
            {
                return _isUnplugged;
            }
        }

        set
        {
            lock (_lock)
            {
                _isUnplugged = value;
                ResetRegisters();
            }
        }
    }

    /// <summary>
    /// Gets or sets what the converters give whatever the climate, as a broken element or its wires do; null when they
    /// work.
    /// </summary>
    public Bmx280Raw? StuckAt { get; set; }

    /// <summary>Gets how often the reset command was given.</summary>
    public int Resets { get; private set; }

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    private bool HasHumidity => _chip == Bmx280Chip.Bme280;

    private int TemperatureControl => _registers[CtrlMeasRegister] >> 5;

    private int PressureControl => (_registers[CtrlMeasRegister] >> 2) & 7;

    /// <summary>
    /// The part's supply broke down and is back: it sleeps, and its registers are as after power-on, whatever the
    /// firmware thinks.
    /// </summary>
    public void LosePower()
    {
        lock (_lock)
        {
            ResetRegisters();
        }
    }

    public bool TryWrite(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (_isUnplugged)
            {
                return false;
            }

            CatchUp();
            if (data.Length % 2 == 1)
            {
                _pointer = data[^1];
            }

            for (int i = 0; i + 1 < data.Length; i += 2)
            {
                _pointer = data[i];
                WriteRegister(data[i], data[i + 1]);
            }

            return true;
        }
    }

    public bool TryRead(Span<byte> data)
    {
        lock (_lock)
        {
            if (_isUnplugged)
            {
                return false;
            }

            CatchUp();
            for (int i = 0; i < data.Length; i++)
            {
                data[i] = _registers[(byte)(_pointer + i)];
            }

            return true;
        }
    }

    private void ResetRegisters()
    {
        Array.Clear(_registers);
        _registers[IdRegister] = (byte)_chip;
        Bmx280Calibration.CopyTo(_registers, HasHumidity);
        _pointer = 0;
        _humidityControl = 0;
        _due = null;
        _filtered = null;
        StoreData(new Bmx280Raw(SkippedRaw20, SkippedRaw20, SkippedRaw16));
    }

    private void WriteRegister(byte register, byte value)
    {
        switch (register)
        {
            case ResetRegister when value == ResetCommand:
                ResetRegisters();
                Resets++;
                break;
            case CtrlHumRegister when HasHumidity:
                _registers[register] = (byte)(value & 7);
                break;
            case CtrlMeasRegister:
                _registers[register] = value;
                // Section 5.4.3: what was written to ctrl_hum takes effect now.
                _humidityControl = _registers[CtrlHumRegister];
                _due = (value & ModeMask) == SleepMode ? null : Elapsed + MeasuringTime();
                break;
            case ConfigRegister:
                _registers[register] = value;
                _filtered = null;
                break;
        }

        ShowWhetherMeasuring();
    }

    /// <summary>
    /// Does what the part did since anybody looked; of several measurements in normal mode only the last can still be
    /// seen.
    /// </summary>
    private void CatchUp()
    {
        if (_due is { } due && Elapsed is { } now && now >= due)
        {
            if ((_registers[CtrlMeasRegister] & ModeMask) == NormalMode)
            {
                TimeSpan period = MeasuringTime() + StandbyTime();
                due += Math.Floor((now - due) / period) * period;
                _due = due + period;
            }
            else
            {
                _registers[CtrlMeasRegister] &= unchecked((byte)~ModeMask);
                _due = null;
            }

            Measure(due);
        }

        ShowWhetherMeasuring();
    }

    private void ShowWhetherMeasuring()
    {
        bool isMeasuring = _due is { } due && due - Elapsed <= MeasuringTime();
        _registers[StatusRegister] = isMeasuring ? StatusMeasuring : (byte)0;
    }

    private void Measure(TimeSpan at)
    {
        Bmx280Raw raw = Filter(StuckAt ?? Bmx280Calibration.Invert(_script.At(at)));
        StoreData(new Bmx280Raw(
            Resolved(raw.Temperature, TemperatureControl),
            Resolved(raw.Pressure, PressureControl),
            HasHumidity && _humidityControl != 0 ? raw.Humidity : SkippedRaw16));
    }

    /// <summary>Section 3.4.4: the filter smooths temperature and pressure, never humidity.</summary>
    private Bmx280Raw Filter(Bmx280Raw raw)
    {
        int shift = Math.Min((_registers[ConfigRegister] >> 2) & 7, 4);
        if (shift > 0 && _filtered is { } old)
        {
            raw = raw with
            {
                Temperature = old.Temperature + ((raw.Temperature - old.Temperature) >> shift),
                Pressure = old.Pressure + ((raw.Pressure - old.Pressure) >> shift),
            };
        }

        _filtered = raw;
        return raw;
    }

    /// <summary>
    /// Section 3.4.1: without the filter a value has 16 bits, and one more for each doubling of the oversampling.
    /// </summary>
    private int Resolved(int raw, int control)
    {
        if (control == 0)
        {
            return SkippedRaw20;
        }

        int lostBits = (_registers[ConfigRegister] & 0x1C) != 0 || StuckAt != null ? 0 : Math.Max(5 - control, 0);
        int rounded = raw + ((1 << lostBits) >> 1);
        return Math.Min(rounded, Bmx280Calibration.MaxRaw20) >> lostBits << lostBits;
    }

    private void StoreData(Bmx280Raw raw)
    {
        Span<byte> data = _registers.AsSpan(DataRegister);
        BinaryPrimitives.WriteInt32BigEndian(data, raw.Pressure << 12);
        BinaryPrimitives.WriteInt32BigEndian(data[3..], raw.Temperature << 12);
        data[6] = 0;
        data[7] = 0;
        if (HasHumidity)
        {
            BinaryPrimitives.WriteUInt16BigEndian(data[6..], (ushort)raw.Humidity);
        }
    }

    /// <summary>Section 9.1, typical.</summary>
    private TimeSpan MeasuringTime()
    {
        double ms = 1 + (2 * Oversampling[TemperatureControl]);
        ms += PressureControl == 0 ? 0 : (2 * Oversampling[PressureControl]) + 0.5;
        ms += _humidityControl == 0 ? 0 : (2 * Oversampling[_humidityControl]) + 0.5;
        return TimeSpan.FromMilliseconds(ms);
    }

    private TimeSpan StandbyTime() =>
        TimeSpan.FromMilliseconds((HasHumidity ? StandbyMs : Bmp280StandbyMs)[_registers[ConfigRegister] >> 5]);
}

using System.Buffers.Binary;

namespace VirtualBoard.Parts;

/// <summary>What the converters of an SHT31 give.</summary>
public readonly record struct Sht31Raw(ushort Temperature, ushort Humidity);

/// <summary>
/// An SHT31 by its commands (Sensirion, datasheet SHT3x-DIS): measures once when it is told to, answers nothing
/// meanwhile, and gives each measurement away once. Thread-safe.
/// </summary>
public sealed class Sht31Slave : II2cSlave
{
    private const int MeasureHigh = 0x2400;
    private const int MeasureMedium = 0x240B;
    private const int MeasureLow = 0x2416;
    private const int Break = 0x3093;
    private const int SoftReset = 0x30A2;
    private const int HeaterOn = 0x306D;
    private const int HeaterOff = 0x3066;
    private const int ReadStatus = 0xF32D;
    private const int ClearStatus = 0x3041;

    // Section 4.11.
    private const int AlertFlag = 1 << 15;
    private const int ResetFlag = 1 << 4;
    private const int HeaterFlag = 1 << 13;
    private const int UnknownCommandFlag = 1 << 1;
    private const int Flags = 0x8C10; // what the command to clear clears

    private const int WordBytes = 3;
    private const double HeatC = 3; // "a few degrees" (section 4.10)

    private static readonly TimeSpan ResetTime = TimeSpan.FromMilliseconds(1.5); // section 2.2
    private static readonly TimeSpan CommandGap = TimeSpan.FromMilliseconds(1); // section 4

    private readonly Lock _lock = new();
    private readonly IClimateScript _script;
    private readonly TimeProvider _time;
    private readonly long _start;
    private int _status;
    private TimeSpan _readyAt;
    private byte[]? _answer;
    private bool _isUnplugged;
    private int _disturbed;

    public Sht31Slave(IClimateScript script, TimeProvider? time = null)
    {
        _script = script;
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        LosePower();
        _readyAt = default;
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
                Reset();
            }
        }
    }

    /// <summary>
    /// Gets or sets a value indicating whether each answer has one wrong bit, another one each time, so that a checksum
    /// does not fit.
    /// </summary>
    public bool IsDisturbed { get; set; }

    /// <summary>Gets or sets what the converters give whatever the climate; null when they work.</summary>
    public Sht31Raw? StuckAt { get; set; }

    /// <summary>Gets how often it was asked for its status.</summary>
    public int StatusReads { get; private set; }

    /// <summary>Gets a value indicating whether the heater is on, which warms what is measured.</summary>
    public bool IsHeating => (_status & HeaterFlag) != 0;

    /// <summary>Gets a value indicating whether it takes a command.</summary>
    public bool IsReady
    {
        get
        {
            lock (_lock)
            {
                return !_isUnplugged && Elapsed >= _readyAt;
            }
        }
    }

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    /// <summary>The part's supply broke down and is back.</summary>
    public void LosePower()
    {
        lock (_lock)
        {
            Reset();
        }
    }

    public bool TryWrite(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (!IsReady || data.Length < 2)
            {
                return false;
            }

            _answer = null;
            _readyAt = Elapsed + CommandGap;
            Execute(BinaryPrimitives.ReadUInt16BigEndian(data));
            return true;
        }
    }

    public bool TryRead(Span<byte> data)
    {
        lock (_lock)
        {
            // The time between two commands does not keep the answer of a status back.
            bool isReady = _answer is { Length: WordBytes } || Elapsed >= _readyAt;
            if (_isUnplugged || _answer == null || !isReady)
            {
                return false;
            }

            data.Fill(0xFF);
            _answer.AsSpan(0, Math.Min(_answer.Length, data.Length)).CopyTo(data);
            if (IsDisturbed)
            {
                data[_disturbed % data.Length] ^= (byte)(1 << (_disturbed % 8));
                _disturbed++;
            }

            _answer = null;
            return true;
        }
    }

    private static byte Crc(byte high, byte low)
    {
        // Section 4.12: polynomial 0x31, start 0xFF; 0xBEEF has 0x92.
        int crc = 0xFF;
        foreach (byte value in (ReadOnlySpan<byte>)[high, low])
        {
            crc ^= value;
            for (int i = 0; i < 8; i++)
            {
                crc = (byte)((crc << 1) ^ ((crc & 0x80) != 0 ? 0x31 : 0));
            }
        }

        return (byte)crc;
    }

    private static byte[] Words(params int[] words) =>
        [.. words.SelectMany(word => (byte[])[(byte)(word >> 8), (byte)word, Crc((byte)(word >> 8), (byte)word)])];

    private static ushort Raw(double share) =>
        (ushort)Math.Clamp(Math.Round(share * ushort.MaxValue), 0, ushort.MaxValue);

    private void Reset()
    {
        _status = AlertFlag | ResetFlag;
        _answer = null;
        _readyAt = Elapsed + ResetTime;
    }

    private void Execute(int command)
    {
        _status &= ~UnknownCommandFlag;
        switch (command)
        {
            case MeasureHigh:
                Measure(15.5);
                break;
            case MeasureMedium:
                Measure(6.5);
                break;
            case MeasureLow:
                Measure(4.5);
                break;
            case ReadStatus:
                StatusReads++;
                _answer = Words(_status);
                break;
            case ClearStatus:
                _status &= ~Flags;
                break;
            case HeaterOn:
                _status |= HeaterFlag;
                break;
            case HeaterOff:
                _status &= ~HeaterFlag;
                break;
            case SoftReset:
                Reset();
                break;
            case Break:
                break;
            default:
                _status |= UnknownCommandFlag;
                break;
        }
    }

    /// <summary>Measures, in the longest time of section 2.2.</summary>
    private void Measure(double ms)
    {
        _readyAt = Elapsed + TimeSpan.FromMilliseconds(ms);
        Climate climate = _script.At(_readyAt);
        double celsius = climate.Temperature + (IsHeating ? HeatC : 0);
        Sht31Raw raw = StuckAt ?? new Sht31Raw(Raw((celsius + 45) / 175), Raw(climate.Humidity / 100));
        _answer = Words(raw.Temperature, raw.Humidity);
    }
}

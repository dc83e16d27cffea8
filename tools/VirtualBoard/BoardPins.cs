using System.Device.Gpio;

namespace VirtualBoard;

/// <summary>The board's pins as a meter sees them.</summary>
public sealed class BoardPins
{
    private readonly PinTrace[] _pins = new PinTrace[BoardModel.MaxPinCount];

    internal BoardPins(Board board)
    {
        for (int i = 0; i < _pins.Length; i++)
        {
            _pins[i] = new PinTrace(board, i);
        }
    }

    public PinTrace this[int pinNumber] => _pins[pinNumber];

    internal void FloatAll()
    {
        foreach (PinTrace pin in _pins)
        {
            pin.Announce(pin.Set(null, null));
        }
    }
}

/// <summary>
/// What a pin is and was. A pin that is not an output floats: its level is whatever the circuit around it makes of it.
/// </summary>
public sealed class PinTrace
{
    /// <summary>Older changes are forgotten.</summary>
    public const int MaxChanges = 10_000;

    // ESP-IDF's ADC page for the ESP32, at 12 dB.
    private const double DeadVolts = 0.13;
    private const double LinearVolts = 2.6;
    private const double FullVolts = 3.1;
    private const int MaxSteps = 4095;

    private readonly Lock _lock = new();
    private readonly Board _board;
    private readonly Queue<PinChange> _changes = new();
    private PinChange _now;

    internal PinTrace(Board board, int number)
    {
        _board = board;
        Number = number;
    }

    /// <summary>Raised after each change of mode or level.</summary>
    public event Action<PinTrace, PinChange>? Changed;

    public int Number { get; }

    /// <summary>Gets what the firmware made of the pin; null as long as it made nothing, and without power.</summary>
    public PinMode? Mode => Now.Mode;

    /// <summary>Gets the level that the chip drives; null while it floats.</summary>
    public PinValue? Level => Now.Level;

    /// <summary>
    /// Gets or sets a value indicating whether something else of the chip has the pin, so that it cannot be opened.
    /// </summary>
    public bool IsTaken { get; set; }

    /// <summary>Gets or sets the level that the circuit outside drives into an input; null for none.</summary>
    public PinValue? ExternalLevel { get; set; }

    /// <summary>
    /// Gets or sets the voltage that the circuit outside drives into the pin, for the converter; null: nothing is
    /// there.
    /// </summary>
    public double? ExternalVolts { get; set; }

    /// <summary>Gets or sets by how much the converter's values are off at most, each by another part of it.</summary>
    public double NoiseVolts { get; set; }

    /// <summary>Gets all changes, oldest first.</summary>
    public IReadOnlyList<PinChange> Changes
    {
        get
        {
            lock (_lock)
            {
                return [.. _changes];
            }
        }
    }

    private PinChange Now
    {
        get
        {
            lock (_lock)
            {
                return _now;
            }
        }
    }

    /// <summary>Records a state; the change, if it is one, is to be announced once no lock is held.</summary>
    internal PinChange? Set(PinMode? mode, PinValue? level)
    {
        PinChange change = new(_board.Age, mode, level);
        lock (_lock)
        {
            if (_now.Mode == mode && _now.Level == level)
            {
                return null;
            }

            _now = change;
            _changes.Enqueue(change);
            if (_changes.Count > MaxChanges)
            {
                _changes.Dequeue();
            }
        }

        return change;
    }

    /// <summary>
    /// Converts the voltage as the chip does: 3.1 V at the end of the scale, a dead zone at its start, steeper above
    /// 2.6 V. A pin where nothing is reads next to nothing.
    /// </summary>
    internal int Convert()
    {
        double noise = ((Random.Shared.NextDouble() * 2) - 1) * NoiseVolts;
        double volts = (ExternalVolts ?? 0) + noise;
        double seen = volts < DeadVolts ? 0 : volts > LinearVolts ? LinearVolts + ((volts - LinearVolts) * 1.2) : volts;
        return (int)Math.Clamp(Math.Round(seen / FullVolts * MaxSteps), 0, MaxSteps);
    }

    internal void Announce(PinChange? change)
    {
        if (change is { } happened)
        {
            Board.Outside(() => Changed?.Invoke(this, happened));
        }
    }
}

/// <summary>A pin's state from a moment on.</summary>
/// <param name="Time">Since the board object was made; goes on across reboots.</param>
/// <param name="Mode">What the firmware made of the pin, or null.</param>
/// <param name="Level">The level that the chip drives; null while it floats.</param>
public readonly record struct PinChange(TimeSpan Time, PinMode? Mode, PinValue? Level);

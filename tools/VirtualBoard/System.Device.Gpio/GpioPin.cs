using VirtualBoard;

namespace System.Device.Gpio;

/// <summary>
/// Behaves as nf-interpreter's sys_dev_gpio_native_System_Device_Gpio_GpioPin.cpp and the ESP32's cpu_gpio.cpp do:
/// Write throws as long as the pin is no output, and SetPinMode drives an output low at once. So no firmware can choose
/// the first level of an output: one that is active low is on from SetPinMode to the first Write.
/// </summary>
public sealed class GpioPin : IDisposable
{
    private readonly Boot _boot;
    private readonly PinTrace _trace;
    private PinMode _mode = PinMode.Input;
    private bool _latch;
    private bool _isDisposed;

    internal GpioPin(Boot boot, int pinNumber)
    {
        _boot = boot;
        _trace = boot.Board.Gpio[pinNumber];
        PinNumber = pinNumber;
    }

    public int PinNumber { get; }

    public PinMode GetPinMode()
    {
        Enter();
        return _mode;
    }

    public bool IsPinModeSupported(PinMode pinMode) => IsSupported(_boot.Board.Model, PinNumber, pinMode);

    /// <summary>Sets the mode; an output starts low.</summary>
    /// <exception cref="ArgumentException">The pin is an input only.</exception>
    public void SetPinMode(PinMode value)
    {
        Enter();
        if (value >= PinMode.Output && _boot.Board.Model.IsInputOnly(PinNumber))
        {
            throw new ArgumentException(null);
        }

        // nanoFramework reserves these only on modules with PSRAM; elsewhere the firmware takes the pin from the flash
        // that it runs from.
        if (_boot.Board.Model.IsFlash(PinNumber))
        {
            _boot.Board.Hang(_boot, $"Pin {PinNumber} belongs to the flash.");
        }

        if (_boot.Board.PsramSize > 0 && _boot.Board.Model.IsPsram(PinNumber))
        {
            _boot.Board.Hang(_boot, $"Pin {PinNumber} belongs to the PSRAM.");
        }

        Drive(value, isHigh: false);
    }

    /// <summary>Reads an input. On the ESP32 an output has its input buffer off and always reads low.</summary>
    public PinValue Read()
    {
        Enter();
        return _mode < PinMode.Output && (_trace.ExternalLevel ?? _mode == PinMode.InputPullUp) == PinValue.High;
    }

    /// <summary>Drives an output.</summary>
    /// <exception cref="ArgumentException">The pin is no output.</exception>
    public void Write(PinValue value)
    {
        Enter();
        if (_mode < PinMode.Output)
        {
            throw new ArgumentException(null);
        }

        Drive(_mode, (bool)value);
    }

    /// <summary>Inverts an output; does nothing to an input.</summary>
    public void Toggle()
    {
        Enter();
        if (_mode >= PinMode.Output)
        {
            Drive(_mode, !_latch);
        }
    }

    /// <summary>Gives the pin back; it is an input then.</summary>
    public void Dispose()
    {
        _boot.Pass();
        if (!_isDisposed)
        {
            Drive(PinMode.Input, isHigh: false);
            _isDisposed = true;
            _boot.Gpio.Release(PinNumber);
        }
    }

    internal static bool IsSupported(BoardModel model, int pinNumber, PinMode mode)
    {
        PinMode last = model.IsInputOnly(pinNumber) ? PinMode.InputPullUp : PinMode.OutputOpenSourcePullDown;
        return model.Exists(pinNumber) && mode >= PinMode.Input && mode <= last;
    }

    // The ESP32 has no open source: nanoFramework makes open drain of it.
    private static PinValue? LevelOf(PinMode mode, bool isHigh) => mode switch
    {
        PinMode.Output => isHigh,
        PinMode.OutputOpenDrainPullUp => isHigh,
        > PinMode.Output => isHigh ? null : PinValue.Low,
        _ => null,
    };

    private void Drive(PinMode mode, bool isHigh)
    {
        PinChange? change = null;
        _boot.Act(() =>
        {
            _mode = mode;
            _latch = isHigh;
            change = _trace.Set(mode, LevelOf(mode, isHigh));
        });
        _trace.Announce(change);
    }

    private void Enter()
    {
        _boot.Pass();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
    }
}

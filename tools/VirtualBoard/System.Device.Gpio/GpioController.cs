using VirtualBoard;

namespace System.Device.Gpio;

/// <summary>All controllers of a boot share the pins, as the real one keeps them in a static list.</summary>
public sealed class GpioController : IDisposable
{
    private readonly Boot _boot;
    private bool _isDisposed;

    public GpioController()
        : this(PinNumberingScheme.Logical)
    {
    }

    public GpioController(PinNumberingScheme numberingScheme)
    {
        _boot = Board.CurrentBoot;
        _boot.Pass();
        NumberingScheme = numberingScheme;
    }

    public PinNumberingScheme NumberingScheme { get; }

    public int PinCount => _boot.Board.Model.PinCount;

    /// <summary>Reserves a pin and leaves it as it is.</summary>
    /// <exception cref="InvalidOperationException">There is no such pin, or it is open already.</exception>
    public GpioPin OpenPin(int pinNumber)
    {
        GpioPin pin = Reserve(pinNumber);
        _boot.Gpio.Add(pin);
        return pin;
    }

    /// <summary>
    /// Reserves a pin and sets its mode. When that fails the pin stays reserved, as with the real one.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no such pin, or it is open already.</exception>
    /// <exception cref="ArgumentException">The pin cannot do that.</exception>
    public GpioPin OpenPin(int pinNumber, PinMode mode)
    {
        GpioPin pin = Reserve(pinNumber);
        pin.SetPinMode(mode);
        _boot.Gpio.Add(pin);
        return pin;
    }

    public void ClosePin(int pinNumber)
    {
        GpioPin pin = Find(pinNumber);
        pin.Dispose();
        _boot.Gpio.Remove(pinNumber);
    }

    public PinMode GetPinMode(int pinNumber) => Find(pinNumber).GetPinMode();

    public bool IsPinModeSupported(int pinNumber, PinMode mode) =>
        GpioPin.IsSupported(_boot.Board.Model, pinNumber, mode);

    /// <summary>True for a pin that does not exist, too: the real one asks whether the pin is busy.</summary>
    public bool IsPinOpen(int pinNumber)
    {
        _boot.Pass();
        return !_boot.Board.Model.Exists(pinNumber) || IsKept(pinNumber) || _boot.Gpio.IsReserved(pinNumber);
    }

    public PinValue Read(int pinNumber) => Find(pinNumber).Read();

    public void SetPinMode(int pinNumber, PinMode mode) => Find(pinNumber).SetPinMode(mode);

    public void Write(int pinNumber, PinValue value) => Find(pinNumber).Write(value);

    /// <summary>Closes every pin that any controller opened.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _boot.Gpio.DisposeAll();
        }
    }

    private GpioPin Reserve(int pinNumber)
    {
        _boot.Pass();
        bool isFree = _boot.Board.Model.Exists(pinNumber)
            && !IsKept(pinNumber)
            && !_boot.Board.Gpio[pinNumber].IsTaken
            && _boot.Gpio.TryReserve(pinNumber);
        return isFree ? new GpioPin(_boot, pinNumber) : throw new InvalidOperationException();
    }

    // On modules with PSRAM nanoFramework keeps the flash's pins for itself (CPU_GPIO_Initialize).
    private bool IsKept(int pinNumber) => _boot.Board.PsramSize > 0 && _boot.Board.Model.IsFlash(pinNumber);

    private GpioPin Find(int pinNumber)
    {
        _boot.Pass();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _boot.Gpio.Find(pinNumber) ?? throw new InvalidOperationException();
    }
}

using VirtualBoard;

namespace System.Device.Gpio;

/// <summary>What the real library keeps in statics and the native layer in a bit mask.</summary>
internal sealed class GpioState
{
    private readonly Lock _lock = new();
    private readonly bool[] _reserved = new bool[BoardModel.MaxPinCount];
    private readonly Dictionary<int, GpioPin> _open = [];

    public bool IsReserved(int pinNumber)
    {
        lock (_lock)
        {
            return _reserved[pinNumber];
        }
    }

    public bool TryReserve(int pinNumber)
    {
        lock (_lock)
        {
            bool isFree = !_reserved[pinNumber];
            _reserved[pinNumber] = true;
            return isFree;
        }
    }

    public void Release(int pinNumber)
    {
        lock (_lock)
        {
            _reserved[pinNumber] = false;
        }
    }

    public void Add(GpioPin pin)
    {
        lock (_lock)
        {
            _open[pin.PinNumber] = pin;
        }
    }

    public GpioPin? Find(int pinNumber)
    {
        lock (_lock)
        {
            return _open.GetValueOrDefault(pinNumber);
        }
    }

    public void Remove(int pinNumber)
    {
        lock (_lock)
        {
            _open.Remove(pinNumber);
        }
    }

    public void DisposeAll()
    {
        GpioPin[] pins;
        lock (_lock)
        {
            pins = [.. _open.Values];
            _open.Clear();
        }

        foreach (GpioPin pin in pins)
        {
            pin.Dispose();
        }
    }
}

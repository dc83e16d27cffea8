using DeviceQueue.Outputs;

namespace DeviceQueue.Tests.Commands;

/// <summary>Pins that keep what was done to them.</summary>
internal sealed class FakePins : IOutputPins
{
    public List<(int Pin, bool IsHigh)> Opened { get; } = [];

    public List<(int Pin, bool IsHigh)> Written { get; } = [];

    /// <summary>Gets the level of each pin that was opened.</summary>
    public Dictionary<int, bool> Levels { get; } = [];

    public bool Fails { get; set; }

    /// <summary>Gets or sets what happens once a pin was written.</summary>
    public Action? OnWrite { get; set; }

    /// <summary>Gets or sets what tells that the board has no power: nothing moves any more.</summary>
    public Func<bool>? IsDead { get; set; }

    /// <summary>Gets or sets a pin that cannot be opened.</summary>
    public int? Unopenable { get; set; }

    public void Open(int pin, bool isHigh)
    {
        if (pin == Unopenable)
        {
            throw new InvalidOperationException("taken");
        }

        Opened.Add((pin, isHigh));
        Levels[pin] = isHigh;
    }

    public void Write(int pin, bool isHigh)
    {
        if (Fails)
        {
            throw new InvalidOperationException("the pin \"is\" gone");
        }

        if (IsDead?.Invoke() == true)
        {
            return;
        }

        Written.Add((pin, isHigh));
        Levels[pin] = isHigh;
        OnWrite?.Invoke();
    }
}

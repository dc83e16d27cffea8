using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>A climate whose measurement can be held up, and with it who waits for it on the bus.</summary>
internal sealed class SlowClimate : IClimateScript, IDisposable
{
    private readonly ManualResetEventSlim _goesOn = new(true);

    public bool IsHolding { get; private set; }

    public void Hold() => _goesOn.Reset();

    public void Release() => _goesOn.Set();

    public Climate At(TimeSpan elapsed)
    {
        IsHolding = !_goesOn.IsSet;
        _goesOn.Wait();
        IsHolding = false;
        return new Climate(21.5, 45, 1006.5);
    }

    public void Dispose() => Release();
}

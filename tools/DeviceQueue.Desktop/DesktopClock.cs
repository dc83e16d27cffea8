using System.Diagnostics;
using DeviceQueue.Time;

namespace DeviceQueue.Desktop;

/// <summary>The computer's clocks: monotonic milliseconds since this was made, and UTC, which counts as set.</summary>
public sealed class DesktopClock : IClock
{
    private readonly long _start = Stopwatch.GetTimestamp();

    public long NowMs => (long)Stopwatch.GetElapsedTime(_start).TotalMilliseconds;

    public bool TryGetUtc(out DateTime utc)
    {
        utc = DateTime.UtcNow;
        return true;
    }
}

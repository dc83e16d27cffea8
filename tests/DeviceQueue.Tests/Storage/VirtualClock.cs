using DeviceQueue.Time;

namespace DeviceQueue.Tests.Storage;

/// <summary>Time that moves only when a test moves it.</summary>
internal sealed class VirtualClock : IClock
{
    public long NowMs { get; set; }

    /// <summary>Gets or sets the calendar time at <see cref="NowMs"/> 0; null while the clock is not set.</summary>
    public DateTime? StartUtc { get; set; } = new(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc);

    /// <summary>Gets or sets what happens right after the calendar is read.</summary>
    public Action? UtcRead { get; set; }

    public bool TryGetUtc(out DateTime utc)
    {
        utc = StartUtc?.AddMilliseconds(NowMs) ?? DateTime.MinValue;
        UtcRead?.Invoke();
        return StartUtc is not null;
    }
}

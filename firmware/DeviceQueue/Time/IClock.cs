using System;

namespace DeviceQueue.Time
{
    /// <summary>Time as the library sees it. Implementations are safe to call from any thread.</summary>
    public interface IClock
    {
        /// <summary>
        /// Gets the milliseconds since start. Never goes back, whatever happens to the calendar clock.
        /// </summary>
        long NowMs { get; }

        /// <summary>Reads the calendar clock.</summary>
        /// <param name="utc">The time in UTC, when the clock is set.</param>
        /// <returns><see langword="false"/> while the clock has not been set since power-on.</returns>
        bool TryGetUtc(out DateTime utc);
    }
}

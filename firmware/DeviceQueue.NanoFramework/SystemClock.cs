using System;
using DeviceQueue.Platform;

namespace DeviceQueue.NanoFramework
{
    /// <summary>The board's clocks. Without a set calendar an ESP32 counts from 1970.</summary>
    public sealed class SystemClock : IClock
    {
        // No firmware of this kind ran before; an unset calendar does not reach it in 55 years of uptime.
        private const int FirstPlausibleYear = 2025;

        /// <inheritdoc/>
        public long NowMs => Environment.TickCount64;

        /// <inheritdoc/>
        public bool TryGetUtc(out DateTime utc)
        {
            utc = DateTime.UtcNow;
            return utc.Year >= FirstPlausibleYear;
        }
    }
}

using System;
using DeviceQueue.Platform;
using VirtualBoard;

namespace DeviceQueue.NanoFramework
{
    /// <summary>The clocks of the virtual board that this runs on.</summary>
    public sealed class SystemClock : IClock
    {
        private const int FirstPlausibleYear = 2025;

        private readonly BoardClock _clock = Board.Current.Clock;

        /// <inheritdoc/>
        public long NowMs => _clock.NowMs;

        /// <inheritdoc/>
        public bool TryGetUtc(out DateTime utc)
        {
            utc = _clock.Utc;
            return utc.Year >= FirstPlausibleYear;
        }
    }
}

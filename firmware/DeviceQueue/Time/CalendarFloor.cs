using System;

namespace DeviceQueue.Time
{
    /// <summary>
    /// Tells a calendar that the device set to a floor itself from one that the time service has set since.
    /// </summary>
    public sealed class CalendarFloor
    {
        // Both clocks run on one crystal; a larger difference, in milliseconds, means that one was set.
        private const int ToleranceMs = 2000;

        private DateTime _utc;
        private long _atMs;
        private bool _isSet;

        /// <summary>Says that the calendar stands at a floor now.</summary>
        /// <param name="utc">What it says.</param>
        /// <param name="nowMs">The milliseconds since start.</param>
        public void Set(DateTime utc, long nowMs)
        {
            _utc = utc;
            _atMs = nowMs;
            _isSet = true;
        }

        /// <summary>Tells whether the calendar still runs on from the floor.</summary>
        /// <param name="utc">What it says.</param>
        /// <param name="nowMs">The milliseconds since start.</param>
        /// <returns><see langword="false"/> when it never stood at one or was set since.</returns>
        public bool IsAtFloor(DateTime utc, long nowMs)
        {
            if (_isSet)
            {
                long strayMs = (utc - _utc).Ticks / TimeSpan.TicksPerMillisecond - (nowMs - _atMs);
                _isSet = strayMs < ToleranceMs && strayMs > -ToleranceMs;
            }

            return _isSet;
        }
    }
}

using System;
using DeviceQueue.Time;
using VirtualBoard;

namespace DeviceQueue.NanoFramework
{
    /// <summary>The clocks of the virtual board that this runs on.</summary>
    public sealed class SystemClock : IClock, ICalendar
    {
        private const int FirstPlausibleYear = 2025;

        private readonly BoardClock _clock = Board.Current.Clock;
        private readonly CalendarFloor _floor = new CalendarFloor();

        /// <summary>
        /// Gets or sets the uptime at which this start began, in milliseconds: after a sleep it goes on.
        /// </summary>
        public long StartMs { get; set; }

        /// <inheritdoc/>
        public long NowMs => StartMs + _clock.NowMs;

        /// <inheritdoc/>
        public bool TryGetUtc(out DateTime utc)
        {
            utc = _clock.Utc;
            return utc.Year >= FirstPlausibleYear && !_floor.IsAtFloor(utc, NowMs);
        }

        /// <inheritdoc/>
        public void SetToFloor(DateTime utc)
        {
            if (!TryGetUtc(out _))
            {
                _floor.Set(utc, NowMs);
                _clock.SetUtc(utc);
            }
        }

        /// <summary>Takes away a date that survived a reboot and was never right.</summary>
        public void Forget()
        {
            _clock.SetUtc(DateTime.UnixEpoch);
        }
    }
}

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

        /// <inheritdoc/>
        public long NowMs => _clock.NowMs;

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

using System;
using DeviceQueue.Time;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.NanoFramework
{
    /// <summary>The board's clocks. Without a set calendar an ESP32 counts from 1970.</summary>
    public sealed class SystemClock : IClock, ICalendar
    {
        // No firmware of this kind ran before; an unset calendar does not reach it in 55 years of uptime.
        private const int FirstPlausibleYear = 2025;

        private readonly CalendarFloor _floor = new CalendarFloor();

        /// <summary>
        /// Gets or sets the uptime at which this start began, in milliseconds: after a sleep it goes on.
        /// </summary>
        public long StartMs { get; set; }

        /// <inheritdoc/>
        public long NowMs => StartMs + Environment.TickCount64;

        /// <inheritdoc/>
        public bool TryGetUtc(out DateTime utc)
        {
            utc = DateTime.UtcNow;
            return utc.Year >= FirstPlausibleYear && !_floor.IsAtFloor(utc, NowMs);
        }

        /// <inheritdoc/>
        public void SetToFloor(DateTime utc)
        {
            // The time service may have come first; and the mark stands before the calendar does, so that no other
            // thread takes a floor for the time.
            if (!TryGetUtc(out _))
            {
                _floor.Set(utc, NowMs);
                Rtc.SetSystemTime(utc);
            }
        }

        /// <summary>Takes away a date that survived a reboot and was never right.</summary>
        public void Forget()
        {
            Rtc.SetSystemTime(DateTime.UnixEpoch);
        }
    }
}

using System;

namespace DeviceQueue.Time
{
    /// <summary>The calendar clock, for the one case in which the device sets it itself.</summary>
    public interface ICalendar
    {
        /// <summary>
        /// Sets the calendar to a time that is certainly past, so that certificates can be checked; the clock counts as
        /// unset all the same until the time service sets it.
        /// </summary>
        /// <param name="utc">The time, in UTC.</param>
        void SetToFloor(DateTime utc);
    }
}

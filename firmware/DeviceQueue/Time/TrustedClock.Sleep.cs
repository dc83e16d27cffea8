using System;

namespace DeviceQueue.Time
{
    // What a device that sleeps needs: each wake-up has a clock of its own, which goes on from the one before.
    public sealed partial class TrustedClock
    {
        /// <summary>
        /// The end of the places that this takes among the numbers that are kept over a sleep, from 0 on: floor, when
        /// it was raised, the floor that is stored, flags, since when the calendar has to prove itself.
        /// </summary>
        public const int SavedEnd = 5;

        private const long UnprovedFlag = 1;
        private const long DoubtedFlag = 2;

        // How much of the time that passes the floor follows over sleeps, in percent: the slow oscillator of a chip
        // that sleeps is off by less than the rest.
        private const int FollowedPercent = 95;

        /// <summary>
        /// Raises the floor before a sleep, from which the next start goes on: to this moment when the time service has
        /// set the calendar since the start, else by most of the time that has passed. It is stored once an hour.
        /// </summary>
        /// <param name="isSet">Whether it has.</param>
        public void Settle(bool isSet)
        {
            lock (_file)
            {
                if (!TryAnchor(out DateTime utc))
                {
                    return;
                }

                long nowMs = _clock.NowMs;
                if (IsFarAhead(utc.Ticks, GetAnchoredTicks()))
                {
                    _isUnproved = true;
                    _isDoubted = true;
                    _unprovedMs = nowMs;
                }
                else if (nowMs - _unprovedMs >= ProofMs)
                {
                    Trust();
                }

                long passedTicks = (nowMs - _floorMs) * TimeSpan.TicksPerMillisecond / 100 * FollowedPercent;
                long ticks = isSet && !_isUnproved ? utc.Ticks : _floorTicks + passedTicks;
                Raise(ticks < utc.Ticks ? ticks : utc.Ticks, StepMs * TimeSpan.TicksPerMillisecond);
            }
        }

        /// <summary>Puts what a sleep must not lose among numbers that are kept over it.</summary>
        internal void Save(long[] saved)
        {
            lock (_file)
            {
                saved[0] = _floorTicks;
                saved[1] = _floorMs;
                saved[2] = _storedTicks;
                saved[3] = (_isUnproved ? UnprovedFlag : 0) | (_isDoubted ? DoubtedFlag : 0);
                saved[4] = _unprovedMs;
            }
        }

        /// <summary>Reads the calendar as it is, whatever it is worth.</summary>
        internal bool TryGetCalendar(out DateTime utc)
        {
            return _clock.TryGetUtc(out utc);
        }

        private void Resume(long[] saved)
        {
            _floorTicks = saved[0] > _floorTicks ? saved[0] : _floorTicks;
            _floorMs = saved[1];
            _storedTicks = saved[2];
            _isUnproved = (saved[3] & UnprovedFlag) != 0;
            _isDoubted = (saved[3] & DoubtedFlag) != 0;
            _unprovedMs = saved[4];
        }
    }
}

using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Time
{
    /// <summary>
    /// The calendar as far as it can be believed: UTC never goes back below a floor that survives reboots (the build
    /// date, then what was stored hourly and when a signed command was accepted). Beside it runs the time that commands
    /// are judged by, anchored to the first UTC of this boot and carried on by the monotonic clock: a calendar that
    /// jumps back makes no old command fresh, and one that jumps ahead and returns within the hour leaves nothing
    /// behind. After a sleep, whose timer may be off by percents, it follows the calendar back, down to the floor. A
    /// calendar more than two hours ahead of all that is known has to prove itself, for a time server may be
    /// wrong by decades until it is right: until an accepted signed command or a day confirms it, the floor rises only
    /// by the time that has passed, and a calendar that is set back far is followed, down to the floor, as it would be
    /// at start. What is dated meanwhile says so when the calendar leapt while the device ran, or is more than a year
    /// ahead at start: the power may well have been away for less. By how much it was off is said when it is set right.
    /// Safe to call from any thread.
    /// </summary>
    public sealed class TrustedClock : IClock, IHealthPart
    {
        /// <summary>How often the anchor follows the calendar and the floor is stored, in milliseconds.</summary>
        public const int StepMs = 3600000;

        /// <summary>
        /// How far the anchor follows a calendar that is behind it at each step, in milliseconds: more than a quartz
        /// drifts in an hour (100 ppm: 360 ms), too little to replay anything.
        /// </summary>
        public const int MaxSlewMs = 1000;

        /// <summary>
        /// How far ahead of what is known a calendar is believed at once, in milliseconds: the floor is an hour old at
        /// most when the power goes, which may be away for another.
        /// </summary>
        public const int MaxLeadMs = 2 * StepMs;

        /// <summary>How long a calendar that is further ahead has to go on to be believed, in milliseconds.</summary>
        public const int ProofMs = 86400000;

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

        private const int MinBehindMs = 60000;

        // What is known is the build date, or the time when the power went: a board may lie in a drawer for so long.
        private const long MaxAwayTicks = 365 * TimeSpan.TicksPerDay;

        private readonly IClock _clock;
        private readonly ClockFloor _floor; // the lock, too
        private readonly bool _hasSlept;
        private bool _isAnchored;
        private bool _isUnproved;
        private bool _isDoubted;
        private long _unprovedMs;
        private long _anchorTicks;
        private long _anchorMs;
        private long _stepMs;
        private long _leadTicks;
        private long _trustedMs;
        private long _offMs;

        /// <summary>Starts with the floor that storage has, in the files <c>utc.0</c> and <c>utc.1</c>.</summary>
        /// <param name="buildDate">The lowest floor, in UTC.</param>
        /// <param name="buffer">Shared with other small records; <see langword="null"/> for one of its own.</param>
        /// <param name="saved">What <see cref="Save"/> made before a sleep, in place of the files.</param>
        public TrustedClock(
            IClock clock, IStore store, DateTime buildDate, byte[] buffer = null, long[] saved = null)
        {
            _clock = clock;
            _floor = new ClockFloor(store, buildDate, buffer, clock.NowMs, saved);
            if (saved != null)
            {
                _hasSlept = true;
                _isUnproved = (saved[3] & UnprovedFlag) != 0;
                _isDoubted = (saved[3] & DoubtedFlag) != 0;
                _unprovedMs = saved[4];
            }
        }

        /// <summary>Gets the time below which UTC never goes.</summary>
        public DateTime Floor
        {
            get
            {
                lock (_floor)
                {
                    return new DateTime(_floor.Ticks);
                }
            }
        }

        /// <summary>Gets how far the calendar is behind the floor, in ms; 0: a minute at most.</summary>
        public long BehindMs
        {
            get
            {
                lock (_floor)
                {
                    bool isSet = _clock.TryGetUtc(out DateTime utc);
                    long behindMs = isSet ? (_floor.Ticks - utc.Ticks) / TimeSpan.TicksPerMillisecond : 0;
                    return behindMs > MinBehindMs ? behindMs : 0;
                }
            }
        }

        /// <summary>Gets a value indicating whether the clock is set, and may be wrong by years.</summary>
        public bool IsDoubted => TryDate(out DateTime utc, out bool isDoubted) && isDoubted;

        /// <summary>Gets by how much a doubted clock was ahead when it was set right, in ms; 0: none was.</summary>
        public long OffMs => _offMs;

        /// <inheritdoc/>
        public long NowMs => _clock.NowMs;

        /// <inheritdoc/>
        public bool TryGetUtc(out DateTime utc)
        {
            return TryDate(out utc, out bool isDoubted);
        }

        /// <summary>Gets the time in UTC and whether it is doubted, both of one moment.</summary>
        /// <param name="utc">The time in UTC, when the clock is set.</param>
        /// <param name="isDoubted">Whether it may be wrong by years, see <see cref="IsDoubted"/>.</param>
        /// <returns><see langword="false"/> while the clock has not been set since power-on.</returns>
        public bool TryDate(out DateTime utc, out bool isDoubted)
        {
            lock (_floor)
            {
                isDoubted = false;
                if (!TryAnchor(out utc))
                {
                    return false;
                }

                isDoubted = _isDoubted || IsFarAhead(utc.Ticks, GetAnchoredTicks());
                if (utc.Ticks < _floor.Ticks)
                {
                    utc = new DateTime(GetAnchoredTicks());
                }

                return true;
            }
        }

        /// <summary>Gets the time that commands are judged by; within an hour it never goes back.</summary>
        /// <param name="utc">The time in UTC, when the clock is set.</param>
        /// <returns><see langword="false"/> while the clock has not been set since power-on.</returns>
        public bool TryGetFresh(out DateTime utc)
        {
            lock (_floor)
            {
                if (!TryAnchor(out utc))
                {
                    return false;
                }

                long anchored = GetAnchoredTicks();
                utc = anchored > utc.Ticks ? new DateTime(anchored) : utc;
                return true;
            }
        }

        /// <summary>
        /// Makes this moment the floor and stores it: a signed command was accepted now, so the holder of the key takes
        /// this for the time too.
        /// </summary>
        public void Keep()
        {
            if (TryGetFresh(out DateTime utc))
            {
                lock (_floor)
                {
                    Trust();
                    _leadTicks = 0;
                    Anchor(utc.Ticks);
                    _floor.Raise(_anchorTicks, _clock.NowMs);
                }
            }
        }

        /// <summary>
        /// Raises the floor before a sleep, from which the next start goes on: to this moment when the time service has
        /// set the calendar since the start, else by most of the time that has passed. It is stored once an hour.
        /// </summary>
        /// <param name="isSet">Whether it has.</param>
        public void Settle(bool isSet)
        {
            lock (_floor)
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

                long passedTicks = (nowMs - _floor.SinceMs) * TimeSpan.TicksPerMillisecond / 100 * FollowedPercent;
                long ticks = isSet && !_isUnproved ? utc.Ticks : _floor.Ticks + passedTicks;
                _floor.Raise(ticks < utc.Ticks ? ticks : utc.Ticks, nowMs, StepMs * TimeSpan.TicksPerMillisecond);
            }
        }

        /// <summary>Puts what a sleep must not lose among numbers that are kept over it.</summary>
        internal void Save(long[] saved)
        {
            lock (_floor)
            {
                _floor.Save(saved);
                saved[3] = (_isUnproved ? UnprovedFlag : 0) | (_isDoubted ? DoubtedFlag : 0);
                saved[4] = _unprovedMs;
            }
        }

        /// <summary>Reads the calendar as it is, whatever it is worth.</summary>
        internal bool TryGetCalendar(out DateTime utc)
        {
            return _clock.TryGetUtc(out utc);
        }

        /// <summary>Does the hourly step when it is due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>When the next step is due; <see cref="long.MaxValue"/> while the clock is not set.</returns>
        public long Poll(long nowMs)
        {
            lock (_floor)
            {
                if (!TryAnchor(out DateTime utc))
                {
                    return long.MaxValue;
                }

                WatchLead(utc.Ticks - GetAnchoredTicks());
                if (nowMs >= _stepMs)
                {
                    Step(utc.Ticks, nowMs);
                }

                return _stepMs;
            }
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("uptime_ms");
            writer.WriteNumber(_clock.NowMs);
            if (!TryDate(out DateTime utc, out bool isDoubted))
            {
                return;
            }

            writer.Name("time");
            writer.WriteTime(utc);
            if (isDoubted)
            {
                writer.Name("clock");
                writer.WriteText("doubted");
            }
            else
            {
                WriteUnlessZero(writer, "clock_trusted_ms", _trustedMs);
            }

            WriteUnlessZero(writer, "clock_off_ms", OffMs);
            WriteUnlessZero(writer, "behind_floor_ms", BehindMs);
        }

        private static void WriteUnlessZero(JsonWriter writer, string name, long value)
        {
            if (value != 0)
            {
                writer.Name(name);
                writer.WriteNumber(value);
            }
        }

        /// <summary>
        /// Sees a leap that is taken back before a step has followed it: what was dated meanwhile is off.
        /// </summary>
        private void WatchLead(long ticks)
        {
            if (IsFarAhead(ticks, 0))
            {
                _leadTicks = ticks;
            }
            else if (_leadTicks != 0 && !_isUnproved)
            {
                SetOff(_leadTicks - ticks);
                _leadTicks = 0;
            }
        }

        private void SetOff(long ticks)
        {
            _offMs = ticks / TimeSpan.TicksPerMillisecond;
            _trustedMs = _clock.NowMs;
        }

        private void Trust()
        {
            _trustedMs = _isDoubted ? _clock.NowMs : _trustedMs;
            _isUnproved = false;
            _isDoubted = false;
        }

        private bool TryAnchor(out DateTime utc)
        {
            if (!_clock.TryGetUtc(out utc))
            {
                return false;
            }

            if (!_isAnchored || (_isUnproved && IsFarAhead(GetAnchoredTicks(), utc.Ticks)))
            {
                if (_isAnchored)
                {
                    SetOff(GetAnchoredTicks() - utc.Ticks);
                }

                // Doubts that began before a sleep go on.
                bool isResumed = !_isAnchored && _isUnproved;
                _isAnchored = true;
                _isUnproved = isResumed || IsFarAhead(utc.Ticks, _floor.Ticks);
                _isDoubted = (isResumed && _isDoubted) || utc.Ticks - _floor.Ticks > MaxAwayTicks;
                _unprovedMs = isResumed ? _unprovedMs : _clock.NowMs;
                Anchor(utc.Ticks);
            }
            else if (_hasSlept
                && utc.Ticks > _floor.Ticks
                && GetAnchoredTicks() - utc.Ticks > MaxSlewMs * TimeSpan.TicksPerMillisecond)
            {
                Anchor(utc.Ticks); // the timer of the sleep was fast, and the time service has set the calendar
            }

            return true;
        }

        private void Step(long utcTicks, long nowMs)
        {
            long expected = GetAnchoredTicks();
            long lowest = expected - (MaxSlewMs * TimeSpan.TicksPerMillisecond);
            long next = utcTicks > lowest ? utcTicks : lowest;
            bool isLeap = IsFarAhead(next, expected);
            if (nowMs - _unprovedMs >= ProofMs)
            {
                Trust();
            }

            long passedTicks = (nowMs - _floor.SinceMs) * TimeSpan.TicksPerMillisecond;
            _floor.Raise(_isUnproved ? _floor.Ticks + passedTicks : isLeap ? expected : next, nowMs);
            if (isLeap)
            {
                _leadTicks = 0;
                _isUnproved = true;
                _isDoubted = true;
                _unprovedMs = nowMs;
            }

            Anchor(next);
        }

        private static bool IsFarAhead(long ticks, long knownTicks)
        {
            return ticks - knownTicks > MaxLeadMs * TimeSpan.TicksPerMillisecond;
        }

        private void Anchor(long ticks)
        {
            _anchorTicks = ticks > _floor.Ticks ? ticks : _floor.Ticks;
            _anchorMs = _clock.NowMs;
            _stepMs = _anchorMs + StepMs;
        }

        private long GetAnchoredTicks()
        {
            return _anchorTicks + ((_clock.NowMs - _anchorMs) * TimeSpan.TicksPerMillisecond);
        }
    }
}

using System;

namespace DeviceQueue.Text
{
    /// <summary>
    /// Times as text, after RFC 3339 and ECMA-262: written as <c>2026-11-21T02:47:00.123Z</c>, read with up to seven
    /// fraction digits (100 ns), <c>Z</c>, an offset (<c>+01:00</c>) or neither, which is UTC.
    /// </summary>
    public static class Iso8601
    {
        /// <summary>How many characters a written time has.</summary>
        public const int Length = 24;

        /// <summary>The most characters of a time that is read.</summary>
        public const int MaxLength = 33;

        /// <summary>The first year that is read and written.</summary>
        public const int MinYear = 1970;

        /// <summary>The last year that is read and written; nanoFramework's calendar ends with the year 3000.</summary>
        public const int MaxYear = 2999;

        private const int MaxFractionDigits = 7;
        private const int MaxOffsetHours = 14;

        /// <summary>Writes a time with milliseconds; what is finer is cut off.</summary>
        /// <param name="utc">The time in UTC.</param>
        /// <param name="buffer">Where to.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The place after it, or -1 when it does not fit or its year is not <see cref="MinYear"/> to
        /// <see cref="MaxYear"/>.</returns>
        public static int Format(DateTime utc, byte[] buffer, int offset)
        {
            int year = utc.Year;
            if (offset < 0 || offset + Length > buffer.Length || year < MinYear || year > MaxYear)
            {
                return -1;
            }

            offset = Put(buffer, offset, year, 4, '-');
            offset = Put(buffer, offset, utc.Month, 2, '-');
            offset = Put(buffer, offset, utc.Day, 2, 'T');
            offset = Put(buffer, offset, utc.Hour, 2, ':');
            offset = Put(buffer, offset, utc.Minute, 2, ':');
            offset = Put(buffer, offset, utc.Second, 2, '.');
            return Put(buffer, offset, utc.Millisecond, 3, 'Z');
        }

        /// <summary>Reads a time.</summary>
        /// <param name="text">The text, in ASCII.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <param name="utc">The time in UTC.</param>
        /// <returns><see langword="false"/> when it is not a time of the years <see cref="MinYear"/> to
        /// <see cref="MaxYear"/>; a leap second is not one either.</returns>
        public static bool TryParse(byte[] text, int offset, int count, out DateTime utc)
        {
            utc = DateTime.MinValue;
            int end = offset + count;
            int year = Get(text, offset, end, 4, '-');
            int month = Get(text, offset + 5, end, 2, '-');
            int day = Get(text, offset + 8, end, 2, 'T');
            int hour = Get(text, offset + 11, end, 2, ':');
            int minute = Get(text, offset + 14, end, 2, ':');
            int second = Get(text, offset + 17, end, 2, '\0');
            bool isDate = year >= MinYear && year <= MaxYear && month >= 1 && month <= 12
                && day >= 1 && day <= DateTime.DaysInMonth(year, month);
            bool isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
            int position = offset + 19;
            if (!isDate || !isTime
                || !TryReadFraction(text, ref position, end, out long fraction)
                || !TryReadZone(text, position, end, out int zoneMinutes))
            {
                return false;
            }

            long ticks = new DateTime(year, month, day, hour, minute, second).Ticks;
            ticks += fraction - (zoneMinutes * TimeSpan.TicksPerMinute);
            if (ticks < DateTime.UnixEpoch.Ticks || ticks >= new DateTime(MaxYear + 1, 1, 1).Ticks)
            {
                return false;
            }

            utc = new DateTime(ticks, DateTimeKind.Utc);
            return true;
        }

        private static bool TryReadFraction(byte[] text, ref int position, int end, out long ticks)
        {
            ticks = 0;
            if (position == end || text[position] != '.')
            {
                return true;
            }

            int digits = 0;
            for (position++; position < end && text[position] >= '0' && text[position] <= '9'; position++)
            {
                if (++digits > MaxFractionDigits)
                {
                    return false;
                }

                ticks = (ticks * 10) + (text[position] - '0');
            }

            for (int i = digits; i < MaxFractionDigits; i++)
            {
                ticks *= 10;
            }

            return digits > 0;
        }

        private static bool TryReadZone(byte[] text, int position, int end, out int minutes)
        {
            minutes = 0;
            if (position == end)
            {
                return true;
            }

            byte sign = text[position];
            if (sign == 'Z')
            {
                return position + 1 == end;
            }

            int hours = Get(text, position + 1, end, 2, ':');
            int rest = Get(text, position + 4, end, 2, '\0');
            bool isOffset = hours >= 0 && hours <= MaxOffsetHours && rest >= 0 && rest <= 59;
            if ((sign != '+' && sign != '-') || position + 6 != end || !isOffset)
            {
                return false;
            }

            minutes = (hours * 60) + rest;
            minutes = sign == '-' ? -minutes : minutes;
            return true;
        }

        // A number of so many digits and what follows it ('\0': whatever), or -1.
        private static int Get(byte[] text, int position, int end, int digits, char follower)
        {
            bool isFollowed = follower != '\0';
            if (position + digits + (isFollowed ? 1 : 0) > end || (isFollowed && text[position + digits] != follower))
            {
                return -1;
            }

            int value = 0;
            for (int i = 0; i < digits; i++)
            {
                int digit = text[position + i] - '0';
                if (digit < 0 || digit > 9)
                {
                    return -1;
                }

                value = (value * 10) + digit;
            }

            return value;
        }

        private static int Put(byte[] buffer, int offset, int value, int digits, char follower)
        {
            for (int i = digits - 1; i >= 0; i--)
            {
                buffer[offset + i] = (byte)('0' + (value % 10));
                value /= 10;
            }

            buffer[offset + digits] = (byte)follower;
            return offset + digits + 1;
        }
    }
}

using System;
using DeviceQueue.Messaging;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Readings
{
    /// <summary>
    /// Sends a reading that is older than two intervals when it is first sent to a topic of its own, so that those who
    /// date by arrival do not take it for new.
    /// </summary>
    public sealed class LateReadings : ITopicRule
    {
        private const int Intervals = 2;
        private const string TimeName = "\"time\":\"";
        private const string BootName = "\"boot\":";
        private const string UptimeName = "\"uptime_ms\":";
        private const int None = -1;

        private readonly string _topic;
        private readonly long _boot;
        private readonly IClock _clock;

        /// <summary>Initializes a new instance of the <see cref="LateReadings"/> class.</summary>
        /// <param name="topic">The topic of late readings.</param>
        /// <param name="boot">The count of this boot, which readings without a sure time name.</param>
        /// <param name="clock">The time.</param>
        public LateReadings(string topic, long boot, IClock clock)
        {
            _topic = topic;
            _boot = boot;
            _clock = clock;
        }

        /// <summary>Gets or sets the interval of readings in milliseconds.</summary>
        public int IntervalMs { get; set; }

        /// <inheritdoc/>
        public string ChooseTopic(byte[] payload)
        {
            return IsLate(payload) ? _topic : null;
        }

        private bool IsLate(byte[] payload)
        {
            long limitMs = (long)Intervals * IntervalMs;
            long boot = ReadNumber(payload, BootName);
            if (boot == _boot)
            {
                return _clock.NowMs - ReadNumber(payload, UptimeName) > limitMs;
            }

            int at = FindValue(payload, TimeName);
            if (at == None || at + Iso8601.Length > payload.Length
                || !Iso8601.TryParse(payload, at, Iso8601.Length, out DateTime taken))
            {
                return boot != None; // of a boot before
            }

            // Within a boot a clock that was set stays so: without one the reading is of a boot before.
            return !_clock.TryGetUtc(out DateTime now)
                || now.Ticks - taken.Ticks > limitMs * TimeSpan.TicksPerMillisecond;
        }

        private static long ReadNumber(byte[] payload, string name)
        {
            int at = FindValue(payload, name);
            if (at == None)
            {
                return None;
            }

            long number = 0;
            const long Limit = long.MaxValue / 100;
            for (; at < payload.Length && payload[at] >= '0' && payload[at] <= '9' && number < Limit; at++)
            {
                number = (number * 10) + payload[at] - '0';
            }

            return number;
        }

        /// <summary>
        /// Finds what stands behind a name that the writer of readings writes, which comes near their end.
        /// </summary>
        private static int FindValue(byte[] payload, string name)
        {
            int length = name.Length;
            for (int start = payload.Length - length; start >= 0; start--)
            {
                int i = 0;
                while (i < length && payload[start + i] == name[i])
                {
                    i++;
                }

                if (i == length)
                {
                    return start + length;
                }
            }

            return None;
        }
    }
}

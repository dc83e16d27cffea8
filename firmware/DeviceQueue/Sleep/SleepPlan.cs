using System;
using DeviceQueue.Commands;
using DeviceQueue.Messaging;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Time;

namespace DeviceQueue.Sleep
{
    /// <summary>The rules of a device that sleeps, over what it keeps: when it wakes, and when it connects.</summary>
    public static class SleepPlan
    {
        /// <summary>How many failed attempts to connect in a row are counted.</summary>
        public const int MaxFailures = 16;

        /// <summary>The shortest time between two attempts to connect while the battery is low.</summary>
        internal const int HourMs = SleepSettings.MaxRetryMs;

        private const int EarlyShare = 32; // of an interval: so early may a wake-up come

        /// <summary>
        /// Plans the sleep until the next reading: on a grid of the calendar, which the time service sets right, so
        /// that a timer which is off by percents does not move it; while the calendar is not known, of the uptime. A
        /// moment that comes less than half an interval after the last reading is passed over.
        /// </summary>
        /// <param name="record">Receives the plan.</param>
        /// <param name="clock">The time.</param>
        public static void PlanSleep(SleepRecord record, TrustedClock clock)
        {
            long nowMs = clock.NowMs;
            long gridMs = record[SleepRecord.DueMs];
            long atMs = nowMs;
            if (clock.TryDate(out DateTime utc, out bool isDoubted) && !isDoubted)
            {
                atMs = utc.Ticks / TimeSpan.TicksPerMillisecond;
                gridMs = record[SleepRecord.GridMs] > 0 ? record[SleepRecord.GridMs] : atMs + gridMs - nowMs;
                record[SleepRecord.GridMs] = gridMs;
            }

            long intervalMs = record[SleepRecord.IntervalMs];
            long pastMs = (atMs - gridMs) % intervalMs;
            long leftMs = pastMs < 0 ? -pastMs : intervalMs - pastMs;
            if (nowMs + leftMs - record[Sampler.TakenAt] < intervalMs / 2)
            {
                leftMs += intervalMs;
            }

            record[SleepRecord.AsleepMs] = nowMs;
            record[SleepRecord.PlannedMs] = leftMs;
            record[SleepRecord.DueMs] = nowMs + leftMs;
        }

        /// <summary>Tells whether a wake-up connects.</summary>
        /// <param name="record">What is kept, with this wake-up's reading.</param>
        /// <param name="nowMs">The uptime.</param>
        public static bool IsConnectDue(SleepRecord record, long nowMs)
        {
            if (record[SleepRecord.NewFault] == SleepRecord.StorageFault)
            {
                return true; // what cannot be stored has to be sent
            }

            long intervalMs = record[SleepRecord.IntervalMs];
            long sinceMs = nowMs - record[SleepRecord.AttemptMs];
            if ((record[Sampler.BatteryAt] & Battery.LowFlag) != 0 && sinceMs + (intervalMs / EarlyShare) < HourMs)
            {
                return false;
            }

            long halfMs = intervalMs / 2;
            if (record[SleepRecord.Failures] > 0)
            {
                return nowMs + halfMs >= record[SleepRecord.RetryMs];
            }

            return record[SleepRecord.Readings] >= record[SleepRecord.ConnectEvery]
                || sinceMs + halfMs >= SleepSettings.MaxPauseMs
                || record[OutboxLog.BytesAt] >= record[OutboxLog.MaxBytesAt] / 2
                || record[SleepRecord.NewFault] > 0;
        }

        /// <summary>Gets how much longer than it is fresh a command is remembered, in milliseconds.</summary>
        public static int GetMarginMs(DeviceSettings settings)
        {
            // A timer that is off by percents may let commands look younger once more.
            return CommandVerifier.MaxAheadMs * (settings.Sleep == null ? 1 : 3);
        }

        /// <summary>Notes an attempt to connect; after failed ones the next comes later, up to an hour.</summary>
        /// <param name="record">What is kept.</param>
        /// <param name="isDone">Whether all was sent and taken.</param>
        /// <param name="nowMs">The uptime.</param>
        public static void OnAttempt(SleepRecord record, bool isDone, long nowMs)
        {
            long failures = isDone ? 0 : record[SleepRecord.Failures] + 1;
            failures = failures < MaxFailures ? failures : MaxFailures;
            long delayMs = failures == 0 ? 0 : record[SleepRecord.IntervalMs] << (int)(failures - 1);
            record[SleepRecord.Failures] = failures;
            record[SleepRecord.AttemptMs] = nowMs;
            record[SleepRecord.RetryMs] = nowMs + (delayMs < HourMs ? delayMs : HourMs);
            record[SleepRecord.Readings] = 0;
            record[SleepRecord.NewFault] = 0;
        }
    }
}

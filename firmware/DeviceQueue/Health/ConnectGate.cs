using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;

namespace DeviceQueue.Health
{
    /// <summary>
    /// Holds connects back while they would do harm: a TLS handshake or a look-up stops every thread of the chip, so
    /// none starts while a pulse runs or shortly before a reading is due; and without the time no certificate can be
    /// checked.
    /// </summary>
    public sealed class ConnectGate : IConnectGate
    {
        /// <summary>How long TLS waits for the clock to be set, in milliseconds.</summary>
        public const int ClockWaitMs = 60000;

        /// <summary>How long before a due reading no connect starts, in milliseconds.</summary>
        public const int ReadingGuardMs = 5000;

        /// <summary>
        /// The shortest interval between readings, in milliseconds, at which connects are held back for them; with
        /// shorter ones there would be no time left.
        /// </summary>
        public const int GuardedIntervalMs = 15000;

        private const int PauseMs = 100;
        private const int ClockPauseMs = 1000;

        private readonly DevicePlatform _platform;
        private readonly DateTime _floor;
        private readonly OutputBank _outputs;
        private readonly Sampler _sampler;
        private bool _hasAsked;
        private bool _isFloor;
        private long _askedMs;

        /// <summary>Initializes a new instance of the <see cref="ConnectGate"/> class.</summary>
        /// <param name="platform">The board: clock, calendar and what there is to say.</param>
        /// <param name="floor">The time below which UTC never goes, to which the calendar is set when nothing else sets
        /// it.</param>
        /// <param name="outputs">The outputs.</param>
        /// <param name="sampler">Knows when a reading is due.</param>
        /// <param name="intervalMs">The time between readings, in milliseconds.</param>
        public ConnectGate(DevicePlatform platform, DateTime floor, OutputBank outputs, Sampler sampler, int intervalMs)
        {
            _platform = platform;
            _floor = floor;
            _outputs = outputs;
            _sampler = sampler;
            IntervalMs = intervalMs;
        }

        /// <summary>Gets or sets the time between readings, in milliseconds.</summary>
        public int IntervalMs { get; set; }

        /// <inheritdoc/>
        public int GetHoldMs(MqttLinkOptions endpoint, long nowMs)
        {
            if (endpoint.IsSecure && IsClockAwaited(nowMs))
            {
                return ClockPauseMs;
            }

            long untilReadingMs = _sampler.DueMs - nowMs;
            if (IntervalMs >= GuardedIntervalMs && untilReadingMs < ReadingGuardMs)
            {
                return untilReadingMs > 0 ? (int)untilReadingMs + PauseMs : PauseMs;
            }

            return _outputs.IsPulsing ? PauseMs : 0;
        }

        private bool IsClockAwaited(long nowMs)
        {
            if (_isFloor || _platform.Clock.TryGetUtc(out DateTime utc))
            {
                return false;
            }

            if (!_hasAsked)
            {
                _hasAsked = true;
                _askedMs = nowMs;
                _platform.Logger.Log(
                    LogLevel.Warn,
                    null,
                    "TLS waits up to 60 s for the clock to be set: without the time no certificate can be checked");
            }

            if (nowMs - _askedMs < ClockWaitMs)
            {
                return true;
            }

            _isFloor = true;
            _platform.Logger.Log(
                LogLevel.Warn,
                null,
                "the clock was not set in 60 s: certificates are checked as of " + _floor.ToString("yyyy-MM-dd"));
            _platform.Journal.SetFloorClock(true);
            _platform.Calendar.SetToFloor(_floor);
            return false;
        }
    }
}

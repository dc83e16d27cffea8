using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Sleep
{
    /// <summary>
    /// Sends a device to sleep when nothing is left to do: all is sent, taken and answered, or the broker cannot be
    /// had. Called from the main loop.
    /// </summary>
    public sealed class Sleeper : IHealthPart
    {
        /// <summary>How long the device stays awake after a start that is no wake-up, in milliseconds.</summary>
        public const int PowerOnMs = 300000;

        /// <summary>
        /// How long a wake-up waits for Wi-Fi and broker, and then for the next thing that comes while something is
        /// left to do, in milliseconds.
        /// </summary>
        public const int ReachMs = 20000;

        /// <summary>
        /// How long a connect waits for the time service when the calendar needs it, in milliseconds.
        /// </summary>
        public const int TimeWaitMs = 5000;

        /// <summary>The age in milliseconds from which the calendar needs the time service.</summary>
        public const int CalendarMs = 21600000;

        /// <summary>
        /// The age of the calendar in milliseconds from which a command waits for the time service: the timer of a
        /// sleep may be off by percents, and the time of a command by no more than
        /// <see cref="Commands.CommandVerifier.MaxAheadMs"/>.
        /// </summary>
        public const int CommandCalendarMs = 600000;

        private const int PollMs = 50;
        private const int HeldPollMs = 1000;
        private const int StorageRetryMs = 60000;
        private const int MaxPulseMs = 60000;
        private const int SetToleranceMs = 50;
        private const int MaxReads = 3;
        private const int MaxReadMs = 10; // of both clocks; in a longer time another thread ran

        private readonly DevicePlatform _platform;
        private readonly MqttConnection _connection;
        private readonly MqttMessageQueue _readings;
        private readonly Sampler _sampler;
        private readonly TrustedClock _clock;
        private readonly SleepRecord _record;
        private readonly string _fault; // that the last start knew, or null
        private int _awakeMs;
        private long _heldUntilMs;
        private long _readyMs;
        private long _freeMs; // since when nothing holds the device, at first since the start
        private long _closeByMs;
        private long _calendarMs; // how far the calendar is ahead of the uptime
        private bool _isSet; // by the time service, since the start
        private bool _isDone;

        /// <summary>Initializes a sleeper, of a device that has just started or woken.</summary>
        /// <param name="platform">The board; its clock is the trusted one.</param>
        /// <param name="connection">The connection.</param>
        /// <param name="readings">The queue of the readings.</param>
        /// <param name="sampler">The sampler.</param>
        /// <param name="slept">What was kept over the sleep that has just ended, or <see langword="null"/>.</param>
        public Sleeper(
            DevicePlatform platform,
            MqttConnection connection,
            MqttMessageQueue readings,
            Sampler sampler,
            SleepRecord slept)
        {
            _platform = platform;
            _connection = connection;
            _readings = readings;
            _sampler = sampler;
            _clock = (TrustedClock)platform.Clock;
            _freeMs = _clock.NowMs;
            _calendarMs = GetCalendarMs();
            _fault = platform.Journal.LastFault;
            _record = slept;
            if (_record == null)
            {
                _record = new SleepRecord { Topic = readings.Topic, LogName = readings.Options.Outbox };
                _record[SleepRecord.SetMs] = -CalendarMs; // it may have been set long ago
                _heldUntilMs = _freeMs + PowerOnMs;
                IsConnecting = true;
                return;
            }

            _record.EndTail();
            _record[SleepRecord.Readings] += _record.IsSampled ? 0 : 1;
            IsConnecting = SleepPlan.IsConnectDue(_record, _freeMs);
        }

        /// <summary>Gets or sets the numbers for readings.</summary>
        public BootRecord BootRecord { get; set; }

        /// <summary>Gets a value indicating whether this wake-up connects.</summary>
        public bool IsConnecting { get; }

        /// <summary>Takes over settings.</summary>
        public void Apply(DeviceSettings settings)
        {
            _awakeMs = settings.Sleep.AwakeMs;
            _record[SleepRecord.IntervalMs] = settings.IntervalMs;
            _record[SleepRecord.ConnectEvery] = settings.Sleep.ConnectEvery;
            _record[SleepRecord.OffsetC] = BitConverter.DoubleToInt64Bits(settings.TemperatureOffset);
            _record[SleepRecord.MaxStepC] = BitConverter.DoubleToInt64Bits(settings.MaxStep);
            _record[SleepRecord.ReportDeltaC] = BitConverter.DoubleToInt64Bits(settings.ReportDelta);
            _record[SleepRecord.ReportAtLeastMs] = settings.ReportAtLeastMs;
            _record[SleepRecord.I2cDataPin] = settings.I2cDataPin;
            _record[SleepRecord.I2cClockPin] = settings.I2cClockPin;
            _record[SleepRecord.SensorType] = settings.SensorType;
            _record[SleepRecord.SensorAddress] = settings.SensorAddress;
            BatterySettings battery = settings.Battery;
            _record[SleepRecord.BatteryChannel] = battery == null ? DeviceSettings.NoPin : battery.Channel;
            if (battery != null)
            {
                _record[SleepRecord.BatteryFactor] = BitConverter.DoubleToInt64Bits(battery.Factor);
                _record[SleepRecord.BatteryLowMv] = battery.LowMv;
            }
        }

        /// <summary>Keeps the device awake from now on.</summary>
        /// <param name="ms">For how long, in milliseconds.</param>
        public void StayAwake(int ms)
        {
            long endMs = _clock.NowMs + ms;
            _heldUntilMs = endMs > PowerOnMs ? endMs : PowerOnMs; // the uptime goes on over sleeps
        }

        /// <summary>
        /// Tells whether a command can be carried out: there is a link to answer over, and its age can be told, as the
        /// calendar is young or the time service had its time.
        /// </summary>
        public bool CanTakeCommands(long nowMs)
        {
            return (_closeByMs == 0 || _connection.IsOpen)
                && (_isSet
                    || nowMs - _record[SleepRecord.SetMs] < CommandCalendarMs
                    || (_readyMs > 0 && nowMs >= _readyMs + TimeWaitMs));
        }

        /// <summary>Goes to sleep when it is time.</summary>
        /// <param name="nowMs">The time.</param>
        /// <param name="isHeld">Whether something keeps the device awake, such as an output that is out of its safe
        /// state.</param>
        /// <param name="isBusy">Whether a command waits, or an answer is on its way.</param>
        /// <param name="commands">How many commands wait; they are counted as lost if the board sleeps.</param>
        /// <returns>When to call again.</returns>
        public long Poll(long nowMs, bool isHeld, bool isBusy, int commands)
        {
            WatchCalendar(nowMs);
            _readyMs = _readyMs == 0 && _connection.IsConnected ? nowMs : _readyMs;
            _freeMs = isHeld ? nowMs : _freeMs;
            if (_closeByMs > 0 && !TryOpenAgain(isHeld || (isBusy && _isDone)))
            {
                bool isOpen = nowMs < _closeByMs && _connection.IsOpen;
                bool isPulse = isHeld && nowMs < _closeByMs + MaxPulseMs;
                return isOpen || isPulse ? nowMs + PollMs : Sleep(nowMs, isHeld, commands);
            }

            long endMs = isHeld ? nowMs + HeldPollMs : nowMs < _heldUntilMs ? _heldUntilMs : FindEndMs(nowMs, isBusy);
            if (endMs > nowMs)
            {
                return endMs;
            }

            if (!_readings.Flush())
            {
                _heldUntilMs = nowMs + StorageRetryMs; // what is in memory alone would be lost
                return _heldUntilMs;
            }

            _closeByMs = nowMs + MqttConnection.CloseTimeoutMs + PollMs;
            bool isClosing = _connection.IsConnected;
            _connection.Status.SetLastWord(DeviceTopics.Asleep);
            _connection.BeginClose();
            return isClosing ? nowMs + PollMs : Sleep(nowMs, false, commands);
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("sleep");
            writer.BeginObject();
            WriteNext(writer);
            writer.EndObject();
        }

        /// <summary>Writes when the device wakes and connects next, if it sleeps soon and nothing happens.</summary>
        public void WriteNext(JsonWriter writer)
        {
            _record[Sampler.TakenAt] = _sampler.Reading.TakenMs;
            _record[SleepRecord.DueMs] = _sampler.DueMs;
            SleepPlan.PlanSleep(_record, _clock);
            long wakeMs = _record[SleepRecord.DueMs];
            long intervalMs = _record[SleepRecord.IntervalMs];
            long pauseMs = (_record[SleepRecord.ConnectEvery] - 1) * intervalMs;
            if (_sampler.Battery != null && _sampler.Battery.IsLow && pauseMs < SleepPlan.HourMs - intervalMs)
            {
                pauseMs = SleepPlan.HourMs - intervalMs;
            }

            WriteTime(writer, "wakes", wakeMs);
            pauseMs = pauseMs < SleepSettings.MaxPauseMs ? pauseMs : SleepSettings.MaxPauseMs;
            WriteTime(writer, "connects", wakeMs + pauseMs);
        }

        private void WriteTime(JsonWriter writer, string name, long atMs)
        {
            long leftMs = atMs - _clock.NowMs;
            if (_clock.TryGetUtc(out DateTime utc))
            {
                writer.Name(name + "_at");
                writer.WriteTime(utc.AddMilliseconds(leftMs));
            }
            else
            {
                writer.Name(name + "_in_ms");
                writer.WriteNumber(leftMs);
            }
        }

        // When this wake-up is over; until something is done it is looked at again soon.
        private long FindEndMs(long nowMs, bool isBusy)
        {
            if (!IsConnecting)
            {
                return nowMs;
            }

            MqttSession session = _connection.Session;
            long heardMs = session.LastHeardMs > _freeMs ? session.LastHeardMs : _freeMs;
            heardMs = heardMs > _heldUntilMs ? heardMs : _heldUntilMs;
            _isDone = session.IsReady && !isBusy && _readings.Outbox.Count == 0
                && session.IsIdle && session.HasNothingDue;
            long endMs = heardMs + (_isDone ? _awakeMs : ReachMs);
            if (_isDone && IsTimeWanted(nowMs) && endMs < _readyMs + TimeWaitMs)
            {
                endMs = _readyMs + TimeWaitMs;
            }
            else if (!_isDone && _calendarMs == 0 && _connection.Connector.Endpoints[0].IsSecure)
            {
                endMs += ConnectGate.ClockWaitMs; // without the time no certificate can be checked
            }

            return endMs > nowMs + PollMs ? nowMs + PollMs : endMs;
        }

        private bool IsTimeWanted(long nowMs)
        {
            return !_isSet
                && (_calendarMs == 0 || _clock.IsDoubted || nowMs - _record[SleepRecord.SetMs] >= CalendarMs);
        }

        // The two clocks run at one pace: what moves the calendar against the uptime is the time service.
        private void WatchCalendar(long nowMs)
        {
            long calendarMs = GetCalendarMs();
            long movedMs = calendarMs - _calendarMs;
            if (calendarMs != 0 && (movedMs > SetToleranceMs || movedMs < -SetToleranceMs))
            {
                _calendarMs = calendarMs;
                _isSet = true;
                _record[SleepRecord.SetMs] = nowMs;
            }
        }

        private long GetCalendarMs()
        {
            for (int i = 0; i < MaxReads; i++)
            {
                long nowMs = _clock.NowMs;
                bool isSet = _clock.TryGetCalendar(out DateTime utc);
                if (_clock.NowMs - nowMs <= MaxReadMs)
                {
                    return isSet ? (utc.Ticks / TimeSpan.TicksPerMillisecond) - nowMs : 0;
                }
            }

            return _calendarMs; // the next poll may have more luck
        }

        // For a command that came in the last moment.
        private bool TryOpenAgain(bool isWanted)
        {
            if (!isWanted || !_connection.IsOpen)
            {
                return false;
            }

            _closeByMs = 0;
            _connection.Open();
            return true;
        }

        // Restarts when it cannot be: the storage fails, or a command held the device after the link was closed.
        private long Sleep(long nowMs, bool isHeld, int commands)
        {
            // They came with the acknowledgement of the last word, and the broker does not have them any more.
            _platform.Journal.Dropped.Add(DropReason.Arrived, commands);
            if (IsConnecting)
            {
                SleepPlan.OnAttempt(_record, _isDone, nowMs);
            }
            else if (_sampler.HasNewFault(_record.Values))
            {
                _record[SleepRecord.NewFault] = 1;
            }

            if (_platform.Journal.LastFault != _fault)
            {
                _record[SleepRecord.NewFault] = 1;
            }

            bool isKept = !isHeld && TryKeep();
            string text = isKept
                ? "asleep for " + (_record[SleepRecord.PlannedMs] / 1000).ToString() + " s"
                : "it cannot sleep: restart";
            _platform.Logger.Log(isKept ? LogLevel.Info : LogLevel.Error, null, text);
            if (isKept)
            {
                long leftMs = _record.WakeMs - _clock.NowMs;
                _platform.DeepSleep.Enter(leftMs > 0 ? leftMs : 1);
            }
            else
            {
                _platform.Restarter.Restart();
            }

            return long.MaxValue; // on a board it never comes here
        }

        private bool TryKeep()
        {
            Journal journal = _platform.Journal;
            long[] values = _record.Values;
            _clock.Settle(_isSet);
            _clock.Save(values);
            BootRecord.Save(values);
            _sampler.Save(values);
            bool isWritten = _readings.Flush();
            _readings.Outbox.Log.Save(values);
            if (journal.IsFloorClock && _clock.TryGetCalendar(out DateTime utc))
            {
                journal.SetFloorClock(false); // it was set after housekeeping had looked
            }

            journal.Store();
            _record[SleepRecord.Share] = journal.Share;
            _record[SleepRecord.IsFloorClock] = journal.IsFloorClock ? 1 : 0;
            _record[SleepRecord.DueMs] = _sampler.DueMs;
            SleepPlan.PlanSleep(_record, _clock);
            return _record.TryStore(_platform.Store, new byte[SleepRecord.ScratchBytes]) && isWritten;
        }
    }
}

using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;

namespace DeviceQueue.Health
{
    /// <summary>
    /// What is due now and then while the device runs: it says that a boot has stayed up, stores the counts hourly and
    /// what could not be stored soon, sheds readings when memory runs short, and restarts the board when that may help.
    /// Called from the main loop.
    /// </summary>
    public sealed class Housekeeping
    {
        /// <summary>The time between two looks, in milliseconds.</summary>
        public const int CheckIntervalMs = 10000;

        /// <summary>
        /// The shortest time between two reboots for want of a broker, in milliseconds. It doubles with each in a row,
        /// up to a day.
        /// </summary>
        public const int RebootIntervalMs = 3600000;

        /// <summary>How long safe mode lasts, in milliseconds: a boot with all settings is tried then.</summary>
        public const int SafeModeMs = 3600000;

        /// <summary>
        /// The free memory in bytes below which readings are shed: a heap of 96 KB has 18 KB free at rest and 10 at the
        /// peak of ordinary work, and a message on its way through the client library takes 3.
        /// </summary>
        public const int MinFreeBytes = 6144;

        /// <summary>
        /// The free memory in bytes from which no more readings are shed: far enough above, so that shedding does not
        /// switch on and off.
        /// </summary>
        public const int EnoughFreeBytes = 9216;

        private const int StoreIntervalMs = 3600000;
        private const int AnswerMs = 5000;
        private const int DayMs = DeviceSettings.DayMs;

        private readonly DevicePlatform _platform;
        private readonly Journal _life;
        private readonly DeviceSettings _settings;
        private readonly MqttConnection _connection;
        private readonly OutputBank _outputs;
        private readonly MqttMessageQueue _readings;
        private long _nextCheckMs;
        private long _nextStoreMs;
        private long _brokerMs;
        private long _safeModeEndMs = SafeModeMs;
        private bool _isStable;
        private bool _isShort;
        private int _lost;

        /// <summary>Initializes the housekeeping of a device.</summary>
        /// <param name="platform">The board.</param>
        /// <param name="settings">The settings.</param>
        /// <param name="connection">The connection.</param>
        /// <param name="outputs">The outputs.</param>
        /// <param name="readings">The queue of the readings.</param>
        public Housekeeping(
            DevicePlatform platform,
            DeviceSettings settings,
            MqttConnection connection,
            OutputBank outputs,
            MqttMessageQueue readings)
        {
            _platform = platform;
            _life = platform.Journal;
            _settings = settings;
            _connection = connection;
            _outputs = outputs;
            _readings = readings;
            _brokerMs = platform.Clock.NowMs;
            _nextStoreMs = _brokerMs + StoreIntervalMs;
        }

        /// <summary>Does what is due.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns>The time by which to call again.</returns>
        public long Poll(long nowMs)
        {
            if (_connection.IsConnected)
            {
                _brokerMs = nowMs;
            }

            if (nowMs >= _nextCheckMs)
            {
                _nextCheckMs = nowMs + CheckIntervalMs;
                Check(nowMs);
            }

            return _nextCheckMs;
        }

        /// <summary>Counts the messages that the connection took and lost.</summary>
        public void CountLost()
        {
            int lost = _connection.LostMessages;
            if (lost > _lost) // while a link ends it may be too high for a moment
            {
                _life.Dropped.Add(DropReason.Arrived, lost - _lost);
                _lost = lost;
            }
        }

        /// <summary>
        /// Prepares a restart: what waits to be sent and the counts are stored, and the boot counts as no failure.
        /// </summary>
        public void PrepareRestart()
        {
            _readings.Flush();
            _life.PlanRestart();
        }

        /// <summary>
        /// Ends safe mode, because the settings were changed: they are tried once, as soon as the answer has had the
        /// time to leave.
        /// </summary>
        /// <param name="nowMs">The time.</param>
        public void OnSettingsChanged(long nowMs)
        {
            if (_life.IsSafeMode)
            {
                _life.SetStable();
                _safeModeEndMs = nowMs + AnswerMs;
                _nextCheckMs = _safeModeEndMs;
            }
        }

        private void Check(long nowMs)
        {
            WatchMemory();
            if (!_isStable && nowMs >= _settings.StableMs)
            {
                _life.SetStable();
                _isStable = true;
            }

            if (_life.IsFloorClock && _platform.Clock.TryGetUtc(out System.DateTime utc))
            {
                _life.SetFloorClock(false);
            }

            if (nowMs >= _nextStoreMs || !_life.IsStored)
            {
                _nextStoreMs = nowMs + StoreIntervalMs;
                _life.Store();
            }

            WatchBroker(nowMs);
            if (_life.IsSafeMode && nowMs >= _safeModeEndMs)
            {
                Restart("the end of safe mode, all settings are tried once");
            }
        }

        private void WatchMemory()
        {
            int free = _platform.Memory.GetFreeBytes();
            bool isShort = free < (_isShort ? EnoughFreeBytes : MinFreeBytes);
            if (isShort)
            {
                _readings.Outbox.Shed();
            }

            if (isShort != _isShort)
            {
                _isShort = isShort;
                string text = free.ToString() + " bytes of memory free: ";
                text += isShort
                    ? "the oldest readings that wait in memory alone are dropped"
                    : "no more readings are dropped for it";
                _platform.Logger.Log(isShort ? LogLevel.Error : LogLevel.Info, null, text);
            }
        }

        private void WatchBroker(long nowMs)
        {
            if (_connection.IsConnected)
            {
                if (_life.RebootStep > 0 && nowMs >= RebootIntervalMs)
                {
                    _life.RebootStep = 0;
                    _life.Store();
                }

                return;
            }

            bool wouldSwitch = _settings.SafeAfterMs == 0 && !_outputs.IsSafe;
            if (_settings.RebootAfterMs > 0 && nowMs - _brokerMs >= PatienceMs() && !wouldSwitch)
            {
                _life.RebootStep++;
                Restart("no broker for " + ((nowMs - _brokerMs) / 1000).ToString() + " s");
                _brokerMs = nowMs; // should the board go on after all
            }
        }

        /// <summary>
        /// Gets how long to be patient with a broker that stays away: reboot_after_ms the first time, then an hour at
        /// least, and double each time.
        /// </summary>
        private int PatienceMs()
        {
            int doublings = _life.RebootStep - 1;
            int intervalMs = doublings < 0 ? 0 : doublings > 4 ? DayMs : RebootIntervalMs << doublings;
            return intervalMs > _settings.RebootAfterMs ? intervalMs : _settings.RebootAfterMs;
        }

        private void Restart(string reason)
        {
            _platform.Logger.Log(LogLevel.Warn, null, "restart: " + reason);
            _platform.Restarter.Restart();
        }
    }
}

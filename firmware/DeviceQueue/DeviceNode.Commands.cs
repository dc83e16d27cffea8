using DeviceQueue.Commands;
using DeviceQueue.Health;
using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue
{
    // What commands do to the node, and the commands that it has.
    public sealed partial class DeviceNode
    {
        /// <inheritdoc/>
        public void Apply(DeviceSettings settings)
        {
            long now = _clock.NowMs;
            _housekeeping.OnSettingsChanged(now);
            if (_platform.Journal.IsSafeMode)
            {
                return; // they are stored, and tried with all others after the restart that follows
            }

            _schedule.Change(now, settings.IntervalMs);
            _healthSchedule.Change(now, settings.HealthIntervalMs);
            Use(settings);
        }

        /// <inheritdoc/>
        public bool TryErase()
        {
            _readings.Outbox.IsSealed = true;
            _isErased = new FactoryReset(_platform.Store).TryErase();
            _readings.Outbox.IsSealed = _isErased;
            if (_isErased)
            {
                Discovery.Withdraw();
            }

            return _isErased;
        }

        /// <inheritdoc/>
        public void RequestRestart()
        {
            _isRestarting = true;
            _restartByMs = _clock.NowMs + CommandDispatcher.DeliveryTimeoutMs;
        }

        /// <inheritdoc/>
        public void StayAwake(int ms)
        {
            _sleeper.StayAwake(ms);
        }

        /// <inheritdoc/>
        public void WriteNext(JsonWriter writer)
        {
            _sleeper?.WriteNext(writer);
        }

        /// <inheritdoc/>
        public void RequestHealth()
        {
            _isHealthWanted = true;
        }

        /// <inheritdoc/>
        Command ICommandCatalog.Make(string name)
        {
            if (_platform.Journal.IsSafeMode && !SafeMode.Takes(name))
            {
                return null;
            }

            switch (name)
            {
                case "output.set":
                    return new OutputSwitchCommand(_outputs, false);
                case "output.toggle":
                    return new OutputSwitchCommand(_outputs, true);
                case "output.pulse":
                    return new OutputPulseCommand(_outputs, _clock);
                case "output.get":
                    return new OutputGetCommand(_outputs);
                case "sensor.read":
                    return new SensorReadCommand(_sampler, _bootRecord.Boot);
                case "config.get":
                    return new ConfigGetCommand(_settings);
                case "config.set":
                    return new ConfigSetCommand(_settings, this);
                case "device.info":
                    return new InfoCommand(_deviceId, _bootRecord.Boot, _clock, this);
                case "device.stay_awake":
                    return _sleeper == null ? null : new StayAwakeCommand(this);
                case "device.ping":
                    return new PingCommand();
                case "device.reboot":
                    return new RebootCommand(this);
                case "device.wipe":
                    return new WipeCommand(_deviceId, this);
                default:
                    return null;
            }
        }
    }
}

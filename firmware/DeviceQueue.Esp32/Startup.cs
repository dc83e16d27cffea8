using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Health;
using DeviceQueue.NanoFramework;
using DeviceQueue.Supervising;

namespace DeviceQueue.Esp32
{
    /// <summary>Gets the settings from the board's storage; without any the board stays offline, says so and looks again.</summary>
    internal sealed class Startup
    {
        private const int RepeatMs = 10000;
        private const int BlinkMs = 250;

        private readonly FlashStore _store;
        private readonly Journal _life;
        private readonly Supervisor _supervisor;
        private readonly ConsoleLogger _logger;
        private readonly Esp32Pins _pins = new Esp32Pins(Esp32Memory.HasPsram());

        public Startup(FlashStore store, Journal life, Supervisor supervisor, ConsoleLogger logger)
        {
            _store = store;
            _life = life;
            _supervisor = supervisor;
            _logger = logger;
        }

        /// <summary>Gets what loaded the settings.</summary>
        public SettingsLoader Loader { get; private set; }

        /// <summary>Gets the settings.</summary>
        public DeviceSettings Device { get; private set; }

        /// <summary>Gets where to connect to.</summary>
        public ConnectionSettings Connection { get; private set; }

        /// <summary>Loads the settings, those of safe mode after too many failed boots; returns when there are some that can be used.</summary>
        public void WaitForSettings(string defaultId)
        {
            SettingsLoader loader = Loader = new SettingsLoader(new SettingsStore(_store), _pins, defaultId, ConnectionSettings.GetDefaults());
            while (true)
            {
                LoadedSettings loaded = Load(loader);
                Use(loaded);
                Say(loaded);
                if (Connection != null)
                {
                    _life.Begin(DeviceNode.Version + "/" + loaded.FileCrc.ToString(), Device.SafeModeBoots);
                    if (_life.IsSafeMode)
                    {
                        Use(loader.GetSafeMode());
                    }

                    return;
                }

                _logger.Log(LogLevel.Error, null, "no usable settings: offline until there is a good " + SettingsLoader.FileName);
                Wait(loader);
            }
        }

        private void Use(LoadedSettings loaded)
        {
            Device = loaded.Device;
            Connection = loaded.Connection;
        }

        private LoadedSettings Load(SettingsLoader loader)
        {
            int size = _store.GetSize(SettingsLoader.FileName);
            if (size < 0)
            {
                return loader.Load(null, 0);
            }

            byte[] file = new byte[size > SettingsStore.MaxFileBytes ? SettingsStore.MaxFileBytes + 1 : size];
            return _store.TryRead(SettingsLoader.FileName, file, out int count) ? loader.Load(file, count) : loader.Load(null, 0);
        }

        private void Say(LoadedSettings loaded)
        {
            for (int i = 0; i < loaded.Problems.KeptErrors; i++)
            {
                _logger.Log(LogLevel.Error, null, loaded.Problems.GetError(i));
            }

            for (int i = 0; i < loaded.Problems.KeptWarnings; i++)
            {
                _logger.Log(LogLevel.Warn, null, loaded.Problems.GetWarning(i));
            }

            if (loaded.Source == SettingsSource.LastGood)
            {
                _logger.Log(LogLevel.Warn, null, "running on the last good settings");
            }
        }

        /// <summary>Waits, with the status LED and the watchdog of the last file if that named some that can be used.</summary>
        private void Wait(SettingsLoader loader)
        {
            using GpioOutputs pins = new GpioOutputs();
            StatusLed led = new StatusLed(pins, loader.StatusLedPin, _life);
            _supervisor.FeedThrough(pins, loader.WatchdogPin);
            for (int waited = 0; waited < RepeatMs; waited += BlinkMs)
            {
                _supervisor.Beat();
                led.Poll(DeviceState.NoConfiguration, waited);
                Thread.Sleep(BlinkMs);
            }
        }
    }
}

using System.Device.Gpio;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.NanoFramework;

namespace DeviceQueue.Esp32
{
    /// <summary>Gets the settings from the board's storage; without any the board stays offline, says so and looks again.</summary>
    internal sealed class Startup
    {
        private const int RepeatMs = 10000;
        private const int BlinkMs = 250;

        private readonly FlashStore _store;
        private readonly ConsoleLogger _logger;
        private readonly Esp32Pins _pins = new Esp32Pins(Esp32Memory.HasPsram());

        public Startup(FlashStore store, ConsoleLogger logger)
        {
            _store = store;
            _logger = logger;
        }

        /// <summary>Gets what loaded the settings.</summary>
        public SettingsLoader Loader { get; private set; }

        /// <summary>Gets the settings.</summary>
        public DeviceSettings Device { get; private set; }

        /// <summary>Gets where to connect to.</summary>
        public ConnectionSettings Connection { get; private set; }

        /// <summary>Loads the settings; returns when there are some that can be used.</summary>
        public void WaitForSettings(string defaultId)
        {
            SettingsLoader loader = Loader = new SettingsLoader(new SettingsStore(_store), _pins, defaultId, ConnectionSettings.GetDefaults());
            while (true)
            {
                LoadedSettings loaded = Load(loader);
                if (loaded.Source != SettingsSource.None)
                {
                    Device = loaded.Device;
                    Connection = ConnectionSettings.Read(loaded.Config, Device.Id, _store, loaded.Problems);
                }

                Say(loaded);
                if (Connection != null)
                {
                    return;
                }

                _logger.Log(LogLevel.Error, null, "no usable settings: offline until there is a good " + SettingsLoader.FileName);
                Blink(loader.StatusLedPin);
            }
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

        /// <summary>Waits, with the status LED blinking fast when the settings name one that can be used.</summary>
        private static void Blink(int pin)
        {
            if (pin == DeviceSettings.NoPin)
            {
                Thread.Sleep(RepeatMs);
                return;
            }

            using GpioController controller = new GpioController();
            using GpioPin led = controller.OpenPin(pin, PinMode.Output);
            for (int waited = 0; waited < RepeatMs; waited += BlinkMs)
            {
                led.Toggle();
                Thread.Sleep(BlinkMs);
            }
        }
    }
}

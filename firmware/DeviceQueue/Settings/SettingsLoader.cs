using DeviceQueue.Configuration;
using DeviceQueue.Outputs;
using DeviceQueue.Storage;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// Decides which settings a device starts with: its file when that is good in every value, else the last file that
    /// was. Let go when the device runs.
    /// </summary>
    public sealed class SettingsLoader
    {
        /// <summary>The name of the settings file.</summary>
        public const string FileName = "devicequeue.json";

        /// <summary>How long the settings file may be, in bytes.</summary>
        public const int MaxFileBytes = 8192;

        /// <summary>The name under which the last good settings file is kept, in two slots.</summary>
        internal const string LastGoodName = "settings";

        private readonly IStore _store;
        private readonly IPinRules _pins;

        /// <summary>Initializes a loader.</summary>
        /// <param name="store">Where the files are.</param>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do
        /// everything.</param>
        public SettingsLoader(IStore store, IPinRules pins)
        {
            _store = store;
            _pins = pins;
        }

        /// <summary>
        /// Gets the pin of the status LED, <see cref="DeviceSettings.NoPin"/> when the last file named none that can be
        /// used, or one that it gives to something else too: known even if the file has errors elsewhere, because the
        /// LED is there to say so.
        /// </summary>
        public int StatusLedPin { get; private set; } = DeviceSettings.NoPin;

        /// <summary>
        /// Gets the pin of the external watchdog, with the same limits: a board without settings is to be fed too.
        /// </summary>
        public int WatchdogPin { get; private set; } = DeviceSettings.NoPin;

        /// <summary>Gets why the file, or the last good one too, is not used, and the warnings.</summary>
        public ConfigProblems Problems { get; private set; }

        /// <summary>
        /// Gets what was loaded last, with its source; never <see langword="null"/> after <see cref="Load"/>.
        /// </summary>
        public LoadedSettings Settings { get; private set; }

        /// <summary>Gets the device's settings to start with, or <see langword="null"/> when there are none.</summary>
        public DeviceSettings Device { get; private set; }

        /// <summary>
        /// Gets where to connect to, or <see langword="null"/> when there are no settings; commands do not change it.
        /// </summary>
        public ConnectionSettings Connection { get; private set; }

        /// <summary>Chooses the settings. A good file becomes the last good one.</summary>
        /// <param name="defaultId">The device id when a file has none, or <see langword="null"/> when the board has
        /// none to offer.</param>
        /// <returns><see langword="false"/> when there are none that can be used.</returns>
        public bool Load(string defaultId)
        {
            Problems = new ConfigProblems();
            Settings = new LoadedSettings(_store, false, 0);
            Device = null;
            Connection = null;
            StatusLedPin = DeviceSettings.NoPin;
            WatchdogPin = DeviceSettings.NoPin;
            byte[] piece = new byte[StoredFile.PieceBytes];
            StoreReader file = LoadedSettings.OpenFile(_store, false, piece);
            if (file == null)
            {
                Problems.AddError(FileName + " is missing");
            }
            else if (TryUse(file, false, defaultId))
            {
                file.Restart();
                StoredFile last = new StoredFile(_store, LastGoodName, new byte[StoredFile.PieceBytes]);
                last.Open();
                if (!last.TryUpdate(file))
                {
                    const string Lost = " could not be kept as the last good settings";
                    Problems.AddWarning("the storage failed: " + FileName + Lost);
                }

                return true;
            }

            StoredFile kept = new StoredFile(_store, LastGoodName, piece);
            StoreReader lastGood = kept.Open();
            if (kept.HasFailed)
            {
                Problems.AddWarning("a copy of the last good settings cannot be read");
            }

            return lastGood != null && TryUse(lastGood, true, defaultId);
        }

        /// <summary>
        /// Reduces what the device starts with to safe mode's share. <see cref="Settings"/> stays the whole: changes by
        /// command are made to that.
        /// </summary>
        public void UseSafeMode()
        {
            Device = Device.CopyForSafeMode();
            Connection = Connection.CopyForSafeMode();
            Settings.UseInSafeMode();
        }

        private bool TryUse(StoreReader file, bool isLastGood, string defaultId)
        {
            string name = isLastGood ? "the last good settings" : FileName;
            if (file.Length > MaxFileBytes)
            {
                Problems.AddError(name + ": at most " + MaxFileBytes.ToString() + " bytes are allowed");
                return false;
            }

            int errors = Problems.ErrorCount;
            JsonConfigReader reader = new JsonConfigReader(name, file, Problems);
            SettingsDraft draft = new SettingsDraft(defaultId);
            draft.TakeAll(reader);
            uint crc = file.Crc;
            draft.Device.UseBoardsPins(_pins);
            FindPins(draft.Device);
            if (file.HasFailed)
            {
                Problems.AddError(name + " cannot be read");
            }

            if (!reader.HasFailed)
            {
                draft.Check(_pins, Problems);
            }

            bool isGood = Problems.ErrorCount == errors;
            ConnectionSettings connection = isGood ? ConnectionSettings.Read(draft, _store, Problems) : null;
            if (connection == null)
            {
                Problems.AddError(name + " cannot be used");
                return false;
            }

            Settings = new LoadedSettings(_store, isLastGood, crc);
            Settings.Use(draft, Problems);
            Device = Settings.Device;
            Connection = connection;
            return true;
        }

        private void FindPins(DeviceSettings device)
        {
            bool isOne = device.StatusLedPin == device.WatchdogPin;
            StatusLedPin = isOne ? DeviceSettings.NoPin : FindFree(device, device.StatusLedPin);
            WatchdogPin = isOne ? DeviceSettings.NoPin : FindFree(device, device.WatchdogPin);
        }

        // The settings are not checked yet: what blinks must not be what a valve hangs on.
        private int FindFree(DeviceSettings device, int pin)
        {
            bool isFree = pin != device.I2cDataPin && pin != device.I2cClockPin
                && (_pins == null || pin == DeviceSettings.NoPin || _pins.WhyNotOutput(pin) == null);
            OutputSettings[] outputs = device.Outputs;
            for (int i = 0; isFree && i < outputs.Length; i++)
            {
                isFree = outputs[i] == null || outputs[i].Pin != pin;
            }

            return isFree ? pin : DeviceSettings.NoPin;
        }
    }
}

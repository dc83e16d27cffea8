using DeviceQueue.Connecting;
using DeviceQueue.Platform;
using DeviceQueue.Supervising;

namespace DeviceQueue.Configuring
{
    /// <summary>Decides which settings a device starts with: its file when that is good in every value, else the last file that was.</summary>
    public sealed class SettingsLoader
    {
        /// <summary>The name of the settings file.</summary>
        public const string FileName = "devicequeue.json";

        private const string LastGoodName = "the last good settings";

        private static readonly string[] Changeable =
        {
            "device.interval_ms", "device.report_delta", "device.report_at_least_ms", "device.health_interval_ms", "device.max_step",
            "device.temperature_offset", "device.discovery",
        };

        private readonly SettingsStore _store;
        private readonly IPinRules _pins;
        private readonly string _defaultId;
        private readonly ConfigParams _defaults;

        /// <summary>Initializes a loader.</summary>
        /// <param name="store">Where the last good settings and the changes are.</param>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do everything.</param>
        /// <param name="defaultId">The device id when a file has none.</param>
        /// <param name="defaults">The firmware's own values for what a file leaves out; at most 48 keys.</param>
        public SettingsLoader(SettingsStore store, IPinRules pins, string defaultId, ConfigParams defaults)
        {
            _store = store;
            _pins = pins;
            _defaultId = defaultId;
            _defaults = defaults;
        }

        /// <summary>
        /// Gets the pin of the status LED, <see cref="DeviceSettings.NoPin"/> when the last file named none that can be used: known even if the file has errors elsewhere, because
        /// the LED is there to say so.
        /// </summary>
        public int StatusLedPin { get; private set; } = DeviceSettings.NoPin;

        /// <summary>Gets the pin of the external watchdog, with the same limits: a board without settings is to be fed too.</summary>
        public int WatchdogPin { get; private set; } = DeviceSettings.NoPin;

        /// <summary>Gets the settings that were loaded last, with the changes since; <see langword="null"/> before.</summary>
        public LoadedSettings Current { get; private set; }

        /// <summary>Gets how many keys <see cref="IsChangeable"/> says yes to.</summary>
        public static int ChangeableCount => Changeable.Length;

        /// <summary>Says whether a running device takes another value for a key.</summary>
        /// <param name="key">The key, as in <c>device.interval_ms</c>.</param>
        /// <returns><see langword="true"/> when it does.</returns>
        public static bool IsChangeable(string key)
        {
            for (int i = 0; i < Changeable.Length; i++)
            {
                if (Changeable[i] == key)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Gets a key that <see cref="IsChangeable"/> says yes to.</summary>
        /// <param name="index">0 to <see cref="ChangeableCount"/> - 1.</param>
        /// <returns>The key, as in <c>device.interval_ms</c>.</returns>
        public static string GetChangeable(int index)
        {
            return Changeable[index];
        }

        /// <summary>Checks a whole configuration: the device, its connections, credentials, options, TLS and will.</summary>
        /// <param name="config">The configuration, defaults included.</param>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do everything.</param>
        /// <param name="defaultId">The device id when the configuration has none.</param>
        /// <param name="problems">Takes an error for each value that is not allowed and a warning for each unknown key.</param>
        /// <returns>The device's settings, or <see langword="null"/> after an error.</returns>
        public static DeviceSettings Check(ConfigParams config, IPinRules pins, string defaultId, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            DeviceSettings device = DeviceSettings.Read(config, pins, defaultId, problems);
            if (ConnectionParams.ManyFromConfig(config, problems).Length == 0)
            {
                problems.AddError("connection.host", null, "a device needs a broker, here or in connection.uri");
            }

            CredentialParams.ManyFromConfig(config, problems);
            MqttOptions.Read(config, problems);
            TlsParams.Read(config, problems);
            WillParams.Read(config, problems);
            KnownKeys.Check(config, problems);
            return problems.ErrorCount == errors ? device : null;
        }

        /// <summary>Chooses the settings. A good file becomes the last good one.</summary>
        /// <param name="file">The file's bytes, or <see langword="null"/> when there is no file.</param>
        /// <param name="count">How many of them, from the start, there are.</param>
        /// <returns>The settings, never <see langword="null"/> itself; without any, its source is <see cref="SettingsSource.None"/>.</returns>
        public LoadedSettings Load(byte[] file, int count)
        {
            Current = Choose(file, count);
            return Current;
        }

        /// <summary>Checks a change of some settings of a running device, as a whole. Nothing is changed yet: <see cref="TryKeep"/> does that.</summary>
        /// <param name="changes">Keys for which <see cref="IsChangeable"/> says yes, with their new values.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The settings with the changes, or <see langword="null"/> after an error.</returns>
        public LoadedSettings CheckChange(ConfigParams changes, ConfigProblems problems)
        {
            LoadedSettings current = Current;
            if (current == null || current.Source == SettingsSource.None)
            {
                problems.AddError("there are no settings to change");
                return null;
            }

            int errors = problems.ErrorCount;
            for (int i = 0; i < changes.Count; i++)
            {
                string key = changes.GetKey(i);
                if (!IsChangeable(key))
                {
                    problems.AddError(key, changes.Get(key), "it cannot be changed while the device runs");
                }
            }

            ConfigParams all = current.Changes.Override(changes);
            ConfigParams config = current.FileConfig.Override(all).SetDefaults(_defaults);
            DeviceSettings device = Check(config, _pins, _defaultId, problems);
            if (problems.ErrorCount != errors)
            {
                return null;
            }

            return new LoadedSettings(current.Source, current.Problems)
            {
                Device = device,
                Config = config,
                FileConfig = current.FileConfig,
                FileCrc = current.FileCrc,
                Changes = all,
            };
        }

        /// <summary>Stores changed settings, so that a reboot finds either these or those before, and makes them <see cref="Current"/>.</summary>
        /// <param name="changed">What <see cref="CheckChange"/> returned.</param>
        /// <returns><see langword="false"/> when the storage fails: those so far go on.</returns>
        public bool TryKeep(LoadedSettings changed)
        {
            if (!_store.SaveChanges(changed.FileCrc, changed.Changes))
            {
                return false;
            }

            Current = changed;
            return true;
        }

        /// <summary>Reduces the settings to those of safe mode. <see cref="Current"/> stays the whole of them: changes by command are made to that.</summary>
        /// <returns>The settings of safe mode.</returns>
        public LoadedSettings GetSafeMode()
        {
            ConfigParams config = SafeMode.Reduce(Current.FileConfig).SetDefaults(_defaults);
            DeviceSettings device = DeviceSettings.Read(config, _pins, _defaultId, Current.Problems);
            return new LoadedSettings(Current.Source, Current.Problems)
            {
                Device = device,
                Connection = _store.ReadConnection(config, device.Id, Current.Problems),
                Config = config,
            };
        }

        private LoadedSettings Choose(byte[] file, int count)
        {
            ConfigProblems problems = new ConfigProblems();
            LoadedSettings loaded = null;
            if (file == null)
            {
                problems.AddError(FileName + " is missing");
            }
            else
            {
                loaded = Read(SettingsSource.File, FileName, file, count, problems);
            }

            if (loaded != null)
            {
                if (!_store.SaveAsGood(file, count))
                {
                    problems.AddWarning("the storage failed: " + FileName + " could not be kept as the last good settings");
                }

                return loaded;
            }

            if (_store.TryLoadLastGood(out byte[] lastGood, out int lastCount))
            {
                loaded = Read(SettingsSource.LastGood, LastGoodName, lastGood, lastCount, problems);
            }

            return loaded ?? new LoadedSettings(SettingsSource.None, problems);
        }

        private LoadedSettings Read(SettingsSource source, string name, byte[] json, int count, ConfigProblems problems)
        {
            if (count > SettingsStore.MaxFileBytes)
            {
                problems.AddError(name + ": at most " + SettingsStore.MaxFileBytes.ToString() + " bytes are allowed");
                return null;
            }

            ConfigParams file = ConfigJson.Read(name, json, count, problems);
            if (file == null)
            {
                return null;
            }

            StatusLedPin = FindPin(file, "device.status_led", StatusLedPin);
            WatchdogPin = FindPin(file, "device.watchdog_pin", WatchdogPin);
            ConfigParams config = file.SetDefaults(_defaults);
            DeviceSettings device = Check(config, _pins, _defaultId, problems);
            ConfigProblems ofFiles = new ConfigProblems(); // the rest was checked, and warned of, above
            ConnectionSettings connection = device == null ? null : _store.ReadConnection(config, device.Id, ofFiles);
            if (connection == null)
            {
                problems.AddErrors(ofFiles);
                problems.AddError(name + " cannot be used");
                return null;
            }

            LoadedSettings loaded = new LoadedSettings(source, problems)
            {
                Device = device,
                Connection = connection,
                Config = config,
                FileConfig = file,
                FileCrc = Crc32.Compute(json, 0, count),
                Changes = new ConfigParams(),
            };
            ApplyStoredChanges(loaded);
            return loaded;
        }

        private int FindPin(ConfigParams file, string key, int fallback)
        {
            return file.TryGetInteger(key, out int pin) && (_pins == null || _pins.WhyNotOutput(pin) == null) ? pin : fallback;
        }

        // Changes were checked when they were stored, but perhaps by an earlier firmware.
        private void ApplyStoredChanges(LoadedSettings loaded)
        {
            ConfigParams changes = _store.LoadChanges(loaded.FileCrc);
            if (changes.Count == 0)
            {
                return;
            }

            ConfigParams config = loaded.FileConfig.Override(changes).SetDefaults(_defaults);
            DeviceSettings device = Check(config, _pins, _defaultId, new ConfigProblems());
            if (device == null)
            {
                loaded.Problems.AddWarning("the stored changes are not allowed any more and have no effect");
                return;
            }

            loaded.Device = device;
            loaded.Config = config;
            loaded.Changes = changes;
        }
    }
}

using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Outputs;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// A device's settings while they are read: each key goes to the part that knows it, then the whole is checked. Let
    /// go when that is done.
    /// </summary>
    public sealed class SettingsDraft
    {
        private const int BitsPerByte = 8;

        private byte[] _hidden;
        private int _given; // flags of SleepSettings

        /// <summary>Initializes a draft of the firmware's own values.</summary>
        /// <param name="defaultId">The device id when the configuration has none, or <see langword="null"/> when the
        /// board has none to offer.</param>
        public SettingsDraft(string defaultId)
        {
            Device = new DeviceSettings(defaultId);
            for (ConfigReader defaults = new FirmwareDefaults(null); defaults.Read();)
            {
                TryTake(defaults);
            }

            _given = 0; // those were the firmware's own
        }

        /// <summary>Gets the settings below <c>device</c>.</summary>
        public DeviceSettings Device { get; }

        /// <summary>Gets the options of the queue of readings and of the connection.</summary>
        public QueueOptions Options { get; } = new QueueOptions();

        /// <summary>Gets the connections, once checked.</summary>
        public ConnectionParams[] Connections { get; private set; }

        /// <summary>Gets the credentials, once checked.</summary>
        public CredentialParams[] Credentials { get; private set; }

        /// <summary>Gets the names of the files of TLS.</summary>
        public TlsParams Tls => Config.Tls;

        /// <summary>Gets the parts outside the device and the options.</summary>
        internal ConnectionConfig Config { get; } = new ConnectionConfig();

        /// <summary>Checks a whole configuration: the device, its connections, credentials, options and TLS.</summary>
        /// <param name="reader">Goes through the configuration; its problems take an error for each value that is not
        /// allowed, and a warning for each key that has no effect.</param>
        /// <param name="pins">What the board's pins can do, or <see langword="null"/> when each can do
        /// everything.</param>
        /// <param name="defaultId">The device id when the configuration has none.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static SettingsDraft Read(ConfigReader reader, IPinRules pins, string defaultId)
        {
            int errors = reader.Problems.ErrorCount;
            SettingsDraft draft = new SettingsDraft(defaultId);
            draft.TakeAll(reader);
            draft.Check(pins, reader.Problems);
            return reader.Problems.ErrorCount == errors ? draft : null;
        }

        /// <summary>Takes all keys of a configuration.</summary>
        internal void TakeAll(ConfigReader reader)
        {
            for (int index = 0; reader.Read(); index++)
            {
                bool isKnown = TryTake(reader);
                if (!isKnown && IsQueueKey(reader.Key))
                {
                    reader.Problems.AddNoEffect(reader.Key);
                }
                else if (!isKnown)
                {
                    reader.Problems.AddUnknown(reader.Key);
                }

                if (!isKnown || ConfigProblems.IsSecret(reader.Key))
                {
                    Hide(index);
                }
            }
        }

        /// <summary>Gives the value of a key to the part that knows it.</summary>
        /// <returns><see langword="false"/> when none does.</returns>
        internal bool TryTake(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "device.interval_ms":
                    _given |= SleepSettings.IntervalFlag;
                    break;
                case "device.command_ttl_ms":
                    _given |= SleepSettings.TtlFlag;
                    break;
                case "options.clean_session":
                    _given |= SleepSettings.CleanSessionFlag;
                    break;
            }

            return Device.TryTake(reader) || Options.TryTake(reader) || Config.TryTake(reader);
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        internal void Check(IPinRules pins, ConfigProblems problems)
        {
            Device.Check(pins, problems);
            SleepSettings.Check(Device, _given, problems);
            if (Device.Sleep != null)
            {
                Options.KeepOverSleep((_given & SleepSettings.CleanSessionFlag) != 0, problems);
            }

            Connections = Config.GetConnections(problems);
            Credentials = Config.GetCredentials(problems);
            Tls.Check(problems);
            Options.OverrideForDevice(problems);
            Options.Check(problems);
            if (Device.LateTopic && Options.SerializeEnvelope)
            {
                problems.AddWarning("device.late_topic has no effect with options.serialize_envelope");
            }

            if (Connections.Length == 0)
            {
                problems.AddError("connection.host", null, "a device needs a broker, here or in connection.uri");
            }
        }

        /// <summary>
        /// Gets which values of the configuration must not leave the device: a bit for each, in its order; <see
        /// langword="null"/> when all may.
        /// </summary>
        internal byte[] GetHidden()
        {
            return _hidden;
        }

        // Means something to a queue on its own and nothing to a device.
        private static bool IsQueueKey(string key)
        {
            return key == "name" || key == "id" || key == "topic"
                || key == "will.topic" || key == "will.payload" || key == "will.qos" || key == "will.retain";
        }

        // Under a key that is not known may stand a secret whose key was mistyped.
        private void Hide(int index)
        {
            int size = (index / BitsPerByte) + 1;
            if (_hidden == null || _hidden.Length < size)
            {
                byte[] larger = new byte[size];
                _hidden?.CopyTo(larger, 0);
                _hidden = larger;
            }

            _hidden[index / BitsPerByte] |= (byte)(1 << (index % BitsPerByte));
        }
    }
}

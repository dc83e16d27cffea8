using DeviceQueue.Configuring;

namespace DeviceQueue.Supervising
{
    /// <summary>
    /// What is left after <see cref="LifeRecord.MaxFailedBoots"/> failed boots: who the device is, how it connects, and its pins, so that outputs are safe, the watchdog is fed
    /// and the LED shows it. All else is default, and two commands are taken.
    /// </summary>
    public static class SafeMode
    {
        private static readonly string[] KeptPrefixes =
        {
            "client_id", "device.id", "device.command_key", "device.ntp_server", "device.outputs.", "device.status_led", "device.watchdog_pin",
            "device.i2c.", "device.sensor.", "device.temperature_offset", "device.interval_ms",
            "connection.", "connections.", "credential.", "credentials.", "tls.",
        };

        /// <summary>Leaves out what safe mode does without.</summary>
        /// <param name="config">The settings of a file.</param>
        /// <returns>A new configuration.</returns>
        public static ConfigParams Reduce(ConfigParams config)
        {
            ConfigParams result = new ConfigParams();
            for (int i = 0; i < config.Count; i++)
            {
                string key = config.GetKey(i);
                for (int j = 0; j < KeptPrefixes.Length; j++)
                {
                    if (key.StartsWith(KeptPrefixes[j]))
                    {
                        result.Set(key, config.Get(key));
                    }
                }
            }

            return result;
        }

        /// <summary>Tells whether a command is taken.</summary>
        /// <param name="name">Its message_type, or <see langword="null"/>.</param>
        /// <returns>Whether it is.</returns>
        public static bool Takes(string name)
        {
            return name == "device.info" || name == "config.set";
        }
    }
}

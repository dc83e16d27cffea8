using DeviceQueue.Commanding;
using DeviceQueue.Configuring;

namespace DeviceQueue.Supervising
{
    /// <summary>
    /// What is left after <c>device.safe_mode_boots</c> failed boots: who the device is, how it connects, and its pins, so that outputs are safe, the watchdog is fed
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

        private static readonly string[] KeptCommands = { "device.info", "config.set" };

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

        /// <summary>Leaves out the commands that are not taken.</summary>
        /// <param name="commands">All commands.</param>
        /// <returns>What is left of them.</returns>
        public static Command[] Reduce(Command[] commands)
        {
            Command[] kept = new Command[commands.Length];
            int count = 0;
            for (int i = 0; i < commands.Length; i++)
            {
                for (int j = 0; j < KeptCommands.Length; j++)
                {
                    if (commands[i].Name == KeptCommands[j])
                    {
                        kept[count++] = commands[i];
                    }
                }
            }

            Command[] result = new Command[count];
            System.Array.Copy(kept, result, count);
            return result;
        }
    }
}

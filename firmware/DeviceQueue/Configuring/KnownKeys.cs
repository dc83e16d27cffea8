namespace DeviceQueue.Configuring
{
    /// <summary>The keys that a configuration may have. Others are a warning each, with the known key that comes close.</summary>
    internal static class KnownKeys
    {
        // A key is looked up letter by letter against all known ones: on the chip that takes a while.
        private const int MaxSuggestions = 8;
        private const int MaxDistance = 2;
        private const int MaxCompared = 48;

        // A number sign stands for the place in a list.
        private static readonly string[] Keys =
        {
            "name", "id", "topic", "client_id",
            "device.id", "device.command_key", "device.interval_ms", "device.report_delta", "device.report_at_least_ms", "device.temperature_offset",
            "device.max_step", "device.discovery", "device.sensor.address", "device.i2c.sda", "device.i2c.scl",
            "device.outputs.#.name", "device.outputs.#.pin", "device.outputs.#.active", "device.outputs.#.safe",
            "device.status_led", "device.watchdog_pin", "device.safe_after_ms", "device.reboot_after_ms", "device.command_ttl_ms",
            "device.health_interval_ms", "device.ntp_server", "device.safe_mode_boots", "device.stable_ms", "device.late_topic",
            "connection.discovery_key", "connection.protocol", "connection.host", "connection.port", "connection.uri",
            "connections.#.discovery_key", "connections.#.protocol", "connections.#.host", "connections.#.port", "connections.#.uri",
            "credential.store_key", "credential.username", "credential.password",
            "credentials.#.store_key", "credentials.#.username", "credentials.#.password",
            "options.serialize_envelope", "options.autosubscribe", "options.qos", "options.retain", "options.retry_connect",
            "options.connect_timeout", "options.reconnect_timeout", "options.keepalive_timeout", "options.clean_session",
            "options.max_messages", "options.max_bytes", "options.max_message_size", "options.overflow", "options.max_inflight",
            "options.reconnect_max", "options.outbox", "options.outbox_max_bytes", "options.outbox_flush_ms",
            "tls.ca", "tls.cert", "tls.key",
            "will.topic", "will.payload", "will.qos", "will.retain",
        };

        /// <summary>Says whether a key is known.</summary>
        /// <param name="key">The whole key.</param>
        /// <returns><see langword="true"/> when it is.</returns>
        public static bool Contains(string key)
        {
            return IsKnown(ToPattern(key));
        }

        /// <summary>Warns of each key that is not known.</summary>
        /// <param name="config">The configuration.</param>
        /// <param name="problems">Takes the warnings.</param>
        public static void Check(ConfigParams config, ConfigProblems problems)
        {
            int unknown = 0;
            for (int i = 0; i < config.Count; i++)
            {
                string key = config.GetKey(i);
                string pattern = ToPattern(key);
                if (!IsKnown(pattern))
                {
                    string nearest = ++unknown > MaxSuggestions ? null : FindNearest(pattern);
                    string hint = nearest == null ? string.Empty : "; " + FromPattern(nearest, key) + " is meant?";
                    problems.AddWarning(ConfigProblems.Clean(key) + " is not a known key and has no effect" + hint);
                }
            }
        }

        private static bool IsKnown(string pattern)
        {
            for (int i = 0; i < Keys.Length; i++)
            {
                if (Keys[i] == pattern)
                {
                    return true;
                }
            }

            return false;
        }

        private static string ToPattern(string key)
        {
            string pattern = string.Empty;
            string[] parts = key.Split('.');
            for (int i = 0; i < parts.Length; i++)
            {
                pattern += (i == 0 ? string.Empty : ".") + (IsNumber(parts[i]) ? "#" : parts[i]);
            }

            return pattern;
        }

        // The known key with the number of the unknown one; the only list of a key stands at its one number sign.
        private static string FromPattern(string pattern, string key)
        {
            int sign = pattern.IndexOf('#');
            string[] parts = key.Split('.');
            for (int i = 0; sign >= 0 && i < parts.Length; i++)
            {
                if (IsNumber(parts[i]))
                {
                    return pattern.Substring(0, sign) + parts[i] + pattern.Substring(sign + 1);
                }
            }

            return pattern;
        }

        private static bool IsNumber(string text)
        {
            int length = text.Length;
            for (int i = 0; i < length; i++)
            {
                if (text[i] < '0' || text[i] > '9')
                {
                    return false;
                }
            }

            return length > 0;
        }

        private static string FindNearest(string pattern)
        {
            string nearest = null;
            int best = MaxDistance + 1;
            char[] letters = pattern.ToCharArray();
            for (int i = 0; i < Keys.Length && letters.Length <= MaxCompared; i++)
            {
                int difference = Keys[i].Length - letters.Length;
                if (difference <= MaxDistance && difference >= -MaxDistance)
                {
                    int distance = Distance(letters, Keys[i].ToCharArray());
                    nearest = distance < best ? Keys[i] : nearest;
                    best = distance < best ? distance : best;
                }
            }

            return nearest;
        }

        // Levenshtein's: how many letters must be put in, taken out or changed.
        private static int Distance(char[] one, char[] other)
        {
            int[] row = new int[other.Length + 1];
            for (int k = 0; k < row.Length; k++)
            {
                row[k] = k;
            }

            for (int i = 1; i <= one.Length; i++)
            {
                int diagonal = row[0];
                row[0] = i;
                for (int k = 1; k <= other.Length; k++)
                {
                    int change = diagonal + (one[i - 1] == other[k - 1] ? 0 : 1);
                    diagonal = row[k];
                    int shift = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
                    row[k] = change < shift ? change : shift;
                }
            }

            return row[other.Length];
        }
    }
}

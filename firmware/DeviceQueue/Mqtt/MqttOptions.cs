using DeviceQueue.Configuration;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// The settings of a connection below <c>options.</c>, and <c>client_id</c>, checked. Times are in milliseconds.
    /// </summary>
    public class MqttOptions
    {
        /// <summary>The longest client id in characters.</summary>
        public const int MaxClientIdLength = 64;

        /// <summary>A minute, the unit of the longest times that are allowed.</summary>
        protected const int MinuteMs = 60000;

        private const int HourMs = 3600000;

        // The keep alive field of CONNECT holds 16 bits of seconds (MQTT 3.1.1, section 3.1.2.10).
        private const int MaxKeepAliveMs = 65535000;

        /// <summary>Initializes options of which the configuration says nothing.</summary>
        internal MqttOptions()
        {
        }

        /// <summary>
        /// Gets the client id, 1 to 64 characters, or <see langword="null"/> for the owner's default.
        /// </summary>
        public string ClientId { get; private set; }

        /// <summary>Gets a value indicating whether a lost connection is opened again.</summary>
        public bool RetryConnect { get; internal set; } = true;

        /// <summary>Gets how long a connection may take to open, 1 to 600,000 ms.</summary>
        public int ConnectTimeoutMs { get; private set; } = 30000;

        /// <summary>Gets the first wait before a reconnect, 1 to 3,600,000 ms.</summary>
        public int ReconnectTimeoutMs { get; private set; } = 1000;

        /// <summary>
        /// Gets the longest wait before a reconnect, from <see cref="ReconnectTimeoutMs"/> to 3,600,000 ms.
        /// </summary>
        public int ReconnectMaxMs { get; private set; } = 60000;

        /// <summary>Gets the keepalive period in whole seconds, rounded up, 1 to 65,535 s.</summary>
        public int KeepAliveSeconds { get; private set; } = 3;

        /// <summary>Gets a value indicating whether the broker forgets the session at a disconnect.</summary>
        public bool CleanSession { get; internal set; } = true;

        /// <summary>Takes the value of a key, if it is one of a connection's.</summary>
        /// <param name="reader">Stands on the key.</param>
        /// <returns><see langword="false"/> when it is not.</returns>
        internal virtual bool TryTake(ConfigReader reader)
        {
            if (reader.Key == "client_id")
            {
                ClientId = ReadClientId(reader);
                return true;
            }

            switch (reader.Key)
            {
                case "options.retry_connect":
                    RetryConnect = reader.Boolean(RetryConnect);
                    return true;
                case "options.clean_session":
                    CleanSession = reader.Boolean(CleanSession);
                    return true;
                case "options.connect_timeout":
                    ConnectTimeoutMs = reader.Integer(ConnectTimeoutMs, 1, 10 * MinuteMs);
                    return true;
                case "options.reconnect_timeout":
                    ReconnectTimeoutMs = reader.Integer(ReconnectTimeoutMs, 1, HourMs);
                    return true;
                case "options.reconnect_max":
                    ReconnectMaxMs = reader.Integer(ReconnectMaxMs, 1, HourMs);
                    return true;
                case "options.keepalive_timeout":
                    KeepAliveSeconds = (reader.Integer(KeepAliveSeconds * 1000, 1, MaxKeepAliveMs) + 999) / 1000;
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        internal virtual void Check(ConfigProblems problems)
        {
            if (ReconnectMaxMs < ReconnectTimeoutMs)
            {
                string least = "options.reconnect_timeout, " + ReconnectTimeoutMs.ToString();
                Refuse(problems, "reconnect_max", ReconnectMaxMs, "at least " + least + ", is needed");
            }
        }

        /// <summary>Adds an error for a number.</summary>
        internal static void Refuse(ConfigProblems problems, string key, int value, string reason)
        {
            problems.AddError("options." + key, value.ToString(), reason);
        }

        private static string ReadClientId(ConfigReader reader)
        {
            string id = reader.Text(MaxClientIdLength);
            if (id != null && id.Length == 0)
            {
                reader.Refuse("1 to 64 characters are allowed");
            }

            return id;
        }
    }
}

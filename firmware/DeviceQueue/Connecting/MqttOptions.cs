using DeviceQueue.Configuring;
using DeviceQueue.Messaging;

namespace DeviceQueue.Connecting
{
    /// <summary>The settings below <c>options.</c> and <c>client_id</c>, checked. Times are in milliseconds.</summary>
    public sealed class MqttOptions
    {
        /// <summary>The longest client id in characters.</summary>
        public const int MaxClientIdLength = 64;

        /// <summary>Why QoS 2 is refused with <c>clean_session</c> false.</summary>
        internal const string NoQos2 = "the client library cannot resume QoS 2; with clean_session false, 0 or 1 is allowed";

        private const int MinuteMs = 60000;
        private const int HourMs = 3600000;
        private const int MaxOutboxNameLength = 30; // a segment's name has two characters more

        // The keep alive field of CONNECT holds 16 bits of seconds (MQTT 3.1.1, section 3.1.2.10).
        private const int MaxKeepAliveMs = 65535000;

        // The names, up to the first dot, of the files that the firmware has for itself.
        private static readonly string[] ReservedNames = { "settings", "changes", "boot", "commands", "utc", "life", "discovery", "devicequeue" };
        private static readonly string[] OverflowWords = { "reject", "drop_oldest", "drop_newest", "coalesce" };

        private MqttOptions()
        {
        }

        /// <summary>Gets the client id, 1 to 64 characters, or <see langword="null"/> for the owner's default.</summary>
        public string ClientId { get; private set; }

        /// <summary>Gets a value indicating whether a message travels in its envelope; else its payload alone does.</summary>
        public bool SerializeEnvelope { get; private set; }

        /// <summary>Gets a value indicating whether a queue subscribes when it is opened.</summary>
        public bool Autosubscribe { get; private set; }

        /// <summary>Gets the quality of service, 0 to 2.</summary>
        public int Qos { get; private set; }

        /// <summary>Gets a value indicating whether published messages are marked retained.</summary>
        public bool Retain { get; private set; }

        /// <summary>Gets a value indicating whether a lost connection is opened again.</summary>
        public bool RetryConnect { get; private set; }

        /// <summary>Gets how long a connection may take to open, 1 to 600,000 ms.</summary>
        public int ConnectTimeoutMs { get; private set; }

        /// <summary>Gets the first wait before a reconnect, 1 to 3,600,000 ms.</summary>
        public int ReconnectTimeoutMs { get; private set; }

        /// <summary>Gets the longest wait before a reconnect, from <see cref="ReconnectTimeoutMs"/> to 3,600,000 ms.</summary>
        public int ReconnectMaxMs { get; private set; }

        /// <summary>Gets the keepalive period in whole seconds, rounded up, 1 to 65,535 s.</summary>
        public int KeepAliveSeconds { get; private set; }

        /// <summary>Gets a value indicating whether the broker forgets the session at a disconnect.</summary>
        public bool CleanSession { get; private set; }

        /// <summary>Gets how many messages a queue keeps, 1 to 4,096.</summary>
        public int MaxMessages { get; private set; }

        /// <summary>Gets how many bytes of messages a queue keeps, 1 to 1,048,576.</summary>
        public int MaxBytes { get; private set; }

        /// <summary>Gets how long one message may be, 1 to <see cref="MaxBytes"/> bytes.</summary>
        public int MaxMessageSize { get; private set; }

        /// <summary>Gets what a full queue does.</summary>
        public OverflowPolicy Overflow { get; private set; }

        /// <summary>Gets how many messages may be unacknowledged at once, 1 to 64.</summary>
        public int MaxInflight { get; private set; }

        /// <summary>Gets the name of the file that keeps unsent messages across reboots; empty: none does.</summary>
        public string Outbox { get; private set; }

        /// <summary>Gets how long that file may be, 8,192 to 65,536 bytes; whole segments of 4,096 are used.</summary>
        public int OutboxMaxBytes { get; private set; }

        /// <summary>Gets how old a message is at most when it is written to that file, 0 (with each Send) to 60,000 ms.</summary>
        public int OutboxFlushMs { get; private set; }

        /// <summary>Reads and checks the settings.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static MqttOptions Read(ConfigParams config, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            MqttOptions options = new MqttOptions();
            options.ReadClientId(new ConfigReader(config, string.Empty, problems));
            ConfigReader reader = new ConfigReader(config, "options.", problems);
            options.ReadProtocol(reader);
            options.ReadTimes(reader);
            options.ReadLimits(reader);
            options.ReadOutbox(reader);
            return problems.ErrorCount == errors ? options : null;
        }

        private void ReadClientId(ConfigReader reader)
        {
            ClientId = reader.Text("client_id", null, MaxClientIdLength);
            if (ClientId != null && ClientId.Length == 0)
            {
                reader.Refuse("client_id", "1 to 64 characters are allowed");
            }
        }

        private void ReadProtocol(ConfigReader reader)
        {
            SerializeEnvelope = reader.Boolean("serialize_envelope", true);
            Autosubscribe = reader.Boolean("autosubscribe", false);
            Qos = reader.Integer("qos", 0, 0, 2);
            Retain = reader.Boolean("retain", false);
            RetryConnect = reader.Boolean("retry_connect", true);
            CleanSession = reader.Boolean("clean_session", true);
            if (Qos == 2 && !CleanSession)
            {
                reader.Refuse("qos", NoQos2);
            }
        }

        private void ReadTimes(ConfigReader reader)
        {
            ConnectTimeoutMs = reader.Integer("connect_timeout", 30000, 1, 10 * MinuteMs);
            ReconnectTimeoutMs = reader.Integer("reconnect_timeout", 1000, 1, HourMs);
            ReconnectMaxMs = reader.Integer("reconnect_max", 60000, 1, HourMs);
            KeepAliveSeconds = (reader.Integer("keepalive_timeout", 3000, 1, MaxKeepAliveMs) + 999) / 1000;
            if (ReconnectMaxMs < ReconnectTimeoutMs)
            {
                reader.Refuse("reconnect_max", "at least options.reconnect_timeout, " + ReconnectTimeoutMs.ToString() + ", is needed");
            }
        }

        private void ReadLimits(ConfigReader reader)
        {
            MaxMessages = reader.Integer("max_messages", 64, 1, 4096);
            MaxBytes = reader.Integer("max_bytes", 8192, 1, 1048576);
            MaxMessageSize = reader.Integer("max_message_size", 1024, 1, 1048576);
            Overflow = (OverflowPolicy)reader.Choice("overflow", (int)OverflowPolicy.Reject, OverflowWords);
            MaxInflight = reader.Integer("max_inflight", 8, 1, 64);
            if (MaxMessageSize > MaxBytes)
            {
                reader.Refuse("max_bytes", "at least options.max_message_size, " + MaxMessageSize.ToString() + ", is needed");
            }
        }

        private void ReadOutbox(ConfigReader reader)
        {
            Outbox = reader.Get("outbox") ?? string.Empty;
            OutboxMaxBytes = reader.Integer("outbox_max_bytes", 49152, 2 * OutboxFile.SegmentBytes, OutboxFile.MaxSegments * OutboxFile.SegmentBytes);
            OutboxFlushMs = reader.Integer("outbox_flush_ms", 1000, 0, MinuteMs);
            if (!IsFileName(Outbox))
            {
                reader.Refuse("outbox", "a file name of at most 30 of a-z 0-9 . _ - is allowed, or none; settings, changes, boot, commands, utc, life, discovery and devicequeue are the firmware's own");
            }

            if (Outbox.Length > 0 && MaxMessageSize > OutboxFile.MaxMessageSize)
            {
                reader.Refuse("max_message_size", "with options.outbox, at most " + OutboxFile.MaxMessageSize.ToString() + " is allowed");
            }
        }

        private static bool IsFileName(string name)
        {
            int length = name.Length;
            for (int i = 0; i < length; i++)
            {
                char c = name[i];
                if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
                {
                    return false;
                }
            }

            for (int i = 0; i < ReservedNames.Length; i++)
            {
                if (name == ReservedNames[i] || name.IndexOf(ReservedNames[i] + ".") == 0)
                {
                    return false;
                }
            }

            return length <= MaxOutboxNameLength && (length == 0 || name[0] != '.');
        }
    }
}

using DeviceQueue.Configuring;

namespace DeviceQueue.Connecting
{
    /// <summary>The settings below <c>will.</c>: what the broker publishes when the client is gone without a word (MQTT 3.1.1, section 3.1.2.5).</summary>
    public sealed class WillParams
    {
        private const int MaxPayloadLength = 256;

        private static readonly string[] Others = { "payload", "qos", "retain" };

        /// <summary>Initializes a will.</summary>
        /// <param name="topic">The topic, without wildcards.</param>
        /// <param name="payload">The payload as text.</param>
        /// <param name="qos">The quality of service, 0 to 2.</param>
        /// <param name="retain">Whether the message is retained.</param>
        public WillParams(string topic, string payload, int qos, bool retain)
        {
            Topic = topic;
            Payload = payload;
            Qos = qos;
            Retain = retain;
        }

        /// <summary>Gets the topic.</summary>
        public string Topic { get; }

        /// <summary>Gets the payload as text.</summary>
        public string Payload { get; }

        /// <summary>Gets the quality of service, 0 to 2.</summary>
        public int Qos { get; }

        /// <summary>Gets a value indicating whether the message is retained.</summary>
        public bool Retain { get; }

        /// <summary>Reads and checks the settings.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The will, or <see langword="null"/> after an error or when the configuration has none.</returns>
        public static WillParams Read(ConfigParams config, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConfigReader reader = new ConfigReader(config, "will.", problems);
            string topic = reader.Text("topic", null, TopicFilter.MaxLength);
            string payload = reader.Text("payload", string.Empty, MaxPayloadLength);
            int qos = reader.Integer("qos", 0, 0, 2);
            bool retain = reader.Boolean("retain", false);
            if (topic == null ? reader.HasAny(Others) : !TopicFilter.IsTopic(topic))
            {
                reader.Refuse("topic", "a topic without + and # is needed");
            }

            return problems.ErrorCount == errors && topic != null ? new WillParams(topic, payload, qos, retain) : null;
        }
    }
}

using DeviceQueue.Configuration;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Components
{
    /// <summary>
    /// The settings below <c>will.</c>: what the broker publishes when the client is gone without a word (MQTT 3.1.1,
    /// section 3.1.2.5).
    /// </summary>
    public sealed class WillParams
    {
        private const int MaxPayloadLength = 256;

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
        public string Topic { get; private set; }

        /// <summary>Gets the payload as text.</summary>
        public string Payload { get; private set; }

        /// <summary>Gets the quality of service, 0 to 2.</summary>
        public int Qos { get; private set; }

        /// <summary>Gets a value indicating whether the message is retained.</summary>
        public bool Retain { get; private set; }

        /// <summary>Reads and checks the settings.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The will, or <see langword="null"/> after an error or when the configuration has none.</returns>
        public static WillParams Read(ConfigParams config, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            WillParams will = new WillParams(null, string.Empty, 0, false);
            bool isGiven = false;
            for (ConfigReader reader = new ParamsConfigReader(config, problems); reader.Read();)
            {
                isGiven |= will.TryTake(reader);
            }

            if (isGiven)
            {
                will.Check(problems);
            }

            return problems.ErrorCount == errors && isGiven ? will : null;
        }

        /// <summary>Takes the value of a key, if it is one below <c>will</c> that is known.</summary>
        internal bool TryTake(ConfigReader reader)
        {
            switch (reader.Key)
            {
                case "will.topic":
                    Topic = reader.Text(TopicFilter.MaxLength);
                    return true;
                case "will.payload":
                    Payload = reader.Text(MaxPayloadLength);
                    return true;
                case "will.qos":
                    Qos = reader.Integer(Qos, 0, 2);
                    return true;
                case "will.retain":
                    Retain = reader.Boolean(Retain);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>Gives the will to the links to brokers.</summary>
        internal void AddTo(MqttLinkOptions[] endpoints)
        {
            for (int i = 0; i < endpoints.Length; i++)
            {
                endpoints[i].WillTopic = Topic;
                endpoints[i].WillPayload = Payload;
                endpoints[i].WillQos = Qos;
                endpoints[i].WillRetain = Retain;
            }
        }

        private void Check(ConfigProblems problems)
        {
            if (Topic == null || !TopicFilter.IsTopic(Topic))
            {
                problems.AddError("will.topic", Topic, "a topic without + and # is needed");
            }
        }
    }
}

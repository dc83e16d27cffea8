using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Storage;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// Where a node connects to and how its two queues behave: the part of the configuration outside <c>device</c>.
    /// </summary>
    public sealed class ConnectionSettings
    {
        private ConnectionSettings(QueueOptions readings, MqttLinkOptions[] endpoints)
        {
            Readings = readings;
            Commands = readings.MakeForCommands();
            Endpoints = endpoints;
        }

        /// <summary>Gets the brokers, in the order in which they are tried.</summary>
        public MqttLinkOptions[] Endpoints { get; }

        /// <summary>Gets the options of the queue of readings, which are the connection's too.</summary>
        public QueueOptions Readings { get; }

        /// <summary>Gets the options of the queue of commands and answers.</summary>
        public QueueOptions Commands { get; }

        /// <summary>Reads where to connect to, with the files that the settings name.</summary>
        /// <param name="draft">The settings, checked otherwise.</param>
        /// <param name="store">Holds the files that <c>tls.*</c> names.</param>
        /// <param name="problems">Takes an error for each file that is missing or cannot be used.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        internal static ConnectionSettings Read(SettingsDraft draft, IStore store, ConfigProblems problems)
        {
            ConnectionResolver resolver = new ConnectionResolver(store);
            MqttLinkOptions[] endpoints = resolver.Resolve(draft.Connections, draft.Credentials, draft.Tls, problems);
            if (endpoints == null)
            {
                return null;
            }

            ConnectionResolver.Complete(endpoints, draft.Options, draft.Device.Id);
            string topic = new DeviceTopics(draft.Device.Id).Status;
            for (int i = 0; i < endpoints.Length; i++)
            {
                endpoints[i].WillTopic = topic;
                endpoints[i].WillPayload = DeviceTopics.Offline;
                endpoints[i].WillQos = 1;
                endpoints[i].WillRetain = true;
            }

            return new ConnectionSettings(draft.Options, endpoints);
        }

        /// <summary>Copies what safe mode keeps: the brokers, and as whom; how is default.</summary>
        internal ConnectionSettings CopyForSafeMode()
        {
            QueueOptions options = new SettingsDraft(null).Options;
            for (int i = 0; i < Endpoints.Length; i++)
            {
                Endpoints[i].CleanSession = options.CleanSession;
                Endpoints[i].KeepAliveSeconds = options.KeepAliveSeconds;
            }

            return new ConnectionSettings(options, Endpoints);
        }
    }
}

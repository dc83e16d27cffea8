using DeviceQueue.Configuration;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>Warns of keys that no part knows; a key is known when the part that it belongs to takes it.</summary>
    internal static class KnownKeys
    {
        /// <summary>
        /// Warns of each key of a queue's configuration that is not known. A queue may have its settings among those of
        /// a device, which knows its own.
        /// </summary>
        /// <param name="config">The configuration.</param>
        /// <param name="problems">Takes the warnings.</param>
        public static void Check(ConfigParams config, ConfigProblems problems)
        {
            ConnectionConfig connections = new ConnectionConfig();
            QueueOptions options = new QueueOptions();
            WillParams will = new WillParams(null, null, 0, false);
            ConfigReader reader = new ParamsConfigReader(config, new ConfigProblems()); // values are checked elsewhere
            while (reader.Read())
            {
                if (!IsDeviceKey(reader.Key) && !connections.TryTake(reader) && !options.TryTake(reader)
                    && !will.TryTake(reader) && !IsQueueKey(reader.Key))
                {
                    problems.AddUnknown(reader.Key);
                }
            }
        }

        /// <summary>Says whether a key means something to a queue on its own and nothing to a device.</summary>
        public static bool IsQueueKey(string key)
        {
            return key == "name" || key == "id" || key == "topic"
                || key == "will.topic" || key == "will.payload" || key == "will.qos" || key == "will.retain";
        }

        private static bool IsDeviceKey(string key)
        {
            return key.StartsWith("device.");
        }
    }
}

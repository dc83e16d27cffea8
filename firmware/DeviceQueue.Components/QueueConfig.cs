using DeviceQueue.Configuration;
using DeviceQueue.Messaging;

namespace DeviceQueue.Components
{
    /// <summary>Reads and checks the parts of a queue's configuration.</summary>
    public static class QueueConfig
    {
        /// <summary>Reads <c>client_id</c> and the settings below <c>options</c>.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static QueueOptions ReadOptions(ConfigParams config, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            QueueOptions options = new QueueOptions();
            for (ConfigReader reader = new ParamsConfigReader(config, problems); reader.Read();)
            {
                options.TryTake(reader);
            }

            options.Check(problems);
            return problems.ErrorCount == errors ? options : null;
        }

        /// <summary>Reads <c>connections.0</c>, <c>connections.1</c>, …, or else <c>connection</c>.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed; the connections must then not be
        /// used.</param>
        /// <returns>The connections in order; empty when the configuration has none.</returns>
        public static ConnectionParams[] ReadConnections(ConfigParams config, ConfigProblems problems)
        {
            ConnectionConfig parts = new ConnectionConfig();
            for (ConfigReader reader = new ParamsConfigReader(config, problems); reader.Read();)
            {
                parts.TryTakeConnection(reader);
            }

            return parts.GetConnections(problems);
        }

        /// <summary>Reads <c>credentials.0</c>, <c>credentials.1</c>, …, or else <c>credential</c>.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed; the credentials must then not be
        /// used.</param>
        /// <returns>The credentials in order; empty when the configuration has none.</returns>
        public static CredentialParams[] ReadCredentials(ConfigParams config, ConfigProblems problems)
        {
            ConnectionConfig parts = new ConnectionConfig();
            for (ConfigReader reader = new ParamsConfigReader(config, problems); reader.Read();)
            {
                parts.TryTakeCredential(reader);
            }

            return parts.GetCredentials(problems);
        }

        /// <summary>
        /// Warns of each key that no part knows. A queue may have its settings among those of a device, which knows its
        /// own.
        /// </summary>
        /// <param name="config">The configuration.</param>
        /// <param name="problems">Takes the warnings.</param>
        internal static void WarnOfUnknown(ConfigParams config, ConfigProblems problems)
        {
            ConnectionConfig connections = new ConnectionConfig();
            QueueOptions options = new QueueOptions();
            WillParams will = new WillParams(null, null, 0, false);
            ConfigReader reader = new ParamsConfigReader(config, new ConfigProblems()); // values are checked elsewhere
            while (reader.Read())
            {
                string key = reader.Key;
                bool isOwn = key == "name" || key == "id" || key == "topic" || key.StartsWith("device.");
                if (!isOwn && !connections.TryTake(reader) && !options.TryTake(reader) && !will.TryTake(reader))
                {
                    problems.AddUnknown(key);
                }
            }
        }
    }
}

using DeviceQueue.Configuration;
using DeviceQueue.Mqtt;
using DeviceQueue.Storage;

namespace DeviceQueue.Components
{
    /// <summary>
    /// Finds out where to connect to and as whom: from a configuration, and from the services that it names keys of.
    /// </summary>
    public sealed class ConnectionLookup : ConnectionResolver
    {
        private readonly IDiscovery _discovery;
        private readonly ICredentialStore _credentialStore;
        private string _correlationId;

        /// <summary>Initializes a new instance of the <see cref="ConnectionLookup"/> class.</summary>
        /// <param name="store">Holds the files that <c>tls.*</c> names, or <see langword="null"/> when there is no
        /// storage.</param>
        /// <param name="discovery">Knows <c>discovery_key</c>, or <see langword="null"/>.</param>
        /// <param name="credentialStore">Knows <c>store_key</c>, or <see langword="null"/>.</param>
        public ConnectionLookup(IStore store, IDiscovery discovery, ICredentialStore credentialStore)
            : base(store)
        {
            _discovery = discovery;
            _credentialStore = credentialStore;
        }

        /// <summary>Resolves the brokers of a configuration.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <param name="config">The whole configuration.</param>
        /// <param name="options">Its options.</param>
        /// <param name="clientId">The client id when the options have none.</param>
        /// <param name="will">The last will, or <see langword="null"/>.</param>
        /// <param name="problems">Takes an error for each value that is missing or not allowed.</param>
        /// <returns>The brokers, in the order in which they are tried; <see langword="null"/> after an error.</returns>
        public MqttLinkOptions[] Resolve(
            string correlationId,
            ConfigParams config,
            MqttOptions options,
            string clientId,
            WillParams will,
            ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConnectionConfig parts = new ConnectionConfig();
            for (ConfigReader reader = new ParamsConfigReader(config, problems); reader.Read();)
            {
                parts.TryTake(reader);
            }

            ConnectionParams[] connections = parts.GetConnections(problems);
            CredentialParams[] credentials = parts.GetCredentials(problems);
            parts.Tls.Check(problems);
            if (problems.ErrorCount == errors && connections.Length == 0)
            {
                problems.AddError("connection", null, "a broker's host or uri is needed");
            }

            if (problems.ErrorCount != errors)
            {
                return null;
            }

            _correlationId = correlationId;
            MqttLinkOptions[] endpoints = Resolve(connections, credentials, parts.Tls, problems);
            if (endpoints != null)
            {
                Complete(endpoints, options, clientId);
                will?.AddTo(endpoints);
            }

            return endpoints;
        }

        /// <inheritdoc/>
        internal override ConnectionParams Discover(ConnectionParams connection, ConfigProblems problems)
        {
            string key = connection.DiscoveryKey;
            bool isKnown = key != null && _discovery != null;
            ConnectionParams found = isKnown ? _discovery.ResolveOne(_correlationId, key) : null;
            if (found == null)
            {
                return base.Discover(connection, problems);
            }

            if (string.IsNullOrEmpty(found.Host))
            {
                problems.AddError("connection.host", null, "discovery has none for \"" + key + "\"");
            }

            if (found.Port < 1 || found.Port > 65535)
            {
                string reason = "discovery has it for \"" + key + "\"; 1 to 65535 is allowed";
                problems.AddError("connection.port", found.Port.ToString(), reason);
            }

            return found;
        }

        /// <inheritdoc/>
        internal override CredentialParams LookUp(CredentialParams credential, ConfigProblems problems)
        {
            string key = credential?.StoreKey;
            bool isKnown = key != null && _credentialStore != null;
            CredentialParams found = isKnown ? _credentialStore.Lookup(_correlationId, key) : null;
            return found ?? base.LookUp(credential, problems);
        }
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuring;
using DeviceQueue.Platform;

namespace DeviceQueue.Connecting
{
    /// <summary>Finds out where to connect to and as whom: from a configuration, and from the services that it names keys of.</summary>
    public sealed class ConnectionResolver
    {
        /// <summary>The largest certificate or key file in bytes.</summary>
        public const int MaxCertificateBytes = 4096;

        private const string HostKey = "connection.host";
        private const string PortKey = "connection.port";
        private const string DiscoveryKey = "connection.discovery_key";
        private const string StoreKey = "credential.store_key";

        private readonly IStore _store;
        private readonly IDiscovery _discovery;
        private readonly ICredentialStore _credentialStore;

        /// <summary>Initializes a new instance of the <see cref="ConnectionResolver"/> class.</summary>
        /// <param name="store">Holds the files that <c>tls.*</c> names, or <see langword="null"/> when there is no storage.</param>
        /// <param name="discovery">Knows <c>discovery_key</c>, or <see langword="null"/>.</param>
        /// <param name="credentialStore">Knows <c>store_key</c>, or <see langword="null"/>.</param>
        public ConnectionResolver(IStore store, IDiscovery discovery, ICredentialStore credentialStore)
        {
            _store = store;
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
            string correlationId, ConfigParams config, MqttOptions options, string clientId, WillParams will, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConnectionParams[] connections = ConnectionParams.ManyFromConfig(config, problems);
            CredentialParams[] credentials = CredentialParams.ManyFromConfig(config, problems);
            TlsParams tls = TlsParams.Read(config, problems);
            if (problems.ErrorCount == errors && connections.Length == 0)
            {
                problems.AddError("connection", null, "a broker's host or uri is needed");
            }

            MqttLinkOptions[] endpoints = new MqttLinkOptions[connections.Length];
            for (int i = 0; i < connections.Length && problems.ErrorCount == errors; i++)
            {
                CredentialParams credential = credentials.Length == 0 ? null : credentials[i < credentials.Length ? i : 0];
                ConnectionParams connection = Discover(correlationId, connections[i], problems);
                endpoints[i] = MakeEndpoint(connection, LookUp(correlationId, credential, problems), options, clientId, will);
                if (connection.IsSecure)
                {
                    ReadCertificates(endpoints[i], tls, problems);
                }
            }

            return problems.ErrorCount == errors ? endpoints : null;
        }

        private static MqttLinkOptions MakeEndpoint(
            ConnectionParams connection, CredentialParams credential, MqttOptions options, string clientId, WillParams will)
        {
            return new MqttLinkOptions
            {
                Host = connection.Host,
                Port = connection.Port,
                IsSecure = connection.IsSecure,
                Username = connection.Username ?? credential?.Username,
                Password = connection.Username != null ? connection.Password : credential?.Password,
                ClientId = options.ClientId ?? clientId,
                CleanSession = options.CleanSession,
                KeepAliveSeconds = options.KeepAliveSeconds,
                WillTopic = will?.Topic,
                WillPayload = will?.Payload,
                WillQos = will == null ? 0 : will.Qos,
                WillRetain = will != null && will.Retain,
            };
        }

        private ConnectionParams Discover(string correlationId, ConnectionParams connection, ConfigProblems problems)
        {
            string key = connection.DiscoveryKey;
            ConnectionParams found = key == null || _discovery == null ? null : _discovery.ResolveOne(correlationId, key);
            if (found == null)
            {
                if (connection.Host == null)
                {
                    problems.AddError(DiscoveryKey, key, "no discovery service knows it, and there is no host");
                }

                return connection;
            }

            if (string.IsNullOrEmpty(found.Host))
            {
                problems.AddError(HostKey, null, "discovery has none for \"" + key + "\"");
            }

            if (found.Port < 1 || found.Port > 65535)
            {
                problems.AddError(PortKey, found.Port.ToString(), "discovery has it for \"" + key + "\"; 1 to 65535 is allowed");
            }

            return found;
        }

        private CredentialParams LookUp(string correlationId, CredentialParams credential, ConfigProblems problems)
        {
            string key = credential?.StoreKey;
            CredentialParams found = key == null || _credentialStore == null ? null : _credentialStore.Lookup(correlationId, key);
            if (key != null && found == null && string.IsNullOrEmpty(credential.Username))
            {
                problems.AddError(StoreKey, key, "no credential store knows it, and there is no username");
            }

            return found ?? credential;
        }

        private void ReadCertificates(MqttLinkOptions endpoint, TlsParams tls, ConfigProblems problems)
        {
            endpoint.CaCertificate = ReadFile("tls.ca", tls.AuthorityFile, problems);
            endpoint.ClientCertificate = ReadFile("tls.cert", tls.CertificateFile, problems);
            endpoint.ClientKey = ReadFile("tls.key", tls.KeyFile, problems);
        }

        private byte[] ReadFile(string key, string name, ConfigProblems problems)
        {
            if (name == null)
            {
                return null;
            }

            int size = _store == null ? -1 : _store.GetSize(name);
            if (size <= 0 || size > MaxCertificateBytes)
            {
                problems.AddError(key, name, "a file on the board of 1 to " + MaxCertificateBytes.ToString() + " bytes is needed");
                return null;
            }

            byte[] content = new byte[size];
            if (!_store.TryRead(name, content, out int count) || count != size)
            {
                problems.AddError(key, name, "the file cannot be read");
                return null;
            }

            return content;
        }
    }
}

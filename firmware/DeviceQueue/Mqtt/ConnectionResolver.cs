using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Storage;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Finds out where to connect to and as whom: from a configuration, and from the services that it names keys of.
    /// </summary>
    public sealed class ConnectionResolver
    {
        /// <summary>The largest certificate or key file in bytes.</summary>
        public const int MaxCertificateBytes = 4096;

        private const byte DerSequence = 0x30;
        private const string CertificateMark = "CERTIFICATE-----";
        private const string KeyMark = "PRIVATE KEY-----";
        private const string HostKey = "connection.host";
        private const string PortKey = "connection.port";
        private const string DiscoveryKey = "connection.discovery_key";
        private const string StoreKey = "credential.store_key";

        private readonly IStore _store;
        private readonly IDiscovery _discovery;
        private readonly ICredentialStore _credentialStore;
        private string _correlationId;

        /// <summary>Initializes a new instance of the <see cref="ConnectionResolver"/> class.</summary>
        /// <param name="store">Holds the files that <c>tls.*</c> names, or <see langword="null"/> when there is no
        /// storage.</param>
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
                Complete(endpoints, options, clientId, will);
            }

            return endpoints;
        }

        /// <summary>Resolves brokers that were checked.</summary>
        /// <returns>The brokers, without client id, options and will; <see langword="null"/> after an error.</returns>
        internal MqttLinkOptions[] Resolve(
            ConnectionParams[] connections, CredentialParams[] credentials, TlsParams tls, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            MqttLinkOptions[] endpoints = new MqttLinkOptions[connections.Length];
            MqttLinkOptions secure = null;
            for (int i = 0; i < connections.Length && problems.ErrorCount == errors; i++)
            {
                int place = i < credentials.Length ? i : 0;
                CredentialParams credential = credentials.Length == 0 ? null : credentials[place];
                ConnectionParams connection = Discover(connections[i], problems);
                endpoints[i] = MakeEndpoint(connection, LookUp(credential, problems));
                if (connection.IsSecure)
                {
                    ReadCertificates(endpoints[i], tls, secure, problems);
                    secure = endpoints[i];
                }
            }

            return problems.ErrorCount == errors ? endpoints : null;
        }

        /// <summary>Adds to brokers what is the same for all of them.</summary>
        internal static void Complete(
            MqttLinkOptions[] endpoints, MqttOptions options, string clientId, WillParams will)
        {
            for (int i = 0; i < endpoints.Length; i++)
            {
                MqttLinkOptions endpoint = endpoints[i];
                endpoint.ClientId = options.ClientId ?? clientId;
                endpoint.CleanSession = options.CleanSession;
                endpoint.KeepAliveSeconds = options.KeepAliveSeconds;
                endpoint.WillTopic = will?.Topic;
                endpoint.WillPayload = will?.Payload;
                endpoint.WillQos = will == null ? 0 : will.Qos;
                endpoint.WillRetain = will != null && will.Retain;
            }
        }

        private static MqttLinkOptions MakeEndpoint(ConnectionParams connection, CredentialParams credential)
        {
            return new MqttLinkOptions
            {
                Host = connection.Host,
                Port = connection.Port,
                IsSecure = connection.IsSecure,
                Username = connection.Username ?? credential?.Username,
                Password = connection.Username != null ? connection.Password : credential?.Password,
            };
        }

        private ConnectionParams Discover(ConnectionParams connection, ConfigProblems problems)
        {
            string key = connection.DiscoveryKey;
            bool isKnown = key != null && _discovery != null;
            ConnectionParams found = isKnown ? _discovery.ResolveOne(_correlationId, key) : null;
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
                string reason = "discovery has it for \"" + key + "\"; 1 to 65535 is allowed";
                problems.AddError(PortKey, found.Port.ToString(), reason);
            }

            return found;
        }

        private CredentialParams LookUp(CredentialParams credential, ConfigProblems problems)
        {
            string key = credential?.StoreKey;
            bool isKnown = key != null && _credentialStore != null;
            CredentialParams found = isKnown ? _credentialStore.Lookup(_correlationId, key) : null;
            if (key != null && found == null && string.IsNullOrEmpty(credential.Username))
            {
                problems.AddError(StoreKey, key, "no credential store knows it, and there is no username");
            }

            return found ?? credential;
        }

        // The brokers share the files: each is in memory once.
        private void ReadCertificates(
            MqttLinkOptions endpoint, TlsParams tls, MqttLinkOptions other, ConfigProblems problems)
        {
            if (other != null)
            {
                endpoint.CaCertificate = other.CaCertificate;
                endpoint.ClientCertificate = other.ClientCertificate;
                endpoint.ClientKey = other.ClientKey;
                return;
            }

            endpoint.CaCertificate = ReadFile("tls.ca", tls.AuthorityFile, CertificateMark, problems);
            endpoint.ClientCertificate = ReadFile("tls.cert", tls.CertificateFile, CertificateMark, problems);
            endpoint.ClientKey = ReadFile("tls.key", tls.KeyFile, KeyMark, problems);
        }

        // PEM ends in a zero, as mbedtls_x509_crt_parse wants it; DER has none.
        private byte[] ReadFile(string key, string name, string mark, ConfigProblems problems)
        {
            if (name == null)
            {
                return null;
            }

            int size = _store == null ? -1 : _store.GetSize(name);
            if (size <= 0 || size > MaxCertificateBytes)
            {
                string sizes = "1 to " + MaxCertificateBytes.ToString() + " bytes";
                problems.AddError(key, name, "a file on the board of " + sizes + " is needed");
                return null;
            }

            byte[] first = new byte[1];
            bool isDer = _store.TryReadAt(name, 0, first, 0, 1) && first[0] == DerSequence;
            byte[] content = new byte[isDer ? size : size + 1];
            if (!_store.TryReadAt(name, 0, content, 0, size))
            {
                problems.AddError(key, name, "the file cannot be read");
                return null;
            }

            if (isDer ? !IsDer(content) : !Contains(content, mark))
            {
                string kind = mark == KeyMark ? "private key" : "certificate";
                problems.AddError(key, name, "the file holds no " + kind + " in PEM or DER form");
                return null;
            }

            return content;
        }

        // One sequence that fills the file (X.690, section 8.1.3). Those shorter than 128 bytes are neither
        // certificates nor keys of a use.
        private static bool IsDer(byte[] content)
        {
            int lengthBytes = content.Length < 4 ? 0 : content[1] - 0x80;
            int length = lengthBytes == 1 ? content[2] : lengthBytes == 2 ? (content[2] << 8) | content[3] : -1;
            return length >= 0 && 2 + lengthBytes + length == content.Length;
        }

        private static bool Contains(byte[] content, string text)
        {
            int length = text.Length;
            for (int i = 0; i + length <= content.Length; i++)
            {
                int same = 0;
                while (same < length && content[i + same] == text[same])
                {
                    same++;
                }

                if (same == length)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

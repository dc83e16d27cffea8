using DeviceQueue.Configuration;
using DeviceQueue.Storage;

namespace DeviceQueue.Mqtt
{
    /// <summary>Makes of brokers, and of who the client is to them, what a link needs to connect.</summary>
    public class ConnectionResolver
    {
        /// <summary>The largest certificate or key file in bytes.</summary>
        public const int MaxCertificateBytes = 4096;

        private const byte DerSequence = 0x30;
        private const string CertificateMark = "CERTIFICATE-----";
        private const string KeyMark = "PRIVATE KEY-----";

        private readonly IStore _store;

        /// <summary>Initializes a new instance of the <see cref="ConnectionResolver"/> class.</summary>
        /// <param name="store">Holds the files that <c>tls.*</c> names, or <see langword="null"/> when there is no
        /// storage.</param>
        public ConnectionResolver(IStore store)
        {
            _store = store;
        }

        /// <summary>Resolves brokers that were checked.</summary>
        /// <returns>The brokers in the order in which they are tried, without client id, options and will;
        /// <see langword="null"/> after an error.</returns>
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

        /// <summary>Adds to brokers what is the same for all of them, but for the will.</summary>
        internal static void Complete(MqttLinkOptions[] endpoints, MqttOptions options, string clientId)
        {
            for (int i = 0; i < endpoints.Length; i++)
            {
                MqttLinkOptions endpoint = endpoints[i];
                endpoint.ClientId = options.ClientId ?? clientId;
                endpoint.CleanSession = options.CleanSession;
                endpoint.KeepAliveSeconds = options.KeepAliveSeconds;
            }
        }

        /// <summary>Finds where a broker is.</summary>
        /// <returns>The place, without a discovery key that needs a look.</returns>
        internal virtual ConnectionParams Discover(ConnectionParams connection, ConfigProblems problems)
        {
            if (connection.Host == null)
            {
                const string Reason = "no discovery service knows it, and there is no host";
                problems.AddError("connection.discovery_key", connection.DiscoveryKey, Reason);
            }

            return connection;
        }

        /// <summary>Finds who the client is.</summary>
        /// <param name="credential">What the configuration says, or <see langword="null"/>.</param>
        /// <param name="problems">Takes an error when nothing says it.</param>
        internal virtual CredentialParams LookUp(CredentialParams credential, ConfigProblems problems)
        {
            if (credential?.StoreKey != null && string.IsNullOrEmpty(credential.Username))
            {
                const string Reason = "no credential store knows it, and there is no username";
                problems.AddError("credential.store_key", credential.StoreKey, Reason);
            }

            return credential;
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

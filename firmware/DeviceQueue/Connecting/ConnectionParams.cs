using DeviceQueue.Configuring;

namespace DeviceQueue.Connecting
{
    /// <summary>Where a broker is.</summary>
    public sealed class ConnectionParams
    {
        /// <summary>How many connections a configuration may have; they are tried in turn.</summary>
        public const int MaxConnections = 8;

        /// <summary>The port of MQTT (registered with IANA).</summary>
        public const int DefaultPort = 1883;

        /// <summary>The port of MQTT over TLS (registered with IANA).</summary>
        public const int DefaultSecurePort = 8883;

        private const int MaxKeyLength = 64;
        private const int MaxUriLength = 512;
        private const int MaxHostLength = 253;
        private const string UriRule = "mqtt://user:password@host:port or mqtts://user:password@host:port is allowed, user, password and port optional";

        private static readonly string[] Keys = { "discovery_key", "protocol", "host", "port", "uri" };
        private static readonly string[] KeysBesideUri = { "protocol", "host", "port" };
        private static readonly string[] Protocols = { "mqtt", "mqtts" };

        /// <summary>Initializes the place of a broker.</summary>
        /// <param name="host">The host's name or address.</param>
        /// <param name="port">The port, 1 to 65,535.</param>
        /// <param name="isSecure">Whether the connection is TLS.</param>
        public ConnectionParams(string host, int port, bool isSecure)
        {
            Host = host;
            Port = port;
            IsSecure = isSecure;
        }

        /// <summary>Gets the key under which a discovery service knows the broker, or <see langword="null"/>.</summary>
        public string DiscoveryKey { get; private set; }

        /// <summary>Gets the host's name or address; <see langword="null"/> when only the discovery service knows it.</summary>
        public string Host { get; private set; }

        /// <summary>Gets the port, 1 to 65,535.</summary>
        public int Port { get; private set; }

        /// <summary>Gets a value indicating whether the connection is TLS (<c>mqtts</c>) with a validated certificate.</summary>
        public bool IsSecure { get; private set; }

        /// <summary>Gets the user's name that the URI has, or <see langword="null"/>.</summary>
        public string Username { get; private set; }

        /// <summary>Gets the password that the URI has, or <see langword="null"/>.</summary>
        public string Password { get; private set; }

        /// <summary>Reads <c>connections.0</c>, <c>connections.1</c>, …, or else <c>connection</c>.</summary>
        /// <param name="config">The whole configuration.</param>
        /// <param name="problems">Takes an error for each value that is not allowed; the connections must then not be used.</param>
        /// <returns>The connections in order; empty when the configuration has none.</returns>
        public static ConnectionParams[] ManyFromConfig(ConfigParams config, ConfigProblems problems)
        {
            ConfigReader[] readers = ConfigReader.ReadList(config, "connection", Keys, MaxConnections, problems);
            ConnectionParams[] result = new ConnectionParams[readers.Length];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = readers[i].Has("uri") ? ReadUri(readers[i]) : ReadParts(readers[i]);
                result[i].DiscoveryKey = readers[i].Text("discovery_key", null, MaxKeyLength);
            }

            return result;
        }

        /// <summary>Reads a URI such as <c>mqtts://user:password@broker.example:8883</c>; name and password may have percent escapes.</summary>
        /// <param name="uri">The URI.</param>
        /// <returns>The connection, or <see langword="null"/> when it is not such a URI.</returns>
        public static ConnectionParams FromUri(string uri)
        {
            bool isSecure = uri.StartsWith("mqtts://");
            if (!isSecure && !uri.StartsWith("mqtt://"))
            {
                return null;
            }

            string rest = uri.Substring(isSecure ? 8 : 7);
            if (rest.EndsWith("/"))
            {
                rest = rest.Substring(0, rest.Length - 1);
            }

            int at = rest.LastIndexOf('@');
            ConnectionParams result = ReadHostAndPort(rest.Substring(at + 1), isSecure);
            return result == null || (at >= 0 && !result.TryReadUser(rest.Substring(0, at))) ? null : result;
        }

        private static ConnectionParams ReadUri(ConfigReader reader)
        {
            string uri = reader.Text("uri", null, MaxUriLength);
            ConnectionParams connection = uri == null ? null : FromUri(uri);
            if (uri != null && connection == null)
            {
                reader.Refuse("uri", UriRule);
            }

            if (reader.HasAny(KeysBesideUri))
            {
                reader.Problems.AddWarning(reader.Name("protocol") + ", host and port have no effect beside uri");
            }

            return connection ?? new ConnectionParams(null, DefaultPort, false);
        }

        private static ConnectionParams ReadParts(ConfigReader reader)
        {
            bool isSecure = reader.Choice("protocol", 0, Protocols) == 1;
            int port = reader.Integer("port", isSecure ? DefaultSecurePort : DefaultPort, 1, 65535);
            string host = reader.Get("host");
            if (host == null ? !reader.Has("discovery_key") : !IsHost(host))
            {
                reader.Refuse("host", "a host name or an address is needed");
            }

            return new ConnectionParams(host, port, isSecure);
        }

        private static ConnectionParams ReadHostAndPort(string text, bool isSecure)
        {
            int port = isSecure ? DefaultSecurePort : DefaultPort;
            bool isBracketed = text.StartsWith("[");
            int hostEnd = isBracketed ? text.IndexOf(']') : text.IndexOf(':');
            string host = hostEnd < 0 ? text : text.Substring(isBracketed ? 1 : 0, isBracketed ? hostEnd - 1 : hostEnd);
            string tail = hostEnd < 0 ? string.Empty : text.Substring(isBracketed ? hostEnd + 1 : hostEnd);
            if ((isBracketed && hostEnd < 0) || !IsHost(host) || (tail.Length > 0 && tail[0] != ':'))
            {
                return null;
            }

            if (tail.Length > 0)
            {
                ConfigParams number = ConfigParams.FromTuples("port", tail.Substring(1));
                if (!number.TryGetInteger("port", out port) || port < 1 || port > 65535)
                {
                    return null;
                }
            }

            return new ConnectionParams(host, port, isSecure);
        }

        private static bool IsHost(string host)
        {
            int length = host.Length;
            for (int i = 0; i < length; i++)
            {
                char c = host[i];
                bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                if (!isLetter && c != '.' && c != '-' && c != '_' && c != ':')
                {
                    return false;
                }
            }

            return length > 0 && length <= MaxHostLength;
        }

        private bool TryReadUser(string text)
        {
            int colon = text.IndexOf(':');
            Username = PercentText.Decode(colon < 0 ? text : text.Substring(0, colon));
            Password = colon < 0 ? null : PercentText.Decode(text.Substring(colon + 1));
            return !string.IsNullOrEmpty(Username) && (colon < 0 || Password != null);
        }
    }
}

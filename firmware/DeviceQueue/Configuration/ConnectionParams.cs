using System.Text;
using DeviceQueue.Text;

namespace DeviceQueue.Configuration
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
        private const string UriRule = "mqtt://user:password@host:port or mqtts://user:password@host:port is allowed, "
            + "user, password and port optional";

        private const int NotGiven = 0;

        private string _uri;
        private bool _isRefused;
        private bool _hasParts;

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

        /// <summary>Initializes a place of which the configuration says nothing yet.</summary>
        internal ConnectionParams()
        {
        }

        /// <summary>Gets the key under which a discovery service knows the broker, or <see langword="null"/>.</summary>
        public string DiscoveryKey { get; private set; }

        /// <summary>
        /// Gets the host's name or address; <see langword="null"/> when only the discovery service knows it.
        /// </summary>
        public string Host { get; private set; }

        /// <summary>Gets the port, 1 to 65,535.</summary>
        public int Port { get; private set; }

        /// <summary>
        /// Gets a value indicating whether the connection is TLS (<c>mqtts</c>) with a validated certificate.
        /// </summary>
        public bool IsSecure { get; private set; }

        /// <summary>Gets the user's name that the URI has, or <see langword="null"/>.</summary>
        public string Username { get; private set; }

        /// <summary>Gets the password that the URI has, or <see langword="null"/>.</summary>
        public string Password { get; private set; }

        /// <summary>
        /// Reads a URI such as <c>mqtts://user:password@broker.example:8883</c>; name and password may have percent
        /// escapes.
        /// </summary>
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

        /// <summary>Says whether a connection has a setting of a name.</summary>
        internal static bool IsKnown(string name)
        {
            return name == "discovery_key" || name == "protocol" || name == "host" || name == "port" || name == "uri";
        }

        /// <summary>Takes a value.</summary>
        internal void Take(string name, ConfigReader reader)
        {
            _hasParts |= name != "uri" && name != "discovery_key";
            switch (name)
            {
                case "uri":
                    TakeUri(reader);
                    break;
                case "discovery_key":
                    DiscoveryKey = reader.Text(MaxKeyLength);
                    break;
                case "protocol":
                    IsSecure = reader.Choice(0, "mqtt,mqtts") == 1;
                    break;
                case "port":
                    Port = reader.Integer(DefaultPort, 1, 65535);
                    break;
                default:
                    Host = reader.Value;
                    break;
            }
        }

        /// <summary>Checks the whole, when each value has been taken.</summary>
        /// <param name="section">The key of the connection with a dot.</param>
        /// <param name="problems">Takes what is wrong.</param>
        /// <returns>The connection.</returns>
        internal ConnectionParams Check(string section, ConfigProblems problems)
        {
            if (_uri != null)
            {
                if (_hasParts)
                {
                    problems.AddWarning(section + "protocol, host and port have no effect beside uri");
                }

                ConnectionParams found = FromUri(_uri) ?? new ConnectionParams(null, DefaultPort, false);
                found.DiscoveryKey = DiscoveryKey;
                return found;
            }

            Port = Port == NotGiven ? (IsSecure ? DefaultSecurePort : DefaultPort) : Port;
            if (!_isRefused && (Host == null ? DiscoveryKey == null : !IsHost(Host)))
            {
                problems.AddError(section + "host", Host, "a host name or an address is needed");
            }

            return this;
        }

        private void TakeUri(ConfigReader reader)
        {
            string uri = reader.Text(MaxUriLength);
            _isRefused = uri == null || FromUri(uri) == null;
            _uri = uri;
            if (uri != null && _isRefused)
            {
                reader.Refuse(UriRule);
            }
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
                byte[] digits = Encoding.UTF8.GetBytes(tail);
                bool isNumber = NumberText.TryParseInt64(digits, 1, digits.Length - 1, out long number);
                if (!isNumber || number < 1 || number > 65535)
                {
                    return null;
                }

                port = (int)number;
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

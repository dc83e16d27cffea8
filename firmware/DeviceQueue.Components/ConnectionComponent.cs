using System.Text;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Components
{
    /// <summary>
    /// A connection as a component: it is configured, finds what it needs by reference, and drives itself while it is
    /// open. A queue on its own has one of its own; several queues share one that is among their references.
    /// </summary>
    public sealed class ConnectionComponent : IConfigurable, IReferenceable
    {
        /// <summary>
        /// The longest that <see cref="Close"/> waits for a clean end, in milliseconds; a connect that is under way
        /// ends by itself later.
        /// </summary>
        public const int CloseTimeoutMs = MqttConnection.CloseTimeoutMs + 2000;

        private readonly object _lock = new object();
        private readonly string _name;
        private ConfigParams _config = new ConfigParams();
        private References _references;
        private QueueOptions _options;
        private ConnectionWorker _worker;
        private bool _isPrepared;
        private bool _isOpen;

        /// <summary>Initializes a new instance of the <see cref="ConnectionComponent"/> class.</summary>
        /// <param name="name">What is added to the device id for the client id, or <see langword="null"/>: the device
        /// id alone is.</param>
        public ConnectionComponent(string name = null)
        {
            _name = name;
        }

        /// <summary>
        /// Gets a value indicating whether the connection is wanted; the link may be down all the same
        /// (<see cref="MqttConnection.IsConnected"/>).
        /// </summary>
        public bool IsOpen => _isOpen && Connection.IsOpen;

        /// <summary>Gets the connection, from the first <see cref="Open"/> on.</summary>
        public MqttConnection Connection { get; private set; }

        /// <summary>Gets what the connection runs on, from the first <see cref="Open"/> on.</summary>
        public MqttPlatform Platform { get; private set; }

        /// <inheritdoc/>
        public void Configure(ConfigParams config)
        {
            CheckUnused();
            _config = config;
        }

        /// <inheritdoc/>
        public void SetReferences(References references)
        {
            CheckUnused();
            _references = references;
        }

        /// <inheritdoc/>
        public void UnsetReferences()
        {
            _references = null;
        }

        /// <summary>
        /// Connects, and waits for that at most <c>connect_timeout</c>; each broker is tried once. Nothing happens when
        /// the connection is open.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <exception cref="ConfigException">The configuration lacks something or has a value that is not
        /// allowed.</exception>
        /// <exception cref="ConnectionException">No broker was reached; the connection is closed and no longer
        /// tries.</exception>
        /// <exception cref="InvalidStateException">The references have no platform, or it lacks a part.</exception>
        public void Open(string correlationId)
        {
            lock (_lock)
            {
                if (IsOpen)
                {
                    return;
                }

                if (!_isPrepared)
                {
                    Prepare(correlationId);
                }

                _isPrepared = false; // the next time it may be another place
                _worker.Start();
                string fault = AwaitLink();
                if (fault != null)
                {
                    _worker.Stop(0);
                    throw new ConnectionException(ConnectionException.ConnectFailed, fault);
                }

                _isOpen = true;
            }
        }

        /// <summary>Closes the connection cleanly; nothing happens when it is closed.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        public void Close(string correlationId)
        {
            lock (_lock)
            {
                if (_isOpen)
                {
                    _isOpen = false;
                    _worker.Stop(CloseTimeoutMs);
                }
            }
        }

        /// <summary>
        /// Checks the configuration and makes the connection, or tells the one there is where to connect to now.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        internal void Prepare(string correlationId)
        {
            lock (_lock)
            {
                MqttPlatform platform = Platform ?? FindPlatform();
                ILogger logger = Find(Locators.Logger) as ILogger ?? platform.Logger ?? new NullLogger();
                MqttLinkOptions[] endpoints = Resolve(correlationId, platform, logger);
                _isPrepared = true;
                if (Connection != null)
                {
                    Connection.Connector.Endpoints = endpoints;
                    return;
                }

                Platform = platform;
                Connection = new MqttConnection(platform, endpoints, _options, logger);
                Connection.Connector.IsFirstRoundFinal = true;
                _worker = new ConnectionWorker(Connection, platform.Clock, logger);
            }
        }

        /// <summary>Says what is odd about a configuration.</summary>
        /// <param name="problems">What is odd.</param>
        /// <param name="logger">Hears of it.</param>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        internal static void LogWarnings(ConfigProblems problems, ILogger logger, string correlationId)
        {
            for (int i = 0; i < problems.KeptWarnings; i++)
            {
                logger.Log(LogLevel.Warn, correlationId, problems.GetWarning(i));
            }
        }

        private MqttPlatform FindPlatform()
        {
            MqttPlatform platform = Find(Locators.Platform) as MqttPlatform;
            if (platform == null || platform.Clock == null || platform.Random == null || platform.Links == null)
            {
                throw new InvalidStateException(
                    InvalidStateException.NoPlatform,
                    "the references need a " + Locators.Platform.ToString() + " with clock, random and links");
            }

            return platform;
        }

        private object Find(Descriptor locator)
        {
            return _references?.GetOptional(locator);
        }

        private void CheckUnused()
        {
            if (Connection != null)
            {
                throw new InvalidStateException(
                    InvalidStateException.AlreadyOpened, "a connection is configured before it is opened");
            }
        }

        private MqttLinkOptions[] Resolve(string correlationId, MqttPlatform platform, ILogger logger)
        {
            ConfigProblems problems = new ConfigProblems();
            QueueConfig.WarnOfUnknown(_config, problems);
            _options = QueueConfig.ReadOptions(_config, problems);
            WillParams will = WillParams.Read(_config, problems);
            MqttLinkOptions[] endpoints = null;
            if (problems.ErrorCount == 0)
            {
                IDiscovery discovery = Find(Locators.Discovery) as IDiscovery;
                ICredentialStore credentials = Find(Locators.CredentialStore) as ICredentialStore;
                ConnectionLookup lookup = new ConnectionLookup(platform.Store, discovery, credentials);
                string clientId = MakeClientId(platform, problems);
                endpoints = lookup.Resolve(correlationId, _config, _options, clientId, will, problems);
            }

            LogWarnings(problems, logger, correlationId);
            return problems.ErrorCount == 0 ? endpoints : throw ConfigException.From(problems);
        }

        /// <summary>
        /// Names the client after the device and the queue, never by chance: a broker knows it again, and two queues do
        /// not end each other's links.
        /// </summary>
        private string MakeClientId(MqttPlatform platform, ConfigProblems problems)
        {
            string device = _config.Get("device.id") ?? platform.DeviceId;
            string id = _name == null ? device : device + "-" + Plain(_name);
            if (_options.ClientId == null && (device == null || id.Length > MqttOptions.MaxClientIdLength))
            {
                problems.AddError("client_id", null, "without a device id, or with a long name, it is needed");
            }

            return id;
        }

        /// <summary>
        /// Makes a name, which may be a topic or a filter, fit for a client id, and each name another. Brokers need to
        /// take letters and digits only (MQTT 3.1.1, section 3.1.3.1); dot, hyphen and underscore are taken by all that
        /// are known, while some deny a client everything in whose id a topic's own characters are. So a dot stands for
        /// a slash, and an underscore before the UTF-8 bytes of what else is not plain, in hexadecimal digits; two
        /// underscores are one.
        /// </summary>
        private static string Plain(string name)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            string plain = string.Empty;
            for (int i = 0; i < bytes.Length; i++)
            {
                char c = (char)bytes[i];
                bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
                string other = c == '/' ? "." : c == '_' ? "__" : "_" + Hex.ToText(new byte[] { bytes[i] });
                plain += isPlain ? c.ToString() : other;
            }

            return plain;
        }

        private string AwaitLink()
        {
            IClock clock = Platform.Clock;
            long deadlineMs = clock.NowMs + _options.ConnectTimeoutMs;
            while (!Connection.IsConnected)
            {
                long leftMs = deadlineMs - clock.NowMs;
                if (leftMs <= 0)
                {
                    return Connection.Connector.Failures > 0
                        ? Connection.LastError
                        : "no connection within connect_timeout, " + _options.ConnectTimeoutMs.ToString() + " ms";
                }

                if (!Connection.IsOpen)
                {
                    return Connection.LastError ?? "closed before it was there";
                }

                Connection.Progress.WaitOne((int)leftMs, false);
            }

            return null;
        }
    }
}

using System.Threading;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Makes a connection's links: where to (the endpoints in turn), when (after the backoff, when the gate lets it),
    /// over what (the network below, which it brings up first), and whether at all (<c>retry_connect</c>). Called from
    /// the connection's thread, but for <see cref="Endpoints"/> and <see cref="Restart"/>.
    /// </summary>
    internal sealed class LinkConnector
    {
        /// <summary>
        /// The longest to wait for the network below before an attempt counts as failed, in milliseconds.
        /// </summary>
        public const int NetworkTimeoutMs = 30000;

        private readonly MqttPlatform _platform;
        private readonly ReconnectBackoff _backoff;
        private readonly AutoResetEvent _wake;
        private readonly bool _isRetried;
        private int _nextEndpoint;
        private long _heldSinceMs = -1;

        /// <param name="platform">The links, and the network that lies below TCP.</param>
        /// <param name="endpoints">Where to connect to, at least one.</param>
        /// <param name="options">retry_connect, reconnect_timeout and reconnect_max.</param>
        /// <param name="wake">Set by a link when there is an event to take.</param>
        public LinkConnector(
            MqttPlatform platform, MqttLinkOptions[] endpoints, MqttOptions options, AutoResetEvent wake)
        {
            _platform = platform;
            _backoff = new ReconnectBackoff(options.ReconnectTimeoutMs, options.ReconnectMaxMs, platform.Random);
            _wake = wake;
            _isRetried = options.RetryConnect;
            Endpoints = endpoints;
        }

        /// <summary>Gets or sets where to connect to, at least one; another thread may set it.</summary>
        public MqttLinkOptions[] Endpoints { get; set; }

        /// <summary>Gets or sets what may hold an attempt back, or <see langword="null"/>.</summary>
        public IConnectGate Gate { get; set; }

        /// <summary>Gets where the last attempt went.</summary>
        public MqttLinkOptions Endpoint { get; private set; }

        /// <summary>Gets a value indicating whether the last attempt found no network to connect over.</summary>
        public bool IsWithoutNetwork { get; private set; }

        /// <summary>Gets when the next attempt is due.</summary>
        public long DueMs { get; private set; }

        /// <summary>
        /// Gets or sets how many attempts have failed since the last success, or since <see cref="Restart"/>; a lost
        /// link counts as one with each endpoint.
        /// </summary>
        public int Failures { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether a link was ready to be used since <see cref="Restart"/>.
        /// </summary>
        public bool WasReady { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether nothing is tried again when no broker was reached after
        /// <see cref="Restart"/>, each tried once.
        /// </summary>
        public bool IsFirstRoundFinal { get; set; }

        /// <summary>Gets a value indicating whether another attempt is to follow.</summary>
        public bool MayRetry =>
            (_isRetried && (WasReady || !IsFirstRoundFinal)) || Failures < Endpoints.Length;

        /// <summary>
        /// Gets a value indicating whether the other side ends links soon after they came up, again and again.
        /// </summary>
        public bool IsEvicted => _backoff.IsEvicted;

        /// <summary>Forgets what has failed before.</summary>
        public void Restart()
        {
            Failures = 0;
            WasReady = false;
        }

        /// <summary>
        /// Makes one attempt; may block as long as the network below and the client library's connect do.
        /// </summary>
        /// <param name="isFresh">Whether the broker is to forget the session, whatever the settings say.</param>
        /// <param name="fault">Why it failed, in words; <see langword="null"/> when it did not, or when the gate holds
        /// it back until <see cref="DueMs"/>.</param>
        /// <returns>An open link, or <see langword="null"/>.</returns>
        public IMqttLink TryOpen(bool isFresh, out string fault)
        {
            fault = BringUpNetwork();
            MqttLinkOptions[] endpoints = Endpoints;
            MqttLinkOptions endpoint = endpoints[_nextEndpoint % endpoints.Length];
            if (fault != null || IsHeld(endpoint, _platform.Clock.NowMs))
            {
                return null;
            }

            _nextEndpoint = (_nextEndpoint + 1) % endpoints.Length;
            Endpoint = endpoint;
            IMqttLink link = _platform.Links.Create(_wake);
            MqttLinkResult result = link.Open(endpoint, isFresh || endpoint.CleanSession);
            if (result.Error == MqttLinkError.None)
            {
                return link;
            }

            link.Close(false);
            fault = "no connection to " + endpoint.Place + ": " + result.ToString();
            return null;
        }

        /// <summary>Puts the next attempt off by the backoff.</summary>
        /// <returns>By how many milliseconds.</returns>
        public int PutOff(long nowMs)
        {
            int delay = _backoff.NextDelayMs();
            _heldSinceMs = -1;
            DueMs = nowMs + delay;
            return delay;
        }

        /// <summary>
        /// Lets the delays start from the shortest again, unless the other side ends links again and again.
        /// </summary>
        public void StartLow()
        {
            if (!IsEvicted)
            {
                _backoff.StartLow();
            }
        }

        /// <summary>Makes the next attempt due at once.</summary>
        public void Hurry()
        {
            _heldSinceMs = -1;
            DueMs = 0;
        }

        /// <summary>
        /// Takes note of how long a link held: after a stable one the first endpoint is the first to be asked again,
        /// but for a broker that fell silent.
        /// </summary>
        /// <param name="heldMs">Milliseconds from CONNACK to the end.</param>
        /// <param name="isByOtherSide">Whether it was not we who ended it.</param>
        /// <param name="isSilent">Whether we ended it because no answer came.</param>
        /// <returns>Whether <see cref="IsEvicted"/> has turned true.</returns>
        public bool OnLinkEnded(long heldMs, bool isByOtherSide, bool isSilent)
        {
            bool wasEvicted = IsEvicted;
            Failures = Endpoints.Length; // with retry_connect off a lost link is the end, however many there are
            _backoff.OnLinkEnded(heldMs, isByOtherSide);
            if (heldMs >= ReconnectBackoff.StableMs && !isSilent)
            {
                _nextEndpoint = 0;
            }

            return IsEvicted && !wasEvicted;
        }

        // Why there is no network, in words, or null.
        private string BringUpNetwork()
        {
            INetwork network = _platform.Network;
            IsWithoutNetwork = network != null && !network.IsReady;
            if (IsWithoutNetwork && !network.TryBringUp(NetworkTimeoutMs, out string detail))
            {
                return "no network: " + detail;
            }

            IsWithoutNetwork = false;
            return null;
        }

        private bool IsHeld(MqttLinkOptions endpoint, long nowMs)
        {
            int holdMs = Gate == null ? 0 : Gate.GetHoldMs(endpoint, nowMs);
            _heldSinceMs = _heldSinceMs < 0 ? nowMs : _heldSinceMs;
            if (holdMs > 0 && nowMs - _heldSinceMs < MqttConnection.MaxHoldMs)
            {
                DueMs = nowMs + holdMs;
                return true;
            }

            _heldSinceMs = -1;
            return false;
        }
    }
}

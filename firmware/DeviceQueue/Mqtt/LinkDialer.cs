using System.Threading;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Makes a connection's links: where to (the endpoints in turn), when (after the backoff, when the gate lets it),
    /// and over what (the network below, which it brings up first). Called from the connection's thread.
    /// </summary>
    internal sealed class LinkDialer
    {
        private readonly IMqttLinkFactory _links;
        private readonly INetwork _network;
        private readonly IClock _clock;
        private readonly AutoResetEvent _wake;
        private readonly ReconnectBackoff _backoff;
        private int _nextEndpoint;
        private long _heldSinceMs = -1;

        /// <summary>Initializes a new instance of the <see cref="LinkDialer"/> class.</summary>
        /// <param name="links">Makes the links.</param>
        /// <param name="network">What lies below TCP, or <see langword="null"/> when it is always there.</param>
        /// <param name="endpoints">Where to connect to, at least one.</param>
        /// <param name="backoff">The delays between attempts.</param>
        /// <param name="clock">The time.</param>
        /// <param name="wake">Set by a link when there is an event to take.</param>
        public LinkDialer(IMqttLinkFactory links, INetwork network, MqttLinkOptions[] endpoints, ReconnectBackoff backoff, IClock clock, AutoResetEvent wake)
        {
            _links = links;
            _network = network;
            Endpoints = endpoints;
            _backoff = backoff;
            _clock = clock;
            _wake = wake;
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
        /// Gets a value indicating whether the other side ends links soon after they came up, again and again.
        /// </summary>
        public bool IsEvicted => _backoff.IsEvicted;

        /// <summary>
        /// Makes one attempt; may block as long as the network below and the client library's connect do.
        /// </summary>
        /// <param name="isFresh">Whether the broker is to forget the session, whatever the settings say.</param>
        /// <param name="fault">Why it failed, in words; <see langword="null"/> when it did not, or when the gate holds
        /// it back until <see cref="DueMs"/>.</param>
        /// <returns>An open link, or <see langword="null"/>.</returns>
        public IMqttLink TryOpen(bool isFresh, out string fault)
        {
            IsWithoutNetwork = _network != null && !_network.IsReady;
            if (IsWithoutNetwork && !_network.TryBringUp(MqttConnection.NetworkTimeoutMs, out string detail))
            {
                fault = "no network: " + detail;
                return null;
            }

            IsWithoutNetwork = false;
            fault = null;
            MqttLinkOptions[] endpoints = Endpoints;
            MqttLinkOptions endpoint = endpoints[_nextEndpoint % endpoints.Length];
            if (IsHeld(endpoint, _clock.NowMs))
            {
                return null;
            }

            _nextEndpoint = (_nextEndpoint + 1) % endpoints.Length;
            Endpoint = endpoint;
            IMqttLink link = _links.Create(_wake);
            MqttLinkResult result = link.Open(endpoint, isFresh || endpoint.CleanSession);
            if (result.Error == MqttLinkError.None)
            {
                return link;
            }

            link.Close(false);
            fault = "no connection to " + endpoint.Host + ":" + endpoint.Port.ToString() + ": " + result.ToString();
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
        public void OnLinkEnded(long heldMs, bool isByOtherSide, bool isSilent)
        {
            _backoff.OnLinkEnded(heldMs, isByOtherSide);
            if (heldMs >= ReconnectBackoff.StableMs && !isSilent)
            {
                _nextEndpoint = 0;
            }
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

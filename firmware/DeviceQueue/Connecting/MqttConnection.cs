using System.Text;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Diagnostics;
using DeviceQueue.Json;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;

namespace DeviceQueue.Connecting
{
    /// <summary>
    /// Keeps one MQTT session going: connects with backoff, a fresh link each time, subscribes, says birth, publishes what its sources offer, and judges by what is
    /// unanswered whether the other side is alive. It has no thread: whoever drives it calls <see cref="Poll"/>, always from the same thread.
    /// </summary>
    public sealed class MqttConnection : IHealthPart
    {
        /// <summary>The most sources, the latest values among them, and the most sinks.</summary>
        public const int MaxAttached = 8;

        /// <summary>How long to wait for SUBACK, in milliseconds; the client library reports a missing one by nothing at all.</summary>
        public const int SubackTimeoutMs = 10000;

        /// <summary>The longest that <see cref="BeginClose"/> waits for the farewell and what is in flight to be acknowledged, in milliseconds.</summary>
        public const int FarewellTimeoutMs = 2000;

        /// <summary>The longest to wait for the network below before an attempt counts as failed, in milliseconds.</summary>
        public const int NetworkTimeoutMs = 30000;

        /// <summary>
        /// The most publishes unanswered at once, those of all sources together: each answer finds a place in the link's queue, and so do those to subscriptions
        /// and probes.
        /// </summary>
        public const int MaxInflight = MqttLinkEventQueue.MaxAnswers * 3 / 4;

        /// <summary>The longest that <see cref="Gate"/> can hold an attempt back, in milliseconds: a minute for the clock, one for a pulse, and a reading.</summary>
        public const int MaxHoldMs = 150000;

        private const int OnlinePollMs = 5000;
        private const int MaxEventsPerPoll = MqttLinkEventQueue.MaxAnswers;

        private readonly IClock _clock;
        private readonly ILogger _logger;
        private readonly LinkWatch _watch;
        private readonly LinkDialer _dialer;
        private readonly Subscriptions _subscriptions;
        private readonly LatestValues _latest;
        private readonly Publisher _publisher;
        private readonly bool _isRetried;
        private readonly object _attachLock = new object();
        private readonly AutoResetEvent _wake = new AutoResetEvent(false);
        private readonly MqttLinkEvent _event = new MqttLinkEvent();
        private int _statusHandle = -1;
        private byte[] _birth;
        private byte[] _farewell;

        // Written by the connection's thread, read by others: each a single word.
        private IMqttLink _link;
        private bool _isOpen;
        private bool _isClosing;
        private int _connects;
        private int _lostOnEarlierLinks;
        private int _lostOnLink;
        private string _lastError;
        private bool _wasReady;
        private int _failures;

        private long _connectedMs;
        private long _closeDeadlineMs;

        /// <summary>Initializes a new instance of the <see cref="MqttConnection"/> class.</summary>
        /// <param name="links">Makes the links.</param>
        /// <param name="network">What lies below TCP, or <see langword="null"/> when it is always there.</param>
        /// <param name="endpoints">Where to connect to, at least one; they are tried in turn.</param>
        /// <param name="options">retry_connect, reconnect_timeout and reconnect_max.</param>
        /// <param name="clock">The time.</param>
        /// <param name="random">The jitter.</param>
        /// <param name="logger">Takes what the connection has to say.</param>
        public MqttConnection(
            IMqttLinkFactory links, INetwork network, MqttLinkOptions[] endpoints, MqttOptions options, IClock clock, IRandom random, ILogger logger)
        {
            _clock = clock;
            _logger = logger;
            _isRetried = options.RetryConnect;
            _watch = new LinkWatch(endpoints[0].KeepAliveSeconds);
            _dialer = new LinkDialer(links, network, endpoints, new ReconnectBackoff(options.ReconnectTimeoutMs, options.ReconnectMaxMs, random), clock, _wake);
            _subscriptions = new Subscriptions(_watch, Progress, logger);
            _latest = new LatestValues(_wake);
            _publisher = new Publisher(_latest, _subscriptions, _watch);
        }

        /// <summary>Gets the event that whoever drives this connection waits on between polls.</summary>
        public AutoResetEvent Wake => _wake;

        /// <summary>Gets the event that is set when an attempt has failed, when the link is ready, and when it has closed: for one that waits for it.</summary>
        public AutoResetEvent Progress { get; } = new AutoResetEvent(false);

        /// <summary>Gets the topics of which only the newest value matters.</summary>
        public LatestValues LatestValues => _latest;

        /// <summary>Gets a value indicating whether the connection is wanted; the link may be down all the same.</summary>
        public bool IsOpen => _isOpen;

        /// <summary>Gets a value indicating whether the link is up and every subscription answered.</summary>
        public bool IsConnected => _subscriptions.IsReady;

        /// <summary>Gets a value indicating whether the last attempt found no network to connect over.</summary>
        public bool IsWithoutNetwork => _dialer.IsWithoutNetwork;

        /// <summary>Gets or sets what may hold a connect back, or <see langword="null"/> when each moment is as good as another.</summary>
        public IConnectGate Gate
        {
            get => _dialer.Gate;
            set => _dialer.Gate = value;
        }

        /// <summary>Gets a value indicating whether the broker keeps subscriptions while there is no link, and what comes for them: <c>clean_session</c> is false.</summary>
        public bool IsSessionKept => !_dialer.Endpoints[0].CleanSession;

        /// <summary>Gets how often a link came up.</summary>
        public int Connects => _connects;

        /// <summary>Gets how many arrived messages were lost because nobody took them in time.</summary>
        public int LostMessages => _lostOnEarlierLinks + _lostOnLink + _subscriptions.LostMessages;

        /// <summary>Gets why the last attempt failed or the last link ended, or <see langword="null"/>.</summary>
        public string LastError => _lastError;

        /// <summary>Gets how many attempts have failed since the last success, or since <see cref="Open"/>.</summary>
        public int Failures => _failures;

        /// <summary>Gets or sets a value indicating whether the connection gives up when no broker was reached after <see cref="Open"/>, each tried once.</summary>
        internal bool IsFirstRoundFinal { get; set; }

        /// <summary>Gets what takes what the connection has to say.</summary>
        internal ILogger Logger => _logger;

        /// <summary>Sets where to connect to from the next attempt on; the keepalive must be the one of before.</summary>
        /// <param name="endpoints">At least one.</param>
        public void SetEndpoints(MqttLinkOptions[] endpoints)
        {
            _dialer.Endpoints = endpoints;
        }

        /// <summary>Adds something to publish from, for good.</summary>
        /// <param name="source">The source; earlier ones come first in each round.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IPublishSource source)
        {
            lock (_attachLock)
            {
                CheckPlace(_publisher.Count);
                _publisher.Add(source);
            }
        }

        /// <summary>Adds a taker of messages, for good.</summary>
        /// <param name="sink">The sink; its filter is subscribed to whenever it has one.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IMessageSink sink)
        {
            lock (_attachLock)
            {
                CheckPlace(_subscriptions.Count);
                _subscriptions.Add(sink);
            }
        }

        /// <summary>Sets what the status topic says after each connect and before a clean close.</summary>
        /// <param name="topic">The topic, retained.</param>
        /// <param name="birth">The payload after each connect.</param>
        /// <param name="farewell">The payload before a clean close.</param>
        public void SetStatus(string topic, string birth, string farewell)
        {
            _statusHandle = _latest.Add(topic, true);
            _birth = Encoding.UTF8.GetBytes(birth);
            _farewell = Encoding.UTF8.GetBytes(farewell);
        }

        /// <summary>Asks for the connection; <see cref="Poll"/> does the work.</summary>
        public void Open()
        {
            _isClosing = false;
            _failures = 0;
            _wasReady = false;
            _isOpen = true;
            _wake.Set();
        }

        /// <summary>Asks for a clean end: what is due and the farewell are published, then the link is closed and <see cref="IsOpen"/> turns false.</summary>
        public void BeginClose()
        {
            _isClosing = true;
            _wake.Set();
        }

        /// <summary>Does what is due. May block as long as the client library's connect does.</summary>
        /// <returns>The time of <see cref="IClock.NowMs"/> by which to call again; sooner when <see cref="Wake"/> is set.</returns>
        public long Poll()
        {
            long now = _clock.NowMs;
            if (!_isOpen)
            {
                return long.MaxValue;
            }

            long linkDue = PollLink(now);
            long sinksDue = _isOpen ? _subscriptions.Deliver(_clock) : long.MaxValue;
            return sinksDue < linkDue ? sinksDue : linkDue;
        }

        /// <summary>Ends the link, if there is one, and tries anew after the backoff. Call from the thread that polls.</summary>
        /// <param name="reason">Why, in words.</param>
        public void EndLink(string reason)
        {
            EndLink(reason, false);
        }

        private static void CheckPlace(int count)
        {
            if (count == MaxAttached)
            {
                throw new InvalidStateException(InvalidStateException.NoConnection, "a connection has places for " + MaxAttached.ToString() + ", all taken");
            }
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("reconnects");
            writer.WriteNumber(_connects > 0 ? _connects - 1 : 0);
        }

        private long PollLink(long now)
        {
            if (_link == null)
            {
                return _isClosing ? Finish() : PollOffline(now);
            }

            TakeEvents(now);
            string fault = _link == null ? null : _watch.FindFault(now) ?? _subscriptions.FindFault(now);
            if (fault != null)
            {
                EndLink(fault, _link.IsOpen);
            }

            if (_link == null)
            {
                return _isClosing ? Finish() : DueOffline();
            }

            _subscriptions.Update(_link, now);
            return _isClosing ? PollClosing(now) : PollOnline(now);
        }

        private void EndLink(string reason, bool isSilent)
        {
            IMqttLink link = _link;
            if (link == null)
            {
                return;
            }

            bool isByOtherSide = !link.IsOpen;
            _link = null;
            _wasReady |= _subscriptions.IsReady;
            _lostOnEarlierLinks += link.DroppedMessages;
            _lostOnLink = 0;
            _subscriptions.OnLinkDown(IsSessionKept);
            _publisher.OnLinkDown();
            link.Close();
            if (_isClosing)
            {
                _logger.Log(LogLevel.Info, null, "connection closed");
                return;
            }

            long now = _clock.NowMs;
            bool wasEvicted = _dialer.IsEvicted;
            _dialer.OnLinkEnded(now - _connectedMs, isByOtherSide, isSilent);
            _failures = _dialer.Endpoints.Length; // with retry_connect off a lost link is the end, whatever other endpoints there are
            Retry(now, "link lost: " + reason);
            if (_dialer.IsEvicted)
            {
                OnEvicted(!wasEvicted);
            }
        }

        private void OnEvicted(bool isNew)
        {
            _lastError = "the broker ends the link soon after each connect: another client connects as " + _dialer.Endpoints[0].ClientId
                + ", or a message is against its rules";
            if (isNew)
            {
                _logger.Log(LogLevel.Error, null, _lastError);
            }
        }

        private long PollOffline(long now)
        {
            if (now < _dialer.DueMs)
            {
                return _dialer.DueMs;
            }

            IMqttLink link = _dialer.TryOpen(out string fault);
            now = _clock.NowMs;
            if (link != null)
            {
                OnConnected(link, now);
                return now;
            }

            if (fault != null)
            {
                Retry(now, fault);
            }

            return DueOffline();
        }

        private long DueOffline()
        {
            return _isOpen ? _dialer.DueMs : long.MaxValue;
        }

        private void OnConnected(IMqttLink link, long now)
        {
            _link = link;
            _failures = 0;
            _connectedMs = now;
            _connects++;
            _watch.Start(link, now);
            MqttLinkOptions endpoint = _dialer.Endpoint;
            _logger.Log(LogLevel.Info, null, "connected to " + endpoint.Host + ":" + endpoint.Port.ToString() + " as " + endpoint.ClientId);
            Say(_birth);
            _publisher.OnLinkUp();
        }

        private void Retry(long now, string reason)
        {
            _failures++;
            _lastError = reason;
            bool isRetried = _isRetried && (_wasReady || !IsFirstRoundFinal);
            if (!isRetried && _failures >= _dialer.Endpoints.Length)
            {
                _logger.Log(LogLevel.Error, null, reason + "; given up");
                Finish();
                return;
            }

            int delay = _dialer.PutOff(now);
            _logger.Log(LogLevel.Warn, null, reason + "; next attempt in " + delay.ToString() + " ms");
            Progress.Set();
        }

        private void TakeEvents(long now)
        {
            int taken = 0;
            for (; taken < MaxEventsPerPoll && _link != null && _link.TryTakeEvent(_event); taken++)
            {
                switch (_event.Kind)
                {
                    case MqttLinkEventKind.Published:
                        _publisher.OnPublished(_event.PacketId, _event.IsSuccess, now);
                        break;
                    case MqttLinkEventKind.Subscribed:
                        _watch.OnHeard(now);
                        OnSubscribed();
                        break;
                    case MqttLinkEventKind.Message:
                        _watch.OnHeard(now);
                        _subscriptions.OnMessage(_event, IsSessionKept);
                        break;
                    case MqttLinkEventKind.Alive:
                        _watch.OnHeard(now);
                        break;
                    default:
                        EndLink("closed by the other side or by the network");
                        break;
                }
            }

            if (taken == MaxEventsPerPoll)
            {
                _wake.Set(); // the link wakes only whoever has taken all
            }

            _event.Payload = null;
            _lostOnLink = _link == null ? 0 : _link.DroppedMessages;
        }

        private void OnSubscribed()
        {
            string refused = _subscriptions.OnAnswer(_event.PacketId, _event.IsSuccess);
            if (refused != null)
            {
                _lastError = "subscription to " + refused + " refused by the broker";
                _logger.Log(LogLevel.Error, null, _lastError);
            }
        }

        private long PollOnline(long now)
        {
            if (_closeDeadlineMs != 0)
            {
                _closeDeadlineMs = 0; // opened again meanwhile
                Say(_birth);
            }

            if (_publisher.Publish(_link, now))
            {
                return now;
            }

            _watch.ProbeIfLate(now);
            long due = _watch.DueMs < now + OnlinePollMs ? _watch.DueMs : now + OnlinePollMs;
            long sourceDue = _publisher.GetDueMs(now);
            return sourceDue < due ? sourceDue : due;
        }

        private long PollClosing(long now)
        {
            if (_closeDeadlineMs == 0)
            {
                _closeDeadlineMs = now + FarewellTimeoutMs;
                Say(_farewell);
            }

            bool isMore = IsConnected && _publisher.Publish(_link, now);
            bool isUnsettled = isMore || _watch.Inflight > 0 || (_statusHandle >= 0 && !_latest.IsSettled(_statusHandle));
            if (now < _closeDeadlineMs && IsConnected && isUnsettled)
            {
                return isMore ? now : _closeDeadlineMs;
            }

            EndLink("closed by us");
            return Finish();
        }

        private long Finish()
        {
            _isOpen = false;
            _isClosing = false;
            _closeDeadlineMs = 0;
            _dialer.Hurry();
            Progress.Set();
            return long.MaxValue;
        }

        private void Say(byte[] status)
        {
            if (_statusHandle >= 0)
            {
                _latest.Set(_statusHandle, status);
            }
        }
    }
}

using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Keeps one MQTT session going: connects with backoff, a fresh link each time, subscribes, says birth, publishes
    /// what its sources offer, and judges by what is unanswered whether the other side is alive. It has no thread:
    /// whoever drives it calls <see cref="Poll"/>, always from the same thread.
    /// </summary>
    public sealed class MqttConnection : IHealthPart
    {
        /// <summary>The most sources, the latest values among them, and the most sinks.</summary>
        public const int MaxAttached = 8;

        /// <summary>
        /// How long to wait for SUBACK, in milliseconds; the client library reports a missing one by nothing at all.
        /// </summary>
        public const int SubackTimeoutMs = 10000;

        /// <summary>
        /// The longest time until a subscription that the broker refuses is asked for again, in milliseconds.
        /// </summary>
        public const int MaxSubscribeRetryMs = 320000;

        /// <summary>
        /// The longest that <see cref="BeginClose"/> waits for the farewell and what is in flight to be acknowledged,
        /// in milliseconds.
        /// </summary>
        public const int FarewellTimeoutMs = 2000;

        /// <summary>
        /// The longest to wait for the network below before an attempt counts as failed, in milliseconds.
        /// </summary>
        public const int NetworkTimeoutMs = 30000;

        /// <summary>
        /// The longest that <see cref="Gate"/> can hold an attempt back, in milliseconds: a minute for the clock, one
        /// for a pulse, and a reading.
        /// </summary>
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
        private readonly object _lock = new object();
        private readonly AutoResetEvent _wake = new AutoResetEvent(false);
        private readonly MqttLinkEvent _event = new MqttLinkEvent();
        private StatusTopic _status;
        private RetainedMessageGuard _guard;

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
        private int _discardedSessions;

        private bool _isLinkKept;
        private bool _isSessionToDiscard;
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

        /// <summary>
        /// Gets the event that is set when an attempt has failed, when the link is ready, and when it has closed: for
        /// one that waits for it.
        /// </summary>
        public AutoResetEvent Progress { get; } = new AutoResetEvent(false);

        /// <summary>Gets the topics of which only the newest value matters.</summary>
        public LatestValues LatestValues => _latest;

        /// <summary>
        /// Gets a value indicating whether the connection is wanted; the link may be down all the same.
        /// </summary>
        public bool IsOpen => _isOpen;

        /// <summary>
        /// Gets a value indicating whether the link is up and every subscription answered, or overdue.
        /// </summary>
        public bool IsConnected => _subscriptions.IsReady;

        /// <summary>
        /// Gets a value indicating whether the first attempt, or the subscriptions of a link, have no answer yet: there
        /// is nothing to say about the connection.
        /// </summary>
        public bool IsConnecting =>
            _link == null ? _connects == 0 && _lastError == null && !IsWithoutNetwork
            : !IsConnected || (_guard != null && _guard.IsHoldingBack);

        /// <summary>Gets why nothing arrives on a link that is up, in words, or <see langword="null"/>.</summary>
        public string SubscriptionFault =>
            _guard != null && _guard.BlockMs > 0 ? "blocked by a message that is too large"
            : _subscriptions.Refused != null ? "subscription refused by the broker" : null;

        /// <summary>Gets how often a kept session was discarded, and with it the messages that waited in it.</summary>
        public int DiscardedSessions => _discardedSessions;

        /// <summary>Gets a value indicating whether the last attempt found no network to connect over.</summary>
        public bool IsWithoutNetwork => _dialer.IsWithoutNetwork;

        /// <summary>
        /// Gets or sets what may hold a connect back, or <see langword="null"/> when each moment is as good as another.
        /// </summary>
        public IConnectGate Gate
        {
            get => _dialer.Gate;
            set => _dialer.Gate = value;
        }

        /// <summary>
        /// Gets a value indicating whether the broker keeps subscriptions while there is no link, and what comes for
        /// them: <c>clean_session</c> is false.
        /// </summary>
        public bool IsSessionKept => !_dialer.Endpoints[0].CleanSession;

        /// <summary>Gets how often a link came up.</summary>
        public int Connects => _connects;

        /// <summary>Gets how many arrived messages were lost because nobody took them in time.</summary>
        public int LostMessages => _lostOnEarlierLinks + _lostOnLink + _subscriptions.LostMessages;

        /// <summary>Gets why the last attempt failed or the last link ended, or <see langword="null"/>.</summary>
        public string LastError => _lastError;

        /// <summary>
        /// Gets how many attempts have failed since the last success, or since <see cref="Open"/>; a lost link counts as
        /// one with each endpoint.
        /// </summary>
        public int Failures => _failures;

        /// <summary>
        /// Gets or sets a value indicating whether the connection gives up when no broker was reached after
        /// <see cref="Open"/>, each tried once.
        /// </summary>
        internal bool IsFirstRoundFinal { get; set; }

        /// <summary>Gets what takes what the connection has to say.</summary>
        internal ILogger Logger => _logger;

        /// <summary>
        /// Sets where to connect to from the next attempt on; the keepalive must be the one of before.
        /// </summary>
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
            lock (_lock)
            {
                CheckPlace(_publisher.Count);
                _publisher.Add(source);
            }
        }

        /// <summary>Adds a taker of messages, for good.</summary>
        /// <param name="sink">The sink; its filter is subscribed to whenever it has one.</param>
        /// <param name="isOptional">Whether a refused or silent subscription is no fault.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IMessageSink sink, bool isOptional = false)
        {
            lock (_lock)
            {
                CheckPlace(_subscriptions.Count);
                _subscriptions.Add(sink, isOptional);
            }
        }

        /// <summary>
        /// Sets what the status topic says after each connect and before a clean close. Not to be called once it is
        /// open.
        /// </summary>
        /// <param name="topic">The topic, retained.</param>
        /// <param name="birth">The payload after each connect.</param>
        /// <param name="farewell">The payload before a clean close.</param>
        public void SetStatus(string topic, string birth, string farewell)
        {
            _status = new StatusTopic(topic, birth, farewell, _latest);
            Attach(_status, true);
        }

        /// <summary>
        /// Sets the topic on which the broker may keep a message that is too large for this device: the device clears
        /// it, and discards a kept session, when links end soon after they subscribed. Not to be called once it is
        /// open.
        /// </summary>
        /// <param name="topic">The topic, one that never holds a retained message by right.</param>
        public void SetCommandTopic(string topic)
        {
            _guard = new RetainedMessageGuard(topic, _latest);
            _subscriptions.Guard = _guard;
        }

        /// <summary>Asks for the connection; <see cref="Poll"/> does the work.</summary>
        public void Open()
        {
            lock (_lock)
            {
                _isClosing = false;
                _failures = 0;
                _wasReady = false;
                _isOpen = true;
            }

            _wake.Set();
        }

        /// <summary>
        /// Asks for a clean end: what is due and the farewell are published, then the link is closed and
        /// <see cref="IsOpen"/> turns false.
        /// </summary>
        public void BeginClose()
        {
            _isClosing = true;
            _wake.Set();
        }

        /// <summary>Does what is due. May block as long as the client library's connect does.</summary>
        /// <returns>The time of <see cref="IClock.NowMs"/> by which to call again; sooner when <see cref="Wake"/> is
        /// set.</returns>
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

        /// <summary>
        /// Ends the link, if there is one, and tries anew after the backoff. Call from the thread that polls.
        /// </summary>
        /// <param name="reason">Why, in words.</param>
        public void EndLink(string reason)
        {
            EndLink(reason, false, false);
        }

        private static long Earlier(long one, long other)
        {
            return one < other ? one : other;
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
            if (DiscardedSessions > 0)
            {
                writer.Name("session_discarded");
                writer.WriteNumber(DiscardedSessions);
            }

            string fault = SubscriptionFault; // another thread sets it
            if (fault != null)
            {
                writer.Name("commands");
                writer.WriteText(fault);
            }
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
                EndLink(fault, _link.IsOpen, false);
            }

            if (_link == null)
            {
                return _isClosing ? Finish() : DueOffline();
            }

            _subscriptions.Update(_link, now, false);
            return _isClosing ? PollClosing(now) : PollOnline(now);
        }

        private void EndLink(string reason, bool isSilent, bool isClean)
        {
            IMqttLink link = _link;
            if (link == null)
            {
                return;
            }

            bool isClosing = _isClosing;
            bool isByOtherSide = !link.IsOpen;
            _link = null;
            _wasReady |= _subscriptions.IsReady;
            _lostOnEarlierLinks += link.DroppedMessages;
            _lostOnLink = 0;
            _subscriptions.OnLinkDown(_isLinkKept);
            _publisher.OnLinkDown();
            link.Close(isClean);
            if (isClosing)
            {
                _logger.Log(LogLevel.Info, null, "connection closed");
                return;
            }

            long now = _clock.NowMs;
            bool wasEvicted = _dialer.IsEvicted;
            _dialer.OnLinkEnded(now - _connectedMs, isByOtherSide, isSilent);
            bool isTooLarge = _guard != null && IsKeptMessageSuspected(now, isByOtherSide);
            _failures = _dialer.Endpoints.Length; // with retry_connect off a lost link is the end, whatever other endpoints there are
            Retry(now, "link lost: " + reason);
            if (isTooLarge)
            {
                SayKeptMessage();
            }
            else if (_dialer.IsEvicted)
            {
                OnEvicted(!wasEvicted);
            }
        }

        /// <summary>
        /// Asks the guard whether this end, after others like it, has to do with a message that the broker keeps.
        /// </summary>
        private bool IsKeptMessageSuspected(long now, bool isByOtherSide)
        {
            bool wasSuspicious = _guard.IsSuspicious;
            int blockMs = _guard.BlockMs;
            _guard.OnLinkDown(now, isByOtherSide);
            bool isNew = _guard.IsSuspicious && (!wasSuspicious || _guard.BlockMs != blockMs);
            if (isNew)
            {
                _dialer.StartLow();
            }

            _isSessionToDiscard = IsSessionKept && (_isSessionToDiscard || (_guard.IsSuspicious && !wasSuspicious));
            return isNew;
        }

        private void SayKeptMessage()
        {
            string topic = _guard.Topic;
            if (_guard.BlockMs == 0)
            {
                _lastError = "two links ended soon after they subscribed: the broker may keep a message that is too large for this device; it is cleared from "
                    + topic + (IsSessionKept ? ", and the session is discarded" : string.Empty);
                _logger.Log(LogLevel.Warn, null, _lastError);
                return;
            }

            _lastError = "commands are blocked for " + (_guard.BlockMs / 1000).ToString() + " s by a message that is too large for this device: allow "
                + _dialer.Endpoints[0].ClientId + " to publish to " + topic + ", or clear it: mosquitto_pub -r -n -t " + topic;
            _logger.Log(LogLevel.Error, null, _lastError);
        }

        private void OnEvicted(bool isNew)
        {
            _lastError = "links end again and again soon after the connect: the network cuts them, another client may connect as "
                + _dialer.Endpoints[0].ClientId + ", or a message is against the broker's rules; its log tells";
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

            bool isFresh = _guard != null && _guard.IsSuspicious;
            IMqttLink link = _dialer.TryOpen(isFresh, out string fault);
            now = _clock.NowMs;
            if (link != null)
            {
                _isLinkKept = IsSessionKept && !isFresh;
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
            _subscriptions.OnLinkUp(now);
            _guard?.OnLinkUp(now, _isLinkKept);
            if (_isSessionToDiscard)
            {
                _isSessionToDiscard = false;
                _discardedSessions++;
            }

            _status?.SayBirth();
            _publisher.OnLinkUp();
        }

        private void Retry(long now, string reason)
        {
            _failures++;
            _lastError = reason;
            bool isRetried = _isRetried && (_wasReady || !IsFirstRoundFinal);
            if (!isRetried && TryGiveUp())
            {
                _logger.Log(LogLevel.Error, null, reason + "; given up");
                Progress.Set();
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
                        OnSubscribed(now);
                        break;
                    case MqttLinkEventKind.Message:
                        _watch.OnHeard(now);
                        _subscriptions.OnMessage(_event, _isLinkKept);
                        break;
                    case MqttLinkEventKind.Alive:
                        _watch.OnHeard(now);
                        break;
                    default:
                        EndLink("closed by the other side or by the network", false, false);
                        break;
                }
            }

            if (taken == MaxEventsPerPoll)
            {
                _wake.Set(); // the link signals again only when all are taken
            }

            _event.Payload = null;
            _lostOnLink = _link == null ? 0 : _link.DroppedMessages;
        }

        private void OnSubscribed(long now)
        {
            _subscriptions.OnAnswer(_event.PacketId, _event.IsSuccess, now);
            string refused = _subscriptions.Refused;
            if (refused != null)
            {
                _lastError = "subscription to " + refused + " refused by the broker";
            }
        }

        private long PollOnline(long now)
        {
            if (_closeDeadlineMs != 0)
            {
                _closeDeadlineMs = 0; // opened again meanwhile
                _status?.SayBirth();
            }

            if (_guard != null && _guard.TryTrust(now))
            {
                _logger.Log(LogLevel.Info, null, "commands are taken again");
            }

            if (_subscriptions.IsReady && _publisher.Publish(_link, now))
            {
                return now;
            }

            if (_watch.Inflight == 0)
            {
                _subscriptions.Update(_link, now, true);
            }

            _watch.ProbeIfLate(now);
            long due = _watch.DueMs < now + OnlinePollMs ? _watch.DueMs : now + OnlinePollMs;
            due = Earlier(due, _subscriptions.GetDueMs(now));
            return Earlier(due, _publisher.GetDueMs(now));
        }

        private long PollClosing(long now)
        {
            if (_closeDeadlineMs == 0)
            {
                _closeDeadlineMs = now + FarewellTimeoutMs;
                _status?.SayFarewell();
            }

            bool isMore = IsConnected && _publisher.Publish(_link, now);
            bool isSettled = _status == null || _status.IsSettled;
            if (now < _closeDeadlineMs && IsConnected && (isMore || _watch.Inflight > 0 || !isSettled))
            {
                return isMore ? now : _closeDeadlineMs;
            }

            EndLink("closed by us", false, isSettled); // without DISCONNECT the broker says the last will in our place
            return Finish();
        }

        /// <summary>Ends a close, unless the connection was opened again meanwhile.</summary>
        private long Finish()
        {
            _closeDeadlineMs = 0;
            _dialer.Hurry();
            lock (_lock)
            {
                _isOpen &= !_isClosing;
                _isClosing = false;
            }

            Progress.Set();
            return _isOpen ? _clock.NowMs : long.MaxValue;
        }

        /// <summary>Gives up when each endpoint has failed, unless the connection was opened again meanwhile.</summary>
        private bool TryGiveUp()
        {
            lock (_lock)
            {
                if (_failures < _dialer.Endpoints.Length)
                {
                    return false;
                }

                _isOpen = false;
                _isClosing = false;
            }

            _closeDeadlineMs = 0;
            _dialer.Hurry();
            return true;
        }
    }
}

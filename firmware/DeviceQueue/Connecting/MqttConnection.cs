using System;
using System.Text;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;

namespace DeviceQueue.Connecting
{
    /// <summary>
    /// Keeps one MQTT session going: connects with backoff, a fresh link each time, subscribes, says birth, publishes what its sources offer, and judges by what is
    /// unanswered whether the other side is alive. It has no thread: whoever drives it calls <see cref="Poll"/>, always from the same thread.
    /// </summary>
    public sealed class MqttConnection
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
        private const int MaxPublishesPerPoll = 16;
        private const int NotTakenId = -1;

        private readonly IMqttLinkFactory _links;
        private readonly INetwork _network;
        private readonly IClock _clock;
        private readonly ILogger _logger;
        private readonly ReconnectBackoff _backoff;
        private readonly LinkWatch _watch;
        private readonly bool _isRetried;
        private readonly object _attachLock = new object();
        private readonly AutoResetEvent _wake = new AutoResetEvent(false);
        private readonly LatestValues _latest;
        private readonly IPublishSource[] _sources = new IPublishSource[MaxAttached];
        private readonly Subscription[] _subscriptions = new Subscription[MaxAttached];
        private readonly MqttLinkEvent _event = new MqttLinkEvent();
        private readonly PublishRequest _request = new PublishRequest();
        private int _sourceCount;
        private int _subscriptionCount;
        private int _nextSource;
        private int _nextEndpoint;
        private int _statusHandle = -1;
        private byte[] _birth;
        private byte[] _farewell;

        // Written by the connection's thread, read by others: each a single word.
        private IMqttLink _link;
        private bool _isOpen;
        private bool _isReady;
        private bool _isWithoutNetwork;
        private bool _isClosing;
        private int _connects;
        private int _lostMessages;
        private int _lostOnLink;
        private string _lastError;
        private bool _wasReady;
        private int _failures;
        private MqttLinkOptions[] _endpoints;

        private long _nextAttemptMs;
        private long _heldSinceMs = -1;
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
            _links = links;
            _network = network;
            _endpoints = endpoints;
            _clock = clock;
            _logger = logger;
            _backoff = new ReconnectBackoff(options.ReconnectTimeoutMs, options.ReconnectMaxMs, random);
            _watch = new LinkWatch(endpoints[0].KeepAliveSeconds);
            _isRetried = options.RetryConnect;
            _latest = new LatestValues(_wake);
            Attach(_latest);
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
        public bool IsConnected => _isReady;

        /// <summary>Gets a value indicating whether the last attempt found no network to connect over.</summary>
        public bool IsWithoutNetwork => _isWithoutNetwork;

        /// <summary>Gets or sets what may hold a connect back, or <see langword="null"/> when each moment is as good as another.</summary>
        public IConnectGate Gate { get; set; }

        /// <summary>Gets a value indicating whether the broker keeps subscriptions while there is no link, and what comes for them: <c>clean_session</c> is false.</summary>
        public bool IsSessionKept => !_endpoints[0].CleanSession;

        /// <summary>Gets how often a link came up.</summary>
        public int Connects => _connects;

        /// <summary>Gets how many arrived messages were lost because nobody took them in time.</summary>
        public int LostMessages => _lostMessages + _lostOnLink;

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
            _endpoints = endpoints;
        }

        /// <summary>Adds something to publish from, for good.</summary>
        /// <param name="source">The source; earlier ones come first in each round.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IPublishSource source)
        {
            lock (_attachLock)
            {
                CheckPlace(_sourceCount);
                _sources[_sourceCount] = source;
                Interlocked.Increment(ref _sourceCount); // the connection's thread must not see the count before the source
            }
        }

        /// <summary>Adds a taker of messages, for good.</summary>
        /// <param name="sink">The sink; its filter is subscribed to whenever it has one.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IMessageSink sink)
        {
            lock (_attachLock)
            {
                CheckPlace(_subscriptionCount);
                _subscriptions[_subscriptionCount] = new Subscription(sink);
                Interlocked.Increment(ref _subscriptionCount);
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
            long sinksDue = _isOpen ? Deliver() : long.MaxValue;
            return sinksDue < linkDue ? sinksDue : linkDue;
        }

        private static void CheckPlace(int count)
        {
            if (count == MaxAttached)
            {
                throw new InvalidStateException(InvalidStateException.NoConnection, "a connection has places for " + MaxAttached.ToString() + ", all taken");
            }
        }

        private long PollLink(long now)
        {
            if (_link == null)
            {
                return _isClosing ? Finish() : PollOffline(now);
            }

            TakeEvents(now);
            string fault = _link == null ? null : FindFault(now);
            if (fault != null)
            {
                GiveUp(fault);
            }

            if (_link == null)
            {
                return _isClosing ? Finish() : DueOffline();
            }

            Subscribe(now);
            return _isClosing ? PollClosing(now) : PollOnline(now);
        }

        private long Deliver()
        {
            long due = long.MaxValue;
            for (int i = 0; i < _subscriptionCount; i++)
            {
                long sinkDue = _subscriptions[i].Sink.Deliver(_clock.NowMs);
                due = sinkDue < due ? sinkDue : due;
            }

            return due;
        }

        /// <summary>Ends the link, if there is one, and tries anew after the backoff. Call from the thread that polls.</summary>
        /// <param name="reason">Why, in words.</param>
        public void EndLink(string reason)
        {
            IMqttLink link = _link;
            if (link == null)
            {
                return;
            }

            bool isByOtherSide = !link.IsOpen;
            _link = null;
            _isReady = false;
            _lostMessages += link.DroppedMessages;
            _lostOnLink = 0;
            for (int i = 0; i < _sourceCount; i++)
            {
                _sources[i].OnLinkDown();
            }

            for (int i = 0; i < _subscriptionCount; i++)
            {
                _subscriptions[i].Reset(IsSessionKept);
            }

            link.Close();
            if (_isClosing)
            {
                _logger.Log(LogLevel.Info, null, "connection closed");
                return;
            }

            long now = _clock.NowMs;
            bool wasEvicted = _backoff.IsEvicted;
            _backoff.OnLinkEnded(now - _connectedMs, isByOtherSide);
            _nextEndpoint = now - _connectedMs >= ReconnectBackoff.StableMs ? 0 : _nextEndpoint;
            _failures = _endpoints.Length; // with retry_connect off a lost link is the end, whatever other endpoints there are
            Retry(now, "link lost: " + reason);
            if (_backoff.IsEvicted)
            {
                OnEvicted(!wasEvicted);
            }
        }

        private void OnEvicted(bool isNew)
        {
            _lastError = "the broker ends the link soon after each connect: another client connects as " + _endpoints[0].ClientId + ", or a message is against its rules";
            if (isNew)
            {
                _logger.Log(LogLevel.Error, null, _lastError);
            }
        }

        private void GiveUp(string fault)
        {
            bool isSilent = _link.IsOpen;
            int next = _nextEndpoint;
            EndLink(fault);
            _nextEndpoint = isSilent ? next : _nextEndpoint; // a broker that fell silent is not the first to be asked again
        }

        private long DueOffline()
        {
            return _isOpen ? _nextAttemptMs : long.MaxValue;
        }

        private long PollOffline(long now)
        {
            if (now < _nextAttemptMs)
            {
                return _nextAttemptMs;
            }

            _isWithoutNetwork = _network != null && !_network.IsReady;
            if (_isWithoutNetwork && !_network.TryBringUp(NetworkTimeoutMs, out string detail))
            {
                Retry(_clock.NowMs, "no network: " + detail);
                return DueOffline();
            }

            _isWithoutNetwork = false;
            MqttLinkOptions[] endpoints = _endpoints;
            MqttLinkOptions endpoint = endpoints[_nextEndpoint % endpoints.Length];
            if (IsHeld(endpoint, _clock.NowMs))
            {
                return DueOffline();
            }

            _nextEndpoint = (_nextEndpoint + 1) % endpoints.Length;
            IMqttLink link = _links.Create(_wake);
            MqttLinkResult result = link.Open(endpoint);
            now = _clock.NowMs;
            if (result.Error != MqttLinkError.None)
            {
                link.Close();
                Retry(now, "no connection to " + endpoint.Host + ":" + endpoint.Port.ToString() + ": " + result.ToString());
                return DueOffline();
            }

            OnConnected(link, endpoint, now);
            return now;
        }

        private bool IsHeld(MqttLinkOptions endpoint, long now)
        {
            int holdMs = Gate == null ? 0 : Gate.GetHoldMs(endpoint, now);
            _heldSinceMs = _heldSinceMs < 0 ? now : _heldSinceMs;
            if (holdMs > 0 && now - _heldSinceMs < MaxHoldMs)
            {
                _nextAttemptMs = now + holdMs;
                return true;
            }

            _heldSinceMs = -1;
            return false;
        }

        private void OnConnected(IMqttLink link, MqttLinkOptions endpoint, long now)
        {
            _link = link;
            _failures = 0;
            _connectedMs = now;
            _connects++;
            _watch.Start(link, now);
            _logger.Log(LogLevel.Info, null, "connected to " + endpoint.Host + ":" + endpoint.Port.ToString() + " as " + endpoint.ClientId);
            if (_statusHandle >= 0)
            {
                _latest.Set(_statusHandle, _birth);
            }

            for (int i = 0; i < _sourceCount; i++)
            {
                _sources[i].OnLinkUp();
            }
        }

        private void Retry(long now, string reason)
        {
            _failures++;
            _heldSinceMs = -1;
            bool isRetried = _isRetried && (_wasReady || !IsFirstRoundFinal);
            if (!isRetried && _failures >= _endpoints.Length)
            {
                _lastError = reason;
                _logger.Log(LogLevel.Error, null, reason + "; given up");
                Finish();
                return;
            }

            int delay = _backoff.NextDelayMs();
            _nextAttemptMs = now + delay;
            _lastError = reason;
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
                        OnPublished(now);
                        break;
                    case MqttLinkEventKind.Subscribed:
                        _watch.OnHeard(now);
                        OnSubscribed();
                        break;
                    case MqttLinkEventKind.Message:
                        _watch.OnHeard(now);
                        OnMessage();
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

        private void OnPublished(long now)
        {
            _watch.OnPublished(_event.IsSuccess, now);
            for (int i = 0; i < _sourceCount; i++)
            {
                if (_sources[i].OnPublished(_event.PacketId, _event.IsSuccess, now))
                {
                    return;
                }
            }
        }

        private void OnSubscribed()
        {
            for (int i = 0; i < _subscriptionCount; i++)
            {
                Subscription subscription = _subscriptions[i];
                if (subscription.PacketId == _event.PacketId && subscription.IsAsked)
                {
                    subscription.IsAnswered = true;
                    if (!_event.IsSuccess)
                    {
                        _lastError = "subscription to " + subscription.Filter + " refused by the broker";
                        _logger.Log(LogLevel.Error, null, _lastError);
                    }
                }
            }
        }

        private void OnMessage()
        {
            for (int i = 0; i < _subscriptionCount; i++)
            {
                IMessageSink sink = _subscriptions[i].Sink;
                string filter = sink.Filter ?? (IsSessionKept ? sink.Topic : null);
                if (filter == null || !TopicFilter.Matches(filter, _event.Topic))
                {
                    continue;
                }

                try
                {
                    sink.OnMessage(_event.Topic, _event.Payload, _event.IsRetained);
                }
                catch (Exception e)
                {
                    _lostMessages++;
                    _logger.Log(LogLevel.Error, null, "message on " + _event.Topic + ": " + e.ToString());
                }
            }
        }

        private string FindFault(long now)
        {
            string fault = _watch.FindFault(now);
            if (fault != null)
            {
                return fault;
            }

            for (int i = 0; i < _subscriptionCount; i++)
            {
                Subscription subscription = _subscriptions[i];
                if (subscription.IsAsked && !subscription.IsAnswered && now >= subscription.DeadlineMs)
                {
                    return "no SUBACK for " + subscription.Filter;
                }
            }

            return null;
        }

        private void Subscribe(long now)
        {
            bool isReady = true;
            for (int i = 0; i < _subscriptionCount; i++)
            {
                Subscription subscription = _subscriptions[i];
                string filter = subscription.Sink.Filter;
                if (filter == null && subscription.IsHeld)
                {
                    Unsubscribe(subscription, now);
                }
                else if (filter != null && !subscription.IsAsked)
                {
                    int id = _link.TrySubscribe(filter, subscription.Sink.FilterQos); // 0: not taken, so no SUBACK comes and the link is given up
                    subscription.Ask(filter, id, now + SubackTimeoutMs);
                    _watch.OnAsked(now);
                }

                isReady &= filter == null || subscription.IsAnswered;
            }

            if (isReady && !_isReady)
            {
                _isReady = true;
                _wasReady = true;
                Progress.Set();
            }
        }

        private void Unsubscribe(Subscription subscription, long now)
        {
            subscription.Reset(false);
            for (int i = 0; i < _subscriptionCount; i++)
            {
                if (_subscriptions[i].IsHeld && _subscriptions[i].Filter == subscription.Filter)
                {
                    return; // the broker has one subscription for both
                }
            }

            if (_link.TryUnsubscribe(subscription.Filter) != 0)
            {
                _watch.OnAsked(now);
            }
        }

        private long PollOnline(long now)
        {
            if (_closeDeadlineMs != 0)
            {
                CancelClosing();
            }

            if (Publish(now))
            {
                return now;
            }

            _watch.ProbeIfLate(now);
            long due = _watch.DueMs < now + OnlinePollMs ? _watch.DueMs : now + OnlinePollMs;
            for (int i = 0; i < _sourceCount; i++)
            {
                long sourceDue = _sources[i].GetDueMs();
                due = sourceDue < due && sourceDue > now ? sourceDue : due;
            }

            return due;
        }

        /// <summary>
        /// Publishes a bounded number of messages, one of each source in turn. Readings do not wait for SUBACK, which a slow link may never show; birth and what
        /// goes with it do, so that who sees it can be heard.
        /// </summary>
        private bool Publish(long now)
        {
            int idle = 0;
            for (int sent = 0; sent < MaxPublishesPerPoll && idle < _sourceCount;)
            {
                if (_watch.Inflight >= MaxInflight)
                {
                    return false;
                }

                IPublishSource source = _sources[_nextSource];
                _nextSource = (_nextSource + 1) % _sourceCount;
                if ((source == _latest && !_isReady) || !source.TryTake(now, _request))
                {
                    idle++;
                    continue;
                }

                idle = 0;
                sent++;
                Subscribe(now); // who subscribed before this was sent is to receive it
                int id = _link.TryPublish(_request.Topic, _request.Payload, _request.Qos, _request.Retain);
                _request.Payload = null;
                if (id == 0)
                {
                    OnNotTaken(source, now);
                    return false;
                }

                source.OnHandedOver(id);
                _watch.OnTaken(_request.Qos, now);
            }

            return idle < _sourceCount;
        }

        private void OnNotTaken(IPublishSource source, long now)
        {
            if (!_link.IsOpen)
            {
                source.OnHandedOver(0); // the link went down under us: its Closed event follows
                return;
            }

            // The client library refused this message and may always do so: like one that stays unanswered, it must not hold up the others.
            source.OnHandedOver(NotTakenId);
            source.OnPublished(NotTakenId, false, now);
            _watch.OnUnanswered(now);
        }

        private void CancelClosing()
        {
            _closeDeadlineMs = 0;
            if (_statusHandle >= 0)
            {
                _latest.Set(_statusHandle, _birth);
            }
        }

        private long PollClosing(long now)
        {
            if (_closeDeadlineMs == 0)
            {
                _closeDeadlineMs = now + FarewellTimeoutMs;
                if (_statusHandle >= 0)
                {
                    _latest.Set(_statusHandle, _farewell);
                }
            }

            bool isMore = _isReady && Publish(now);
            bool isUnsettled = isMore || _watch.Inflight > 0 || (_statusHandle >= 0 && !_latest.IsSettled(_statusHandle));
            if (now < _closeDeadlineMs && _isReady && isUnsettled)
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
            _nextAttemptMs = 0;
            Progress.Set();
            return long.MaxValue;
        }

        /// <summary>What is known of a sink's subscription on the present link.</summary>
        private sealed class Subscription
        {
            public Subscription(IMessageSink sink)
            {
                Sink = sink;
            }

            public IMessageSink Sink { get; }

            public string Filter { get; private set; }

            public int PacketId { get; private set; }

            public long DeadlineMs { get; private set; }

            public bool IsAsked { get; private set; }

            public bool IsAnswered { get; set; }

            /// <summary>Gets a value indicating whether the broker has it: asked for on this link, or on an earlier one of a kept session.</summary>
            public bool IsHeld { get; private set; }

            public void Ask(string filter, int packetId, long deadlineMs)
            {
                Filter = filter;
                PacketId = packetId;
                DeadlineMs = deadlineMs;
                IsAsked = true;
                IsHeld = true;
                IsAnswered = false;
            }

            public void Reset(bool isKept)
            {
                IsHeld &= isKept;
                IsAsked = false;
                IsAnswered = false;
            }
        }
    }
}

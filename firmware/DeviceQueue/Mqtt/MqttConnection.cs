using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Keeps one MQTT session going: connects with backoff, a fresh link each time, and judges by what is unanswered
    /// whether the other side is alive. It has no thread: its driver calls <see cref="Poll"/>, always from the same
    /// thread.
    /// <para>
    /// What goes over a new link, in this order: the subscriptions, until each is answered or overdue; the status; each
    /// other latest value once; then one message of each source in turn, as many as the link takes at a time.
    /// Subscriptions that the broker refused are asked for again in between. When the broker may keep a message that is
    /// too large for this device, the subscriptions come last, after that message was cleared.
    /// </para>
    /// </summary>
    public sealed class MqttConnection : IHealthPart
    {
        /// <summary>The most sources, the latest values among them, and the most sinks.</summary>
        public const int MaxAttached = 8;

        /// <summary>The longest that a clean close waits for acknowledgements, in milliseconds.</summary>
        public const int CloseTimeoutMs = 2000;

        /// <summary>The longest that <see cref="Gate"/> can hold an attempt back, in milliseconds.</summary>
        public const int MaxHoldMs = 150000; // a minute for the clock, one for a pulse, and a reading

        private const int MaxEventsPerPoll = MqttLinkEventQueue.MaxAnswers;

        private readonly IClock _clock;
        private readonly MqttSession _session;
        private readonly object _lock = new object();
        private StatusTopic _status;

        // Written by the connection's thread, read by others: each a single word.
        private bool _isOpen;
        private bool _isClosing;
        private string _lastError;

        private long _closeDeadlineMs;

        /// <param name="platform">Its clock, jitter, links and network are used.</param>
        /// <param name="endpoints">Where to connect to, at least one; they are tried in turn.</param>
        /// <param name="options">Of these, retry_connect, reconnect_timeout and reconnect_max.</param>
        public MqttConnection(MqttPlatform platform, MqttLinkOptions[] endpoints, MqttOptions options, ILogger logger)
        {
            _clock = platform.Clock;
            Logger = logger;
            Connector = new LinkConnector(platform, endpoints, options, Wake);
            _session = new MqttSession(endpoints[0].KeepAliveSeconds, Wake, Progress, logger);
        }

        /// <summary>Gets the event that the driver of this connection waits on between polls.</summary>
        public AutoResetEvent Wake { get; } = new AutoResetEvent(false);

        /// <summary>Gets the event of each failed attempt, each link that is ready, and each close.</summary>
        public AutoResetEvent Progress { get; } = new AutoResetEvent(false);

        /// <summary>Gets or sets what is set whenever the broker has taken a message, or null.</summary>
        public AutoResetEvent Acknowledged
        {
            get => _session.Acknowledged;
            set => _session.Acknowledged = value;
        }

        /// <summary>Gets the topics of which only the newest value matters.</summary>
        public LatestValues LatestValues => _session.LatestValues;

        /// <summary>Gets whether the connection is wanted; the link may be down all the same.</summary>
        public bool IsOpen => _isOpen;

        /// <summary>Gets whether the link is up and every subscription answered, or overdue.</summary>
        public bool IsConnected => _session.IsReady;

        /// <summary>Gets whether the first attempt, or a link's subscriptions, have no answer yet.</summary>
        public bool IsConnecting =>
            _session.HasLink ? _session.IsSubscribing : Connects == 0 && _lastError == null && !IsWithoutNetwork;

        /// <summary>Gets why nothing arrives on a link that is up, in words, or <see langword="null"/>.</summary>
        public string SubscriptionFault => _session.SubscriptionFault;

        /// <summary>Gets whether the last attempt found no network to connect over.</summary>
        public bool IsWithoutNetwork => Connector.IsWithoutNetwork;

        /// <summary>Gets or sets what may hold a connect back, or <see langword="null"/>.</summary>
        public IConnectGate Gate
        {
            get => Connector.Gate;
            set => Connector.Gate = value;
        }

        /// <summary>Gets whether the broker keeps subscriptions, and what comes for them, without a link.</summary>
        public bool IsSessionKept => !Connector.Endpoints[0].CleanSession;

        /// <summary>Gets how often a link came up.</summary>
        public int Connects => _session.Connects;

        /// <summary>Gets how many arrived messages were lost because they were not taken in time.</summary>
        public int LostMessages => _session.LostMessages;

        /// <summary>Gets why the last attempt failed or the last link ended, or <see langword="null"/>.</summary>
        public string LastError => _lastError;

        internal LinkConnector Connector { get; }
        internal MqttSession Session => _session;
        internal StatusTopic Status => _status;
        internal ILogger Logger { get; }

        /// <summary>Adds something to publish from, which stays; earlier ones come first in each round.</summary>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IPublishSource source)
        {
            _session.Attach(source);
        }

        /// <summary>Adds a taker of messages, which stays; its filter is subscribed to whenever it has one.</summary>
        /// <param name="isOptional">Whether a refused or silent subscription is no fault.</param>
        /// <exception cref="InvalidStateException">There are <see cref="MaxAttached"/> already.</exception>
        public void Attach(IMessageSink sink, bool isOptional = false)
        {
            _session.Attach(sink, isOptional);
        }

        /// <summary>Sets, before Open, what the retained status says after each connect and before a close.</summary>
        public void SetStatus(string topic, string birth, string lastWill)
        {
            _status = new StatusTopic(topic, birth, lastWill, LatestValues);
            Attach(_status, true);
        }

        /// <summary>
        /// Sets, before Open, the topic on which the broker may keep a message that is too large for this device, and
        /// which never holds a retained message by right. The device clears it, and discards a kept session, when links
        /// end soon after they subscribed.
        /// </summary>
        public void SetCommandTopic(string topic)
        {
            _session.Guard = new RetainedMessageGuard(topic, LatestValues);
        }

        /// <summary>Asks for the connection; <see cref="Poll"/> does the work.</summary>
        public void Open()
        {
            lock (_lock)
            {
                _isClosing = false;
                Connector.Restart();
                _isOpen = true;
            }

            Wake.Set();
        }

        /// <summary>
        /// Asks for a clean end: what is due and the last will are published, then the link is closed and
        /// <see cref="IsOpen"/> turns false.
        /// </summary>
        public void BeginClose()
        {
            _isClosing = true;
            Wake.Set();
        }

        /// <summary>Does what is due. May block as long as the client library's connect does.</summary>
        /// <returns>The time of <see cref="IClock.NowMs"/> by which to call again; sooner when <see cref="Wake"/> is
        /// set.</returns>
        public long Poll()
        {
            if (!_isOpen)
            {
                return long.MaxValue;
            }

            long linkDue = PollLink(_clock.NowMs);
            long sinksDue = _isOpen ? _session.Subscriptions.Deliver(_clock) : long.MaxValue;
            return sinksDue < linkDue ? sinksDue : linkDue;
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            _session.WriteHealth(writer);
        }

        /// <summary>Ends the link, if there is one. Call from the thread that polls.</summary>
        /// <param name="isSilent">Whether because no answer came.</param>
        /// <param name="isClean">Whether with DISCONNECT, so that the broker does not publish the last will.</param>
        internal void EndLink(string reason, bool isSilent = false, bool isClean = false)
        {
            if (!_session.HasLink)
            {
                return;
            }

            bool isClosing = _isClosing;
            bool isByOtherSide = !_session.IsLinkOpen;
            Connector.WasReady |= _session.IsReady;
            _session.End(isClean);
            if (isClosing)
            {
                Logger.Log(LogLevel.Info, null, "connection closed");
            }
            else
            {
                OnLinkLost(reason, isByOtherSide, isSilent);
            }
        }

        private long PollLink(long now)
        {
            if (!_session.HasLink)
            {
                return _isClosing ? Finish() : PollOffline(now);
            }

            TakeEvents(now);
            string fault = _session.FindFault(now);
            if (fault != null)
            {
                EndLink(fault, _session.IsLinkOpen);
            }

            if (!_session.HasLink)
            {
                return _isClosing ? Finish() : DueOffline();
            }

            _session.Subscribe(now);
            return _isClosing ? PollClosing(now) : PollOnline(now);
        }

        private long PollOffline(long now)
        {
            bool isFresh = _session.IsSuspicious;
            string fault = null;
            IMqttLink link = now < Connector.DueMs ? null : Connector.TryOpen(isFresh, out fault);
            if (link != null)
            {
                return OnConnected(link, IsSessionKept && !isFresh);
            }

            if (fault != null)
            {
                Retry(fault);
            }

            return DueOffline();
        }

        private long DueOffline()
        {
            return _isOpen ? Connector.DueMs : long.MaxValue;
        }

        private long OnConnected(IMqttLink link, bool isSessionKept)
        {
            long now = _clock.NowMs;
            _session.Start(link, isSessionKept, now);
            Connector.Failures = 0;
            MqttLinkOptions endpoint = Connector.Endpoint;
            Logger.Log(LogLevel.Info, null, "connected to " + endpoint.Place + " as " + endpoint.ClientId);
            _session.Guard?.OnLinkUp(now, isSessionKept);
            _status?.SayBirth();
            _session.TellSources();
            return now;
        }

        private long PollOnline(long now)
        {
            if (_closeDeadlineMs != 0)
            {
                _closeDeadlineMs = 0; // opened again meanwhile
                _status?.SayBirth();
            }

            RetainedMessageGuard guard = _session.Guard;
            if (guard != null && guard.TryTrust(now))
            {
                Logger.Log(LogLevel.Info, null, "commands are taken again");
            }

            return _session.IsReady && _session.Publish(now) ? now : _session.Rest(now);
        }

        private void TakeEvents(long now)
        {
            int taken = 0;
            for (; taken < MaxEventsPerPoll && _session.TryTakeEvent(now, out MqttLinkEventKind kind); taken++)
            {
                if (kind == MqttLinkEventKind.Closed)
                {
                    EndLink("closed by the other side or by the network");
                }
                else if (kind == MqttLinkEventKind.Subscribed && _session.Subscriptions.Refused != null)
                {
                    _lastError = "subscription to " + _session.Subscriptions.Refused + " refused by the broker";
                }
            }

            if (taken == MaxEventsPerPoll)
            {
                Wake.Set(); // the link signals again only when all are taken
            }
        }

        private void OnLinkLost(string reason, bool isByOtherSide, bool isSilent)
        {
            long now = _clock.NowMs;
            bool isNew = Connector.OnLinkEnded(now - _session.StartedMs, isByOtherSide, isSilent);
            RetainedMessageGuard guard = _session.Guard;
            bool isTooLarge = guard != null && guard.OnLinkDown(now, isByOtherSide, IsSessionKept);
            if (isTooLarge)
            {
                Connector.StartLow();
            }

            Retry("link lost: " + reason);
            if (isTooLarge || Connector.IsEvicted)
            {
                string clientId = Connector.Endpoints[0].ClientId;
                _lastError = isTooLarge
                    ? guard.Describe(clientId, IsSessionKept)
                    : "links end again and again soon after the connect: the network cuts them, another client may "
                        + "connect as " + clientId + ", or a message is against the broker's rules; its log tells";
            }

            if (isTooLarge || isNew)
            {
                Logger.Log(isTooLarge && guard.BlockMs == 0 ? LogLevel.Warn : LogLevel.Error, null, _lastError);
            }
        }

        private void Retry(string reason)
        {
            Connector.Failures++;
            _lastError = reason;
            bool isOver = TryEnd(true);
            string what = isOver
                ? "; given up"
                : "; next attempt in " + Connector.PutOff(_clock.NowMs).ToString() + " ms";
            Logger.Log(isOver ? LogLevel.Error : LogLevel.Warn, null, reason + what);
            Progress.Set();
        }

        private long PollClosing(long now)
        {
            if (_closeDeadlineMs == 0)
            {
                _closeDeadlineMs = now + CloseTimeoutMs;
                _status?.SayLastWord();
            }

            bool isMore = IsConnected && _session.Publish(now);
            bool isSettled = _status == null || _status.IsSettled;
            if (now < _closeDeadlineMs && IsConnected && (isMore || !_session.IsIdle || !isSettled))
            {
                return isMore ? now : _closeDeadlineMs;
            }

            EndLink("closed by us", false, isSettled); // without DISCONNECT the broker says the last will in our place
            return Finish();
        }

        // Ends a close, unless the connection was opened again meanwhile.
        private long Finish()
        {
            _closeDeadlineMs = 0;
            Connector.Hurry();
            TryEnd(false);
            Progress.Set();
            return _isOpen ? _clock.NowMs : long.MaxValue;
        }

        // Gives up when each endpoint has failed, or ends a close; not when the connection was opened again meanwhile.
        private bool TryEnd(bool isGivenUp)
        {
            lock (_lock)
            {
                if (isGivenUp ? Connector.MayRetry : !_isClosing)
                {
                    return false;
                }

                _isOpen = false;
                _isClosing = false;
            }

            _closeDeadlineMs = 0;
            Connector.Hurry();
            return true;
        }
    }
}

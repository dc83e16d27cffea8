using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// What a connection's sinks are subscribed to: asks for it on each link, asks again for what was refused, and
    /// hands each arrived message to those whom it is for. Called from the connection's thread, but for
    /// <see cref="Add"/>.
    /// </summary>
    internal sealed class Subscriptions
    {
        /// <summary>
        /// How long a link waits for its SUBACKs before it is used, in milliseconds: a slow one may never show them.
        /// </summary>
        public const int ReadyTimeoutMs = 2000;

        /// <summary>
        /// How long to wait for SUBACK, in milliseconds; the client library reports a missing one by nothing at all.
        /// </summary>
        public const int SubackTimeoutMs = 10000;

        private readonly Subscription[] _subscriptions = new Subscription[MqttConnection.MaxAttached];
        private readonly LinkWatch _watch;
        private readonly AutoResetEvent _progress;
        private readonly ILogger _logger;
        private long _readyMs;
        private int _count;

        /// <summary>Initializes a new instance of the <see cref="Subscriptions"/> class.</summary>
        /// <param name="watch">Hears that an answer is due.</param>
        /// <param name="progress">Set when <see cref="IsReady"/> turns true.</param>
        /// <param name="logger">Hears of refusals, and of sinks that throw.</param>
        public Subscriptions(LinkWatch watch, AutoResetEvent progress, ILogger logger)
        {
            _watch = watch;
            _progress = progress;
            _logger = logger;
        }

        /// <summary>
        /// Gets or sets what may put subscribing off, during which the link may be used; or <see langword="null"/>.
        /// </summary>
        public RetainedMessageGuard Guard { get; set; }

        /// <summary>Gets how many sinks there are.</summary>
        public int Count => _count;

        /// <summary>
        /// Gets a value indicating whether the link may be used: every subscription was answered once, or the time for
        /// that is over; one that is added later does not change it.
        /// </summary>
        public bool IsReady { get; private set; }

        /// <summary>Gets the filter of a subscription that the broker refuses, or <see langword="null"/>.</summary>
        public string Refused { get; private set; }

        /// <summary>Gets how many messages are gone because a sink threw.</summary>
        public int LostMessages { get; private set; }

        /// <summary>Adds a sink; one at a time, and no more than there are places. It stays.</summary>
        /// <param name="isOptional">Whether a refusal or a silence is no fault.</param>
        public void Add(IMessageSink sink, bool isOptional)
        {
            _subscriptions[_count] = new Subscription(sink, isOptional);
            Interlocked.Increment(ref _count); // the connection's thread must not see the count before the sink
        }

        public void OnLinkUp(long nowMs)
        {
            _readyMs = nowMs + ReadyTimeoutMs;
        }

        /// <summary>Asks for what is wanted and due, and takes back what is no longer wanted.</summary>
        /// <param name="isIdle">Whether all that waited to be sent is acknowledged.</param>
        public void Update(IMqttLink link, long nowMs, bool isIdle)
        {
            bool isReady = true;
            bool isAllowed = Guard == null || Guard.MaySubscribe(nowMs, isIdle);
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                string filter = subscription.Sink.Filter;
                if (filter == null && subscription.IsHeld)
                {
                    TakeBack(subscription, link, nowMs);
                }
                else if (filter != null && isAllowed && subscription.MayAsk && nowMs >= subscription.DueMs)
                {
                    Ask(subscription, filter, link, nowMs);
                    Guard?.OnSubscribe(nowMs);
                }

                isReady &= !isAllowed || filter == null || subscription.IsOptional || subscription.IsAnswered;
            }

            if (!IsReady && (isReady || nowMs >= _readyMs))
            {
                IsReady = true;
                _progress.Set();
            }
        }

        /// <summary>Notes a SUBACK.</summary>
        public void OnAnswer(int packetId, bool isGranted, long nowMs)
        {
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                if (subscription.IsAwaited && subscription.PacketId == packetId)
                {
                    bool wasRefused = subscription.IsRefused;
                    subscription.OnAnswer(isGranted, nowMs);
                    if (wasRefused == isGranted && !subscription.IsOptional)
                    {
                        LogLevel level = isGranted ? LogLevel.Info : LogLevel.Error;
                        Log(level, subscription.Filter, isGranted ? " granted" : " refused by the broker");
                    }

                    Refused = FindRefused();
                    return;
                }
            }
        }

        /// <summary>Hands a message to each sink whose filter its topic matches.</summary>
        /// <param name="message">The message.</param>
        /// <param name="isSessionKept">Whether it may come of a subscription that was asked for on an earlier
        /// link.</param>
        public void OnMessage(MqttLinkEvent message, bool isSessionKept)
        {
            for (int i = 0; i < _count; i++)
            {
                IMessageSink sink = _subscriptions[i].Sink;
                string filter = sink.Filter ?? (isSessionKept ? sink.Topic : null);
                if (filter == null || !TopicFilter.Matches(filter, message.Topic))
                {
                    continue;
                }

                try
                {
                    sink.OnMessage(message.Topic, message.Payload, message.IsRetained);
                }
                catch (Exception e)
                {
                    LostMessages++;
                    string text = "a message on " + message.Topic + " is lost: " + MqttLinkResult.Describe(e);
                    _logger.Log(LogLevel.Error, null, text);
                }
            }
        }

        /// <summary>Tells which SUBACK has not come in time.</summary>
        /// <returns>What is missing, in words, or <see langword="null"/>.</returns>
        public string FindFault(long nowMs)
        {
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                if (subscription.IsAwaited && !subscription.IsOptional && nowMs >= subscription.DueMs)
                {
                    return "no SUBACK for " + subscription.Filter;
                }
            }

            return null;
        }

        /// <summary>Gets when time alone makes <see cref="Update"/> or <see cref="FindFault"/> worth a call.</summary>
        /// <returns>A time after <paramref name="nowMs"/>, or <see cref="long.MaxValue"/>.</returns>
        public long GetDueMs(long nowMs)
        {
            long due = IsReady ? long.MaxValue : _readyMs;
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                bool isDue = (subscription.IsAwaited || subscription.MayAsk) && subscription.DueMs > nowMs;
                due = isDue && subscription.DueMs < due ? subscription.DueMs : due;
            }

            long guardDue = Guard == null ? long.MaxValue : Guard.GetDueMs(nowMs);
            return guardDue < due ? guardDue : due;
        }

        /// <summary>Forgets what was asked for on the link that has ended.</summary>
        /// <param name="isSessionKept">Whether the broker keeps what it has granted.</param>
        public void OnLinkDown(bool isSessionKept)
        {
            IsReady = false;
            Refused = null;
            for (int i = 0; i < _count; i++)
            {
                _subscriptions[i].Reset(isSessionKept);
            }
        }

        /// <summary>Lets each sink hand on what it has taken.</summary>
        /// <returns>The earliest time at which one wants to be called again, <see cref="long.MaxValue"/> when none
        /// does.</returns>
        public long Deliver(IClock clock)
        {
            long due = long.MaxValue;
            for (int i = 0; i < _count; i++)
            {
                long sinkDue = _subscriptions[i].Sink.Deliver(clock.NowMs);
                due = sinkDue < due ? sinkDue : due;
            }

            return due;
        }

        private void Ask(Subscription subscription, string filter, IMqttLink link, long nowMs)
        {
            int id = link.TrySubscribe(filter, subscription.Sink.FilterQos);
            subscription.Ask(filter, id, nowMs);
            if (id != 0 && !subscription.IsOptional)
            {
                _watch.OnAsked(nowMs);
            }
        }

        private void TakeBack(Subscription subscription, IMqttLink link, long nowMs)
        {
            subscription.Reset(false);
            Refused = FindRefused();
            for (int i = 0; i < _count; i++)
            {
                if (_subscriptions[i].IsHeld && _subscriptions[i].Filter == subscription.Filter)
                {
                    return; // the broker has one subscription for both
                }
            }

            if (link.TryUnsubscribe(subscription.Filter) != 0)
            {
                _watch.OnAsked(nowMs);
            }
        }

        private string FindRefused()
        {
            for (int i = 0; i < _count; i++)
            {
                if (_subscriptions[i].IsRefused && !_subscriptions[i].IsOptional)
                {
                    return _subscriptions[i].Filter;
                }
            }

            return null;
        }

        private void Log(LogLevel level, string filter, string what)
        {
            _logger.Log(level, null, "subscription to " + filter + what);
        }

        /// <summary>
        /// What is known of a sink's subscription on the present link; few fields, because there is one for each.
        /// </summary>
        private sealed class Subscription
        {
            private const int RefusalsMask = RetryPolicy.MaxCounted;
            private const int Optional = 8;
            private const int Held = 16;
            private const int Granted = 32;
            private const int PacketIdShift = 8;
            private const int StateMask = (1 << PacketIdShift) - 1;

            // How often in a row the broker has refused, flags, and the id of a request that has no answer yet.
            private int _state;

            public Subscription(IMessageSink sink, bool isOptional)
            {
                Sink = sink;
                _state = isOptional ? Optional : 0;
            }

            public IMessageSink Sink { get; }

            public string Filter { get; private set; }

            /// <summary>Gets the id of a request that has no answer yet, or 0.</summary>
            public int PacketId => _state >> PacketIdShift;

            /// <summary>Gets when an answer is overdue, or when to ask.</summary>
            public long DueMs { get; private set; }

            public bool IsOptional => (_state & Optional) != 0;

            /// <summary>
            /// Gets a value indicating whether the broker has it: asked for on this link, or on an earlier one of a
            /// kept session.
            /// </summary>
            public bool IsHeld => (_state & Held) != 0;

            public bool IsRefused => (_state & RefusalsMask) != 0;

            public bool IsAwaited => PacketId != 0;

            public bool IsAnswered => (_state & (Granted | RefusalsMask)) != 0;

            public bool MayAsk => !IsAwaited && (_state & Granted) == 0 && !(IsOptional && IsRefused);

            public void Ask(string filter, int packetId, long nowMs)
            {
                Filter = filter;
                _state = (_state & StateMask) | (packetId << PacketIdShift) | (packetId != 0 ? Held : 0);
                DueMs = nowMs + (packetId == 0 ? RetryPolicy.FirstDelayMs : SubackTimeoutMs);
            }

            public void OnAnswer(bool isGranted, long nowMs)
            {
                int refusals = _state & RefusalsMask;
                DueMs = nowMs + RetryPolicy.GetDelayMs(refusals);
                _state = (_state & (Optional | Held)) | (isGranted ? Granted : RetryPolicy.CountUp(refusals));
            }

            public void Reset(bool isKept)
            {
                _state &= Optional | (isKept ? Held : 0);
                DueMs = 0;
            }
        }
    }
}

using System;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Platform;

namespace DeviceQueue.Connecting
{
    /// <summary>
    /// What a connection's sinks are subscribed to: asks for it on each link, waits for SUBACK, and hands each arrived message to whom it is for. Called from the
    /// connection's thread, but for <see cref="Add"/>.
    /// </summary>
    internal sealed class Subscriptions
    {
        private readonly Subscription[] _subscriptions = new Subscription[MqttConnection.MaxAttached];
        private readonly LinkWatch _watch;
        private readonly AutoResetEvent _progress;
        private readonly ILogger _logger;
        private int _count;

        /// <summary>Initializes a new instance of the <see cref="Subscriptions"/> class.</summary>
        /// <param name="watch">Hears that an answer is due.</param>
        /// <param name="progress">Set when <see cref="IsReady"/> turns true.</param>
        /// <param name="logger">Hears of sinks that throw.</param>
        public Subscriptions(LinkWatch watch, AutoResetEvent progress, ILogger logger)
        {
            _watch = watch;
            _progress = progress;
            _logger = logger;
        }

        /// <summary>Gets how many sinks there are.</summary>
        public int Count => _count;

        /// <summary>Gets a value indicating whether every subscription on the link was answered once; one that is added later does not change it.</summary>
        public bool IsReady { get; private set; }

        /// <summary>Gets how many messages are gone because a sink threw.</summary>
        public int LostMessages { get; private set; }

        /// <summary>Adds a sink, for good; one at a time, and no more than there are places.</summary>
        public void Add(IMessageSink sink)
        {
            _subscriptions[_count] = new Subscription(sink);
            Interlocked.Increment(ref _count); // the connection's thread must not see the count before the sink
        }

        /// <summary>Asks for what is wanted and not asked for yet, and takes back what is no longer wanted.</summary>
        public void Update(IMqttLink link, long nowMs)
        {
            bool isReady = true;
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                string filter = subscription.Sink.Filter;
                if (filter == null && subscription.IsHeld)
                {
                    TakeBack(subscription, link, nowMs);
                }
                else if (filter != null && !subscription.IsAsked)
                {
                    int id = link.TrySubscribe(filter, subscription.Sink.FilterQos); // 0: not taken, so no SUBACK comes and the link is given up
                    subscription.Ask(filter, id, nowMs + MqttConnection.SubackTimeoutMs);
                    _watch.OnAsked(nowMs);
                }

                isReady &= filter == null || subscription.IsAnswered;
            }

            if (isReady && !IsReady)
            {
                IsReady = true;
                _progress.Set();
            }
        }

        /// <summary>Notes a SUBACK.</summary>
        /// <returns>The filter, when the broker refused it, else <see langword="null"/>.</returns>
        public string OnAnswer(int packetId, bool isSuccess)
        {
            for (int i = 0; i < _count; i++)
            {
                Subscription subscription = _subscriptions[i];
                if (subscription.PacketId == packetId && subscription.IsAsked && !subscription.IsAnswered)
                {
                    subscription.IsAnswered = true;
                    return isSuccess ? null : subscription.Filter;
                }
            }

            return null;
        }

        /// <summary>Hands a message to each sink whose filter its topic matches.</summary>
        /// <param name="message">The message.</param>
        /// <param name="isSessionKept">Whether it may come of a subscription that was asked for on an earlier link.</param>
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
                    _logger.Log(LogLevel.Error, null, "message on " + message.Topic + ": " + e.ToString());
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
                if (subscription.IsAsked && !subscription.IsAnswered && nowMs >= subscription.DeadlineMs)
                {
                    return "no SUBACK for " + subscription.Filter;
                }
            }

            return null;
        }

        /// <summary>Forgets what was asked for on the link that has ended.</summary>
        /// <param name="isSessionKept">Whether the broker keeps what it has granted.</param>
        public void OnLinkDown(bool isSessionKept)
        {
            IsReady = false;
            for (int i = 0; i < _count; i++)
            {
                _subscriptions[i].Reset(isSessionKept);
            }
        }

        /// <summary>Lets each sink hand on what it has taken.</summary>
        /// <returns>The earliest time at which one wants to be called again, <see cref="long.MaxValue"/> when none does.</returns>
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

        private void TakeBack(Subscription subscription, IMqttLink link, long nowMs)
        {
            subscription.Reset(false);
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

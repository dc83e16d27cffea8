using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// What goes over a connection's link and what comes over it: subscriptions, the sources' messages in turn, and the
    /// answers to both, from which it judges whether the link is alive. Called from the connection's thread, but for
    /// what attaches.
    /// </summary>
    internal sealed class MqttSession
    {
        private const int MaxPublishesPerPoll = 16;
        private const int PollMs = 5000;

        private readonly IPublishSource[] _sources = new IPublishSource[MqttConnection.MaxAttached];
        private readonly PublishRequest _request = new PublishRequest();
        private readonly MqttLinkEvent _event = new MqttLinkEvent();
        private readonly LatestValues _latest;
        private readonly Subscriptions _subscriptions;
        private readonly LinkWatch _watch;
        private IMqttLink _link;
        private bool _isKept;
        private int _count;
        private int _next;
        private int _lostOnEarlierLinks;
        private int _lostOnLink;

        /// <param name="keepAliveSeconds">The keepalive of the links.</param>
        /// <param name="wake">Set when there is something to publish.</param>
        /// <param name="progress">Set when <see cref="IsReady"/> turns true.</param>
        /// <param name="logger">Hears of refusals, and of sinks that throw.</param>
        public MqttSession(int keepAliveSeconds, AutoResetEvent wake, AutoResetEvent progress, ILogger logger)
        {
            _watch = new LinkWatch(keepAliveSeconds);
            _subscriptions = new Subscriptions(_watch, progress, logger);
            _latest = new LatestValues(wake);
            Attach(_latest);
        }

        /// <summary>Gets the first source: the status, and the states that go with it.</summary>
        public LatestValues LatestValues => _latest;

        public Subscriptions Subscriptions => _subscriptions;

        /// <summary>Gets or sets what may put subscribing off, or <see langword="null"/>.</summary>
        public RetainedMessageGuard Guard
        {
            get => _subscriptions.Guard;
            set => _subscriptions.Guard = value;
        }

        /// <summary>
        /// Gets a value indicating whether the broker is to forget the session, because it may keep a message that is
        /// too large.
        /// </summary>
        public bool IsSuspicious => Guard != null && Guard.IsSuspicious;

        /// <summary>Gets or sets what is set at each acknowledgement, or <see langword="null"/>.</summary>
        public AutoResetEvent Acknowledged { get; set; }

        /// <summary>Gets how often a link came up.</summary>
        public int Connects { get; private set; }

        /// <summary>Gets when the last link came up.</summary>
        public long StartedMs { get; private set; }

        /// <summary>Gets a value indicating whether there is a link.</summary>
        public bool HasLink => _link != null;

        /// <summary>Gets a value indicating whether the link, if there is one, has not been closed.</summary>
        public bool IsLinkOpen => _link != null && _link.IsOpen;

        /// <summary>Gets a value indicating whether every subscription is answered, or overdue.</summary>
        public bool IsReady => _subscriptions.IsReady;

        /// <summary>Gets a value indicating whether a subscription is still to come, or has no answer yet.</summary>
        public bool IsSubscribing => !IsReady || (Guard != null && Guard.IsHoldingBack);

        /// <summary>Gets why nothing arrives on a link that is up, in words, or <see langword="null"/>.</summary>
        public string SubscriptionFault =>
            Guard != null && Guard.BlockMs > 0 ? "blocked by a message that is too large"
            : _subscriptions.Refused != null ? "subscription refused by the broker" : null;

        /// <summary>Gets a value indicating whether all that was sent is acknowledged.</summary>
        public bool IsIdle => _watch.Inflight == 0;

        /// <summary>Gets when the other side was heard last, or 0.</summary>
        public long LastHeardMs => _watch.LastHeardMs;

        /// <summary>Gets a value indicating whether no source has a message that waits.</summary>
        public bool HasNothingDue
        {
            get
            {
                for (int i = 0; i < _count; i++)
                {
                    if (_sources[i].GetDueMs() != long.MaxValue)
                    {
                        return false;
                    }
                }

                return true;
            }
        }

        /// <summary>Gets how many messages came and were lost.</summary>
        public int LostMessages => _lostOnEarlierLinks + _lostOnLink + _subscriptions.LostMessages;

        public void Attach(IPublishSource source)
        {
            lock (_sources)
            {
                CheckPlace(_count);
                _sources[_count] = source;
                Interlocked.Increment(ref _count); // the connection's thread must not see the count before the source
            }
        }

        public void Attach(IMessageSink sink, bool isOptional)
        {
            lock (_sources)
            {
                CheckPlace(_subscriptions.Count);
                _subscriptions.Add(sink, isOptional);
            }
        }

        /// <summary>Begins with a link that has just come up.</summary>
        /// <param name="isKept">Whether the broker keeps the session when the link ends.</param>
        public void Start(IMqttLink link, bool isKept, long nowMs)
        {
            _link = link;
            _isKept = isKept;
            StartedMs = nowMs;
            Connects++;
            _watch.Start(link, nowMs);
            _subscriptions.OnLinkUp(nowMs);
        }

        /// <summary>Tells the sources that there is a link.</summary>
        public void TellSources()
        {
            for (int i = 0; i < _count; i++)
            {
                _sources[i].OnLinkUp();
            }
        }

        /// <summary>Closes the link.</summary>
        /// <param name="isClean">Whether with DISCONNECT, so that the broker does not publish the last will.</param>
        public void End(bool isClean)
        {
            IMqttLink link = _link;
            _link = null;
            _lostOnEarlierLinks += link.DroppedMessages;
            _lostOnLink = 0;
            _subscriptions.OnLinkDown(_isKept);
            for (int i = 0; i < _count; i++)
            {
                _sources[i].OnLinkDown();
            }

            link.Close(isClean);
        }

        /// <summary>Takes an event of the link, if there is one.</summary>
        /// <param name="kind">What it was; with <see cref="MqttLinkEventKind.Closed"/> the link is to be ended.</param>
        public bool TryTakeEvent(long nowMs, out MqttLinkEventKind kind)
        {
            kind = MqttLinkEventKind.Alive;
            if (_link == null || !_link.TryTakeEvent(_event))
            {
                _lostOnLink = _link == null ? 0 : _link.DroppedMessages;
                return false;
            }

            kind = _event.Kind;
            if (kind == MqttLinkEventKind.Published)
            {
                OnPublished(nowMs);
            }
            else if (kind != MqttLinkEventKind.Closed)
            {
                _watch.OnHeard(nowMs);
                if (kind == MqttLinkEventKind.Subscribed)
                {
                    _subscriptions.OnAnswer(_event.PacketId, _event.IsSuccess, nowMs);
                }
                else if (kind == MqttLinkEventKind.Message)
                {
                    _subscriptions.OnMessage(_event, _isKept);
                    _event.Payload = null;
                }
            }

            return true;
        }

        /// <summary>Tells why the link is to be ended.</summary>
        /// <returns>Why, in words, or <see langword="null"/>.</returns>
        public string FindFault(long nowMs)
        {
            return _link == null ? null : _watch.FindFault(nowMs) ?? _subscriptions.FindFault(nowMs);
        }

        /// <summary>Asks for what is wanted and due, and takes back what is no longer wanted.</summary>
        public void Subscribe(long nowMs)
        {
            _subscriptions.Update(_link, nowMs, false);
        }

        /// <summary>
        /// Publishes a bounded number of messages: first each latest value once, the status before all, then one of
        /// each source in turn.
        /// </summary>
        /// <returns>Whether there is more that could be sent now.</returns>
        public bool Publish(long nowMs)
        {
            int idle = 0;
            for (int sent = 0; sent < MaxPublishesPerPoll && idle < _count;)
            {
                if (_watch.Inflight >= _link.MaxInflight)
                {
                    return false;
                }

                bool isGreeting = !_latest.IsSaid;
                IPublishSource source = isGreeting ? _latest : _sources[_next];
                _next = isGreeting ? 0 : (_next + 1) % _count;
                if (!source.TryTake(nowMs, _request))
                {
                    idle = isGreeting ? _count : idle + 1;
                    continue;
                }

                idle = 0;
                sent++;
                if (!TryHandOver(source, nowMs))
                {
                    return false;
                }
            }

            return idle < _count;
        }

        /// <summary>
        /// Does what is due when there is nothing to publish: subscribes to what waits until all is acknowledged, and
        /// asks for a sign of life when an answer is late.
        /// </summary>
        /// <returns>When to look at the link again though nothing happens.</returns>
        public long Rest(long nowMs)
        {
            if (_watch.Inflight == 0)
            {
                _subscriptions.Update(_link, nowMs, true);
            }

            _watch.ProbeIfLate(nowMs);
            long due = nowMs + PollMs;
            long otherDue = _subscriptions.GetDueMs(nowMs);
            due = otherDue < due ? otherDue : due;
            otherDue = _watch.DueMs;
            due = otherDue < due ? otherDue : due;
            for (int i = 0; i < _count; i++)
            {
                long sourceDue = _sources[i].GetDueMs();
                due = sourceDue < due && sourceDue > nowMs ? sourceDue : due;
            }

            return due;
        }

        /// <summary>Writes the connection's share of a health report.</summary>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("reconnects");
            writer.WriteNumber(Connects > 0 ? Connects - 1 : 0);
            if (Guard != null && Guard.DiscardedSessions > 0)
            {
                writer.Name("session_discarded");
                writer.WriteNumber(Guard.DiscardedSessions);
            }

            string fault = SubscriptionFault; // another thread sets it
            if (fault != null)
            {
                writer.Name("commands");
                writer.WriteText(fault);
            }
        }

        private static void CheckPlace(int count)
        {
            if (count == MqttConnection.MaxAttached)
            {
                throw new InvalidStateException(
                    InvalidStateException.NoConnection,
                    "a connection has places for " + MqttConnection.MaxAttached.ToString() + ", all taken");
            }
        }

        // Tells the source whose message it was of its fate.
        private void OnPublished(long nowMs)
        {
            _watch.OnPublished(_event.IsSuccess, nowMs);
            for (int i = 0; i < _count; i++)
            {
                if (_sources[i].OnPublished(_event.PacketId, _event.IsSuccess, nowMs))
                {
                    if (Acknowledged != null)
                    {
                        Acknowledged.Set();
                    }

                    return;
                }
            }
        }

        private bool TryHandOver(IPublishSource source, long nowMs)
        {
            _subscriptions.Update(_link, nowMs, false); // who subscribed before this was sent is to receive it
            int id = _link.TryPublish(_request.Topic, _request.Payload, _request.Qos, _request.Retain);
            _request.Payload = null;
            if (id != 0)
            {
                source.OnHandedOver(id);
                _watch.OnTaken(_request.Qos, nowMs);
                return true;
            }

            if (_link.IsOpen)
            {
                // The client library refused this message and may always do so: like one that stays unanswered, it must
                // not hold up the others.
                source.OnRefused(nowMs);
                _watch.OnUnanswered(nowMs);
            }
            else
            {
                source.OnHandedOver(0); // the link went down under us: its Closed event follows
            }

            return false;
        }
    }
}

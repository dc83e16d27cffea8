using System.Threading;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Takes from a connection's sources in turn what the link may have, and tells them what became of it. Called from
    /// the connection's thread, but for <see cref="Add"/>.
    /// </summary>
    internal sealed class Publisher
    {
        private const int MaxPublishesPerPoll = 16;

        private readonly IPublishSource[] _sources = new IPublishSource[MqttConnection.MaxAttached];
        private readonly PublishRequest _request = new PublishRequest();
        private readonly LatestValues _latest;
        private readonly Subscriptions _subscriptions;
        private readonly LinkWatch _watch;
        private int _count;
        private int _next;

        /// <summary>Initializes a new instance of the <see cref="Publisher"/> class.</summary>
        /// <param name="latest">The first source: birth, and the states that go with it.</param>
        /// <param name="subscriptions">What is asked for before anything that was sent later.</param>
        /// <param name="watch">Counts what is unanswered.</param>
        public Publisher(LatestValues latest, Subscriptions subscriptions, LinkWatch watch)
        {
            _latest = latest;
            _subscriptions = subscriptions;
            _watch = watch;
            Add(latest);
        }

        /// <summary>Gets how many sources there are.</summary>
        public int Count => _count;

        /// <summary>Adds a source, for good; one at a time, and no more than there are places.</summary>
        public void Add(IPublishSource source)
        {
            _sources[_count] = source;
            Interlocked.Increment(ref _count); // the connection's thread must not see the count before the source
        }

        /// <summary>Tells the sources that there is a link.</summary>
        public void OnLinkUp()
        {
            for (int i = 0; i < _count; i++)
            {
                _sources[i].OnLinkUp();
            }
        }

        /// <summary>Tells the sources that the link is gone.</summary>
        public void OnLinkDown()
        {
            for (int i = 0; i < _count; i++)
            {
                _sources[i].OnLinkDown();
            }
        }

        /// <summary>Tells the source whose message it was of its fate.</summary>
        public void OnPublished(int packetId, bool isPublished, long nowMs)
        {
            _watch.OnPublished(isPublished, nowMs);
            for (int i = 0; i < _count; i++)
            {
                if (_sources[i].OnPublished(packetId, isPublished, nowMs))
                {
                    return;
                }
            }
        }

        /// <summary>
        /// Publishes a bounded number of messages: first each latest value once, the status before all, then one of
        /// each source in turn.
        /// </summary>
        /// <returns>Whether there is more that could be sent now.</returns>
        public bool Publish(IMqttLink link, long nowMs)
        {
            int idle = 0;
            for (int sent = 0; sent < MaxPublishesPerPoll && idle < _count;)
            {
                if (_watch.Inflight >= link.MaxInflight)
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
                if (!TryHandOver(source, link, nowMs))
                {
                    return false;
                }
            }

            return idle < _count;
        }

        /// <summary>Gets when time alone makes <see cref="Publish"/> worth a call.</summary>
        /// <returns>A time after <paramref name="nowMs"/>, or <see cref="long.MaxValue"/>.</returns>
        public long GetDueMs(long nowMs)
        {
            long due = long.MaxValue;
            for (int i = 0; i < _count; i++)
            {
                long sourceDue = _sources[i].GetDueMs();
                due = sourceDue < due && sourceDue > nowMs ? sourceDue : due;
            }

            return due;
        }

        private bool TryHandOver(IPublishSource source, IMqttLink link, long nowMs)
        {
            _subscriptions.Update(link, nowMs, false); // who subscribed before this was sent is to receive it
            int id = link.TryPublish(_request.Topic, _request.Payload, _request.Qos, _request.Retain);
            _request.Payload = null;
            if (id != 0)
            {
                source.OnHandedOver(id);
                _watch.OnTaken(_request.Qos, nowMs);
                return true;
            }

            if (link.IsOpen)
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

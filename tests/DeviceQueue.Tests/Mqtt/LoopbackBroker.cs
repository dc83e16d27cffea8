using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>
/// A broker that answers at once, for queues that a thread of their own drives; what is published comes back to who
/// subscribed.
/// </summary>
internal sealed class LoopbackBroker : IMqttLinkFactory
{
    private const int PatienceMs = 30000;

    private readonly Lock _lock = new();
    private readonly List<Link> _links = [];
    private readonly List<MqttLinkOptions> _attempts = [];

    /// <summary>Gets or sets what CONNECT is answered with.</summary>
    public Func<MqttLinkOptions, MqttLinkResult> Connack { get; set; } = _ => new(MqttLinkError.None, 0, null);

    /// <summary>Gets the gate that holds a connect while it is closed.</summary>
    public ManualResetEventSlim Gate { get; } = new(true);

    /// <summary>Gets what is set when a link is closed by us.</summary>
    public SemaphoreSlim Closed { get; } = new(0);

    public MqttLinkOptions[] Attempts
    {
        get
        {
            lock (_lock)
            {
                return [.. _attempts];
            }
        }
    }

    public int OpenLinks
    {
        get
        {
            lock (_lock)
            {
                return _links.Count(link => link.IsOpen);
            }
        }
    }

    public string[] Filters
    {
        get
        {
            lock (_lock)
            {
                return [.. _links.SelectMany(link => link.Filters)];
            }
        }
    }

    public List<(string Topic, byte[] Payload, int Qos, bool Retain)> Published { get; } = [];

    public IMqttLink Create(AutoResetEvent wake) => new Link(this, wake);

    /// <summary>Sends a message to who subscribed.</summary>
    public void Publish(string topic, byte[] payload)
    {
        lock (_lock)
        {
            foreach (Link link in _links.Where(link => link.Filters.Any(filter => TopicFilter.Matches(filter, topic))))
            {
                link.Events.AddMessage(topic, payload, false);
            }
        }
    }

    private sealed class Link(LoopbackBroker broker, AutoResetEvent wake) : IMqttLink
    {
        private int _lastId;

        public MqttLinkEventQueue Events { get; } = new(wake);

        public List<string> Filters { get; } = [];

        public bool IsOpen { get; private set; }

        public int MaxInflight => 18;

        public int DroppedMessages => Events.DroppedMessages;

        public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
        {
            lock (broker._lock)
            {
                broker._attempts.Add(options);
                broker._links.Add(this);
            }

            broker.Gate.Wait(PatienceMs);
            MqttLinkResult result = broker.Connack(options);
            IsOpen = result.Error == MqttLinkError.None;
            return result;
        }

        public int TryPublish(string topic, byte[] payload, int qos, bool retain)
        {
            lock (broker._lock)
            {
                broker.Published.Add((topic, payload, qos, retain));
            }

            broker.Publish(topic, payload);
            _lastId++;
            if (qos > 0)
            {
                Events.AddPublished(_lastId, true);
            }

            return _lastId;
        }

        public int TrySubscribe(string filter, int qos)
        {
            lock (broker._lock)
            {
                Filters.Add(filter);
            }

            Events.AddSubscribed(++_lastId, true);
            return _lastId;
        }

        public int TryUnsubscribe(string filter)
        {
            lock (broker._lock)
            {
                Filters.Remove(filter);
            }

            Events.AddAlive();
            return ++_lastId;
        }

        public bool TryProbe()
        {
            Events.AddAlive();
            return true;
        }

        public bool TryTakeEvent(MqttLinkEvent e) => Events.TryTake(e);

        public void Close(bool isClean)
        {
            lock (broker._lock)
            {
                IsOpen = false;
                Filters.Clear();
            }

            broker.Closed.Release();
        }
    }
}

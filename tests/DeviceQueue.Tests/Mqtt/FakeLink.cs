using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>
/// A link that behaves as nanoFramework's client: an unanswered publish goes out three times, a second apart, and is
/// then given up; a later PUBACK or SUBACK is ignored; a missing SUBACK is reported by nothing.
/// </summary>
internal sealed class FakeLink(FakeBroker broker, AutoResetEvent wake, int number) : IMqttLink
{
    private const int AttemptMs = 1000;
    private const int Attempts = 3;
    private const int ProbeMs = 20;

    private readonly MqttLinkEventQueue _events = broker.IsBurstKept
        ? new(wake, MqttLinkEventQueue.BurstMessages, MqttLinkEventQueue.BurstBytes)
        : new(wake);
    private readonly PriorityQueue<Action, (long DueMs, int Order)> _pending = new();
    private readonly HashSet<int> _unanswered = [];
    private int _lastPacketId;
    private int _order;

    public bool IsOpen { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>
    /// Gets a value indicating whether it was ended with DISCONNECT, upon which a broker discards the last will.
    /// </summary>
    public bool IsClosedCleanly { get; private set; }

    public bool IsSessionClean { get; private set; }

    public MqttLinkOptions? Options { get; private set; }

    /// <summary>Gets the filters that are subscribed to.</summary>
    public List<string> Filters { get; } = [];

    public List<string> Unsubscribed { get; } = [];

    public int MaxInflight => 18;

    public int DroppedMessages => _events.DroppedMessages;

    public long NextDueMs => _pending.TryPeek(out _, out var due) ? due.DueMs : long.MaxValue;

    private long NowMs => broker.Clock.NowMs;

    public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
    {
        Assert.False(IsClosed || Options is not null, "a link that has ended is not opened again");
        Options = options;
        IsSessionClean = cleanSession;
        broker.Attempts.Add((NowMs, options.Host));
        broker.Clock.NowMs += broker.ConnectMs;
        if (!broker.IsUp)
        {
            return new MqttLinkResult(MqttLinkError.Tcp, 0, "connection refused");
        }

        MqttLinkResult result = broker.Connack?.Invoke(options) ?? new MqttLinkResult(MqttLinkError.None, 0, null);
        IsOpen = result.Error == MqttLinkError.None;
        if (IsOpen && broker.IsTooLargeInSession(cleanSession))
        {
            After(broker.TooLargeMs, Drop);
        }

        return result;
    }

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        broker.Publishing(this, topic);
        if (!IsOpen || broker.Refuses(topic))
        {
            return 0;
        }

        int id = ++_lastPacketId;
        Send(new Arrival(NowMs, number, topic, payload, qos, retain, false));
        if (qos > 0)
        {
            AwaitPuback(id, new Arrival(NowMs, number, topic, payload, qos, retain, true));
        }

        return id;
    }

    public int TrySubscribe(string filter, int qos)
    {
        if (!IsOpen)
        {
            return 0;
        }

        Filters.Add(filter);
        int id = ++_lastPacketId;
        if (broker.SubackMs is { } delayMs && delayMs < AttemptMs * Attempts && !broker.IsBlackHole)
        {
            bool isGranted = !broker.RefusesSubscriptions && !broker.RefusedFilters.Contains(filter);
            After(delayMs, () => _events.AddSubscribed(id, isGranted));
            if (broker.TooLargeTopic == filter)
            {
                After(broker.TooLargeMs, Drop);
            }
        }

        return id;
    }

    public int TryUnsubscribe(string filter)
    {
        if (!IsOpen)
        {
            return 0;
        }

        Filters.Remove(filter);
        Unsubscribed.Add(filter);
        TryProbe();
        return ++_lastPacketId;
    }

    public bool TryProbe()
    {
        if (IsOpen && broker.AnswersProbes && !broker.IsBlackHole)
        {
            After(ProbeMs, _events.AddAlive);
        }

        return IsOpen;
    }

    public bool TryTakeEvent(MqttLinkEvent e) => _events.TryTake(e);

    public void Close(bool isClean)
    {
        IsOpen = false;
        IsClosed = true;
        IsClosedCleanly = isClean;
        _pending.Clear();
        Action closing = broker.Closing;
        broker.Closing = () => { };
        closing();
    }

    public void Drop()
    {
        if (IsOpen)
        {
            IsOpen = false;
            _pending.Clear();
            _events.AddClosed();
        }
    }

    public void Deliver(string topic, byte[] payload, bool isRetained) =>
        _events.AddMessage(topic, payload, isRetained);

    public void Advance()
    {
        while (NextDueMs <= NowMs)
        {
            _pending.Dequeue()();
        }
    }

    private void Send(Arrival arrival)
    {
        if (!broker.IsBlackHole)
        {
            broker.Arrive(arrival);
        }
    }

    private void AwaitPuback(int id, Arrival repeat)
    {
        _unanswered.Add(id);
        if (broker.PubackMs is { } delayMs && !broker.IsBlackHole)
        {
            After(delayMs, () => Answer(id, true));
        }

        for (int attempt = 1; attempt < Attempts; attempt++)
        {
            long dueMs = NowMs + (attempt * AttemptMs);
            After(attempt * AttemptMs, () => Repeat(id, repeat with { AtMs = dueMs }));
        }

        After(Attempts * AttemptMs, () => Answer(id, false));
    }

    private void Repeat(int id, Arrival repeat)
    {
        if (_unanswered.Contains(id))
        {
            Send(repeat);
        }
    }

    private void Answer(int id, bool isPublished)
    {
        if (_unanswered.Remove(id))
        {
            _events.AddPublished(id, isPublished);
        }
    }

    private void After(int delayMs, Action action) => _pending.Enqueue(action, (NowMs + delayMs, _order++));
}

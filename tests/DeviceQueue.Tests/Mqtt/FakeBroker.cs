using System.Text;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>A message that reached the broker; a repeat is one that the client library sent again on its own.</summary>
internal sealed record Arrival(long AtMs, int Link, string Topic, byte[] Payload, int Qos, bool Retain, bool IsRepeat)
{
    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>A broker and the way to it, in virtual time and to a test's script.</summary>
internal sealed class FakeBroker(VirtualClock clock) : IMqttLinkFactory
{
    private readonly Dictionary<string, byte[]> _retained = [];

    public VirtualClock Clock => clock;

    /// <summary>Gets or sets a value indicating whether TCP gets through to it.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether the way swallows all bytes while the links seem to hold.
    /// </summary>
    public bool IsBlackHole { get; set; }

    /// <summary>Gets or sets what CONNECT is answered with; null accepts.</summary>
    public Func<MqttLinkOptions, MqttLinkResult?>? Connack { get; set; }

    /// <summary>Gets or sets how long a connect takes.</summary>
    public int ConnectMs { get; set; }

    /// <summary>Gets or sets the time from a publish to its PUBACK; null withholds it.</summary>
    public int? PubackMs { get; set; } = 20;

    /// <summary>Gets or sets the time from a subscribe to its SUBACK; null withholds it.</summary>
    public int? SubackMs { get; set; } = 20;

    /// <summary>Gets or sets a value indicating whether probes are answered in the client library's time.</summary>
    public bool AnswersProbes { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether the links are those of a device that sleeps.</summary>
    public bool IsBurstKept { get; set; }

    public bool RefusesSubscriptions { get; set; }

    /// <summary>Gets the filters that are refused, the others being granted.</summary>
    public HashSet<string> RefusedFilters { get; } = [];

    /// <summary>
    /// Gets or sets where a retained message is kept that ends each link that subscribes to it, until it is cleared.
    /// </summary>
    public string? TooLargeTopic { get; set; }

    /// <summary>Gets or sets how long after the SUBSCRIBE, or the CONNECT, that is.</summary>
    public int TooLargeMs { get; set; } = 30;

    /// <summary>Gets or sets a value indicating whether the access list lets the device clear it.</summary>
    public bool MayClear { get; set; } = true;

    /// <summary>
    /// Gets or sets a value indicating whether a forbidden publish ends the link, as with Mosquitto 2.0.11.
    /// </summary>
    public bool EndsLinksForbidden { get; set; }

    /// <summary>Gets or sets a value indicating whether such a message waits in the session.</summary>
    public bool IsSessionTooLarge { get; set; }

    /// <summary>Gets or sets which topics the client library refuses to publish on an open link.</summary>
    public Func<string, bool> Refuses { get; set; } = _ => false;

    /// <summary>Gets or sets what happens when a publish is about to be handed over.</summary>
    public Action<FakeLink, string> Publishing { get; set; } = (_, _) => { };

    /// <summary>Gets or sets what happens once, when a link is being closed.</summary>
    public Action Closing { get; set; } = () => { };

    public List<Arrival> Arrivals { get; } = [];

    public List<FakeLink> Links { get; } = [];

    public List<(long AtMs, string Host)> Attempts { get; } = [];

    public FakeLink Link => Links[^1];

    public long NextDueMs => Links.Count == 0 ? long.MaxValue : Link.NextDueMs;

    public IMqttLink Create(AutoResetEvent wake)
    {
        var link = new FakeLink(this, wake, Links.Count);
        Links.Add(link);
        return link;
    }

    public void Advance()
    {
        if (Links.Count > 0)
        {
            Link.Advance();
        }
    }

    /// <summary>Ends the link at once, both sides knowing.</summary>
    public void Drop()
    {
        if (Links.Count > 0)
        {
            Link.Drop();
        }
    }

    public void Deliver(
        string topic, byte[] payload, bool isRetained = false) => Link.Deliver(topic, payload, isRetained);

    /// <summary>What a subscriber who comes now would be sent.</summary>
    public string? Retained(string topic) =>
        _retained.TryGetValue(topic, out byte[]? payload) ? Encoding.UTF8.GetString(payload) : null;

    /// <summary>
    /// First arrivals on a topic, in order: what a subscriber who ignores repeats of the same payload sees.
    /// </summary>
    public string[] Seen(string topic) =>
        [.. Arrivals.Where(arrival => arrival.Topic == topic).Select(arrival => arrival.Text).Distinct()];

    internal bool IsTooLargeInSession(bool cleanSession)
    {
        IsSessionTooLarge &= !cleanSession;
        return IsSessionTooLarge;
    }

    internal void Arrive(Arrival arrival)
    {
        if (arrival.Topic == TooLargeTopic && arrival.Payload.Length == 0)
        {
            TooLargeTopic = MayClear ? null : TooLargeTopic;
            if (EndsLinksForbidden && !MayClear)
            {
                Drop();
            }
        }

        Arrivals.Add(arrival);
        if (arrival.Retain)
        {
            _retained[arrival.Topic] = arrival.Payload;
        }
    }
}

using System.Diagnostics;
using System.Text;
using DeviceQueue.Mqtt;
using Mosquitto;

namespace DeviceQueue.Desktop;

/// <summary>
/// A link over libmosquitto. It gives nothing up by itself: a PUBACK may take as long as it takes, and only keepalive
/// ends a silent connection. A keepalive below libmosquitto's least, 5 seconds, becomes 5.
/// </summary>
public sealed class MosquittoLink(AutoResetEvent wake, TimeSpan connectTimeout) : IMqttLink
{
    /// <summary>
    /// The most messages at QoS 0 that libmosquitto holds unwritten: it has no limit of its own. A publish beyond them
    /// waits, so that the rest stays in the bounded outbox.
    /// </summary>
    public const int MaxUnwritten = 64;

    /// <summary>The longest that a publish at QoS 0 waits for that; then it is not taken.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The longest that <see cref="Close"/> waits for DISCONNECT to be written.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The most arrived messages that wait for the connection's thread before no more are read: TCP then holds the
    /// broker back, and nothing is lost.
    /// </summary>
    public const int MaxUntaken = 1024;

    /// <summary>The most bytes of their payloads.</summary>
    public const int MaxUntakenBytes = 16 * 1024 * 1024;

    private const int MaxAnswers = 128;

    // What one read may bring beyond them: a packet for each message in flight, then what is left of a TLS record, 16
    // KB of packets of at least 7 bytes.
    private const int MaxArrivals = 4 * MaxUntaken;

    private const int InvalidArgument = 3;
    private const int RefusedQos = 128;

    private readonly MqttLinkEventQueue _events = new(wake, MaxArrivals, int.MaxValue, MaxAnswers);
    private readonly object _publishing = new();
    private readonly HashSet<int> _unacknowledged = [];
    private readonly List<int> _published = []; // libmosquitto's thread's own
    private MosquittoClient? _client;
    private int _unwritten;
    private volatile bool _isOpen;
    private volatile bool _isReadingHeld;

    public bool IsOpen => _isOpen;

    public int MaxInflight => _events.MaxInflight;

    public int DroppedMessages => _events.DroppedMessages;

    public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
    {
        try
        {
            using TlsFiles? files = options.IsSecure ? new TlsFiles(options) : null;
            _client = new MosquittoClient(Translate(options, cleanSession, files?.Settings)) { MayRead = MayRead };
            _client.Published += _published.Add;
            _client.BatchEnded += OnBatchEnded;
            _client.Subscribed += (id, granted) => _events.AddSubscribed(id, granted[0] < RefusedQos);
            _client.Unsubscribed += _ => _events.AddAlive();
            _client.MessageReceived += message => _events.AddMessage(message.Topic, message.Payload, message.Retain);
            _client.Disconnected += OnDisconnected;

            // Before the answer is known: the end of a connection right after it must not be overwritten.
            _isOpen = true;
            MqttLinkResult result = Connect(_client);
            if (result.Error != MqttLinkError.None)
            {
                _isOpen = false;
            }

            return result;
        }
        catch (Exception e) when (e is ArgumentException or MosquittoException or IOException)
        {
            return new MqttLinkResult(MqttLinkError.BadOptions, 0, e.Message);
        }
    }

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        if (qos == 0)
        {
            return TryPublishUnacknowledged(topic, payload, retain);
        }

        // The lock makes an acknowledgement wait until the id that it names is known here.
        lock (_publishing)
        {
            int id = PublishCore(topic, payload, qos, retain);
            if (id != 0)
            {
                _unacknowledged.Add(id);
            }

            return id;
        }
    }

    public int TrySubscribe(string filter, int qos)
    {
        try
        {
            return _isOpen ? _client!.Subscribe([filter], qos) : 0;
        }
        catch (MosquittoException)
        {
            return 0;
        }
    }

    public int TryUnsubscribe(string filter)
    {
        try
        {
            return _isOpen ? _client!.Unsubscribe([filter]) : 0;
        }
        catch (MosquittoException)
        {
            return 0;
        }
    }

    public bool TryProbe() => TryUnsubscribe(TopicFilter.Probe) != 0;

    public bool TryTakeEvent(MqttLinkEvent e)
    {
        bool isTaken = _events.TryTake(e);
        if (_isReadingHeld && _events.MessageCount <= MaxUntaken / 2 && _events.MessageBytes <= MaxUntakenBytes / 2)
        {
            _isReadingHeld = false;
            _client!.ResumeReading();
        }

        return isTaken;
    }

    public void Close(bool isClean)
    {
        if (_isOpen && isClean)
        {
            _client!.Disconnect(CloseTimeout);
        }

        _client?.Dispose();
    }

    private static MosquittoOptions Translate(MqttLinkOptions options, bool cleanSession, MosquittoTls? tls) => new()
    {
        Host = options.Host,
        Port = options.Port,
        ClientId = options.ClientId,
        CleanSession = cleanSession,
        KeepaliveSeconds = Math.Max(options.KeepAliveSeconds, MosquittoOptions.MinimumKeepaliveSeconds),
        Username = options.Username,
        Password = options.Password,
        Will = options.WillTopic == null ? null : new MosquittoWill(options.WillTopic, Encoding.UTF8.GetBytes(options.WillPayload ?? ""), options.WillQos, options.WillRetain),
        Tls = tls,
    };

    private bool MayRead()
    {
        if (HasRoom())
        {
            return true;
        }

        _isReadingHeld = true;
        if (!HasRoom())
        {
            return false;
        }

        _isReadingHeld = false; // they were taken meanwhile
        return true;
    }

    private bool HasRoom() => _events.MessageCount < MaxUntaken && _events.MessageBytes < MaxUntakenBytes;

    private MqttLinkResult Connect(MosquittoClient client)
    {
        ConnectResult opened = client.Open(connectTimeout);
        if (!opened.IsAccepted)
        {
            return new MqttLinkResult(FindTransportError(client, opened), 0, opened.Text);
        }

        ConnectResult answered = client.WaitForConnack(connectTimeout);
        return answered.Status switch
        {
            ConnectStatus.Accepted => new MqttLinkResult(MqttLinkError.None, 0, null),
            ConnectStatus.Refused => new MqttLinkResult(MqttLinkError.Refused, answered.Code, null),
            ConnectStatus.TlsFailed => new MqttLinkResult(MqttLinkError.Tls, 0, answered.Text),
            _ => new MqttLinkResult(MqttLinkError.NoAnswer, 0, answered.Text),
        };
    }

    private static MqttLinkError FindTransportError(MosquittoClient client, ConnectResult opened) => opened.Status switch
    {
        ConnectStatus.DnsFailed => MqttLinkError.Dns,
        ConnectStatus.TlsFailed => MqttLinkError.Tls,
        ConnectStatus.TimedOut => client.IsPastTcp ? MqttLinkError.Tls : MqttLinkError.Tcp,
        ConnectStatus.Closed when opened.Code == InvalidArgument => MqttLinkError.BadOptions,
        _ => MqttLinkError.Tcp,
    };

    private int TryPublishUnacknowledged(string topic, byte[] payload, bool retain)
    {
        if (Volatile.Read(ref _unwritten) >= MaxUnwritten && !WaitForRoom())
        {
            return 0;
        }

        Interlocked.Increment(ref _unwritten);
        int id = PublishCore(topic, payload, 0, retain);
        if (id == 0)
        {
            Interlocked.Decrement(ref _unwritten);
        }

        return id;
    }

    /// <summary>
    /// Waits until there is room for many: to wait for that of a single message would cost more than the message.
    /// </summary>
    private bool WaitForRoom()
    {
        long start = Stopwatch.GetTimestamp();
        lock (_publishing)
        {
            while (Volatile.Read(ref _unwritten) > MaxUnwritten / 2 && _isOpen)
            {
                TimeSpan left = WriteTimeout - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_publishing, left))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private int PublishCore(string topic, byte[] payload, int qos, bool retain)
    {
        try
        {
            return _isOpen ? _client!.Publish(topic, payload, qos, retain) : 0;
        }
        catch (MosquittoException)
        {
            return 0; // the connection has just ended, or the topic is none
        }
    }

    /// <summary>
    /// Takes the lock once for all that was published meanwhile: for each alone it would wait for the thread that
    /// publishes.
    /// </summary>
    private void OnBatchEnded()
    {
        if (_published.Count == 0)
        {
            return;
        }

        lock (_publishing)
        {
            // What is not awaited was written at QoS 0.
            int written = _published.RemoveAll(id => !_unacknowledged.Remove(id));
            int unwritten = Interlocked.Add(ref _unwritten, -written);
            if (unwritten <= MaxUnwritten / 2 && unwritten + written > MaxUnwritten / 2)
            {
                Monitor.PulseAll(_publishing);
            }
        }

        _published.ForEach(id => _events.AddPublished(id, true));
        _published.Clear();
    }

    private void OnDisconnected(int code, string text)
    {
        lock (_publishing)
        {
            _isOpen = false;
            Monitor.PulseAll(_publishing);
        }

        _events.AddClosed();
    }
}

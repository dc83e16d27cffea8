using System.Text;
using DeviceQueue.Mqtt;
using Mqtt;

namespace DeviceQueue.Desktop;

/// <summary>
/// A link over MQTTnet's packets. It gives nothing up by itself: a PUBACK may take as long as it takes, and only
/// keepalive ends a silent connection.
/// </summary>
public sealed class DesktopLink(AutoResetEvent wake, TimeSpan connectTimeout) : IMqttLink
{
    /// <summary>
    /// The bytes that may wait to be written when a publish at QoS 0 comes; with more it waits, so that the rest stays
    /// in the bounded outbox.
    /// </summary>
    public const int MaxUnwrittenBytes = 64 * 1024;

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
    private const int RefusedQos = 128;

    // No event names a message at QoS 0, so all are given one id; MQTT has none for them.
    private const int UnacknowledgedId = ushort.MaxValue + 1;

    private readonly MqttLinkEventQueue _events =
        new(wake, MaxUntaken + BrokerClient.MaxMessagesPerRead, int.MaxValue, MaxAnswers);

    private BrokerClient? _client;
    private volatile bool _isOpen;
    private volatile bool _isReadingHeld;

    public bool IsOpen => _isOpen;

    public int MaxInflight => _events.MaxInflight;

    public int DroppedMessages => _events.DroppedMessages;

    public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
    {
        try
        {
            _client = new BrokerClient(Translate(options, cleanSession)) { MayRead = MayRead };
        }
        catch (ArgumentException e)
        {
            return new MqttLinkResult(MqttLinkError.BadOptions, 0, e.Message);
        }

        _client.Published += id => _events.AddPublished(id, true);
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

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        if (!_isOpen || (qos == 0 && !_client!.WaitForRoom(MaxUnwrittenBytes, WriteTimeout)))
        {
            return 0;
        }

        try
        {
            int id = _client!.Publish(topic, payload, qos, retain);
            return qos == 0 ? UnacknowledgedId : id;
        }
        catch (NotSentException)
        {
            return 0; // the connection has just ended, or the topic is none
        }
    }

    public int TrySubscribe(string filter, int qos)
    {
        try
        {
            return _isOpen ? _client!.Subscribe([filter], qos) : 0;
        }
        catch (NotSentException)
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
        catch (NotSentException)
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

    private static ClientOptions Translate(MqttLinkOptions options, bool cleanSession) => new()
    {
        Host = options.Host,
        Port = options.Port,
        ClientId = options.ClientId,
        CleanSession = cleanSession,
        KeepaliveSeconds = options.KeepAliveSeconds,
        Username = options.Username,
        Password = options.Password,
        Will = options.WillTopic == null ? null : new LastWill(
            options.WillTopic, Encoding.UTF8.GetBytes(options.WillPayload ?? ""), options.WillQos, options.WillRetain),
        Tls = !options.IsSecure ? null : new TlsOptions
        {
            Authorities = options.CaCertificate,
            Certificate = options.ClientCertificate,
            Key = options.ClientKey,
        },
    };

    private MqttLinkResult Connect(BrokerClient client)
    {
        ConnectResult result = client.Connect(connectTimeout);
        return result.Status switch
        {
            ConnectStatus.Accepted => new MqttLinkResult(MqttLinkError.None, 0, null),
            ConnectStatus.Refused => new MqttLinkResult(MqttLinkError.Refused, result.Code, null),
            ConnectStatus.DnsFailed => new MqttLinkResult(MqttLinkError.Dns, 0, result.Text),
            ConnectStatus.SocketFailed => new MqttLinkResult(MqttLinkError.Tcp, 0, result.Text),
            ConnectStatus.TlsFailed => new MqttLinkResult(MqttLinkError.Tls, 0, result.Text),
            _ => new MqttLinkResult(MqttLinkError.NoAnswer, 0, result.Text),
        };
    }

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

    private void OnDisconnected(string reason)
    {
        _isOpen = false;
        _events.AddClosed();
    }
}

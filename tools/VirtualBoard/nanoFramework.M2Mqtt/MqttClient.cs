using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;
using VirtualBoard;

namespace nanoFramework.M2Mqtt;

/// <summary>
/// nanoFramework.M2Mqtt 5.1's client as a board sees it, over MQTTnet's packets: what it promises, and where it fails.
/// Beyond the real one it connects once only (a reconnected one sends what was in flight twice), and knows MQTT 3.1.1
/// alone.
/// </summary>
public class MqttClient : IMqttClient, IDisposable
{
    private const ushort DefaultKeepalive = 60;
    private const int CloseDelayMs = 200;

    // What the radio sends: SYN, its acknowledgement and CONNECT; a packet and the acknowledgement of its answer.
    private const int ConnectFrames = 3;
    private const int ExchangeFrames = 2;

    private string _host = "";
    private IPAddress _address = IPAddress.None;
    private int _port;
    private bool _isSecure;
    private X509Certificate? _ca;
    private X509Certificate? _certificate;
    private MqttSslProtocols _sslProtocol;
    private Board? _board;
    private BrokerClient? _link;
    private Inflight? _inflight;
    private EventDispatcher? _dispatcher;
    private HeapShare _heap = new(null);
    private ushort _lastMessageId;
    private volatile bool _isConnected;
    private volatile bool _isClosing;
    private volatile bool _isPowerLost;
    private bool _wasOpen;

    public MqttClient(string brokerHostName)
        : this(brokerHostName, MqttSettings.BrokerDefaultPort, false, null, null, MqttSslProtocols.None)
    {
    }

    /// <exception cref="SocketException">The host was not found.</exception>
    public MqttClient(
        string brokerHostName,
        int brokerPort,
        bool secure,
        X509Certificate? caCert,
        X509Certificate? clientCert,
        MqttSslProtocols sslProtocol) =>
        Initialise(brokerHostName, brokerPort, secure, caCert, clientCert, sslProtocol);

    public event IMqttClient.MqttMsgPublishEventHandler? MqttMsgPublishReceived;

    public event IMqttClient.MqttMsgPublishedEventHandler? MqttMsgPublished;

    public event IMqttClient.MqttMsgSubscribedEventHandler? MqttMsgSubscribed;

    public event IMqttClient.MqttMsgUnsubscribedEventHandler? MqttMsgUnsubscribed;

    public event IMqttClient.ConnectionClosedEventHandler? ConnectionClosed;

    public bool IsConnected
    {
        get
        {
            Board.Checkpoint();
            return _isConnected;
        }
    }

    public string? ClientId { get; private set; }

    public bool CleanSession { get; private set; }

    public bool WillFlag { get; private set; }

    public MqttQoSLevel WillQosLevel { get; private set; }

    public string? WillTopic { get; private set; }

    public string? WillMessage { get; private set; }

    public MqttProtocolVersion ProtocolVersion { get; set; } = MqttProtocolVersion.Version_3_1_1;

    public MqttSettings Settings { get; private set; } = null!;

    public void Init(
        string brokerHostName,
        int brokerPort,
        bool secure,
        byte[]? caCert,
        byte[]? clientCert,
        MqttSslProtocols sslProtocol) =>
        Initialise(
            brokerHostName,
            brokerPort,
            secure,
            caCert == null ? null : new X509Certificate(caCert),
            clientCert == null ? null : new X509Certificate(clientCert),
            sslProtocol);

    public MqttReasonCode Connect(string clientId) => Connect(clientId, null, null, true, DefaultKeepalive);

    public MqttReasonCode Connect(string clientId, bool cleanSession) =>
        Connect(clientId, null, null, cleanSession, DefaultKeepalive);

    public MqttReasonCode Connect(string clientId, string? username, string? password) =>
        Connect(clientId, username, password, true, DefaultKeepalive);

    public MqttReasonCode Connect(
        string clientId, string? username, string? password, bool cleanSession, ushort keepAlivePeriod) =>
        Connect(
            clientId,
            username,
            password,
            false,
            MqttQoSLevel.AtMostOnce,
            false,
            null,
            null,
            cleanSession,
            keepAlivePeriod);

    /// <summary>Connects. A refusal returns its code and leaves the client to be closed.</summary>
    /// <exception cref="MqttConnectionException">TCP or TLS could not be opened.</exception>
    /// <exception cref="MqttCommunicationException">The broker gave no answer within 30 s, or closed the
    /// connection.</exception>
    public MqttReasonCode Connect(
        string clientId,
        string? username,
        string? password,
        bool willRetain,
        MqttQoSLevel willQosLevel,
        bool willFlag,
        string? willTopic,
        string? willMessage,
        bool cleanSession,
        ushort keepAlivePeriod)
    {
        Board.Checkpoint();
        RequireSupported();
        if (IsWillWrong(willRetain, willQosLevel, willFlag, willTopic, willMessage))
        {
            // Seen on the interpreter: the call never returns, though the source reads as if it threw.
            Thread.Sleep(Timeout.Infinite);
        }

        ClientOptions options = new()
        {
            // Over TLS the name is what the certificate is held against.
            Host = _isSecure ? _host : _address.ToString(),
            Port = _port,
            ClientId = clientId.Length == 0 ? null : clientId,
            CleanSession = cleanSession,
            KeepaliveSeconds = keepAlivePeriod,
            Username = string.IsNullOrEmpty(username) ? null : username,
            Password = string.IsNullOrEmpty(password) ? null : password,
            Will = willFlag
                ? new LastWill(willTopic!, Encoding.UTF8.GetBytes(willMessage!), (int)willQosLevel, willRetain)
                : null,
            ManualKeepalive = true,
        };
        Open(options);
        _wasOpen = true;
        ConnectResult answer = _link!.WaitForConnack(TimeSpan.FromMilliseconds(Settings.TimeoutOnReceiving));
        Board.Checkpoint();
        if (answer.Status == ConnectStatus.Refused)
        {
            return (MqttReasonCode)answer.Code;
        }

        if (!answer.IsAccepted)
        {
            throw new MqttCommunicationException();
        }

        ClientId = clientId;
        CleanSession = cleanSession;
        WillFlag = willFlag;
        WillTopic = willTopic;
        WillMessage = willMessage;
        WillQosLevel = willQosLevel;
        _isConnected = !_dispatcher!.IsClosing;
        _dispatcher.Start();
        _inflight!.Start();
        return MqttReasonCode.Success;
    }

    /// <summary>Sends DISCONNECT; the client then closes itself and raises ConnectionClosed.</summary>
    /// <exception cref="MqttCommunicationException">There is no connection any more.</exception>
    public void Disconnect()
    {
        Board.Checkpoint();
        if (!_wasOpen || _dispatcher!.IsClosing)
        {
            throw new MqttCommunicationException();
        }

        _link!.Disconnect(TimeSpan.FromSeconds(1));
        _board?.Energy.OnFrames(ExchangeFrames);
        BeginClosing();
    }

    /// <summary>
    /// Closes the socket without DISCONNECT, so that the broker publishes the will. Takes 200 ms and more; raises no
    /// event.
    /// </summary>
    public void Close()
    {
        Board.Checkpoint();
        if (_isClosing)
        {
            return;
        }

        _isClosing = true;
        _dispatcher?.Stop();
        Thread.Sleep(CloseDelayMs);
        _inflight?.Stop();
        Board.Checkpoint();
        Release();
        _isConnected = false;
        _isClosing = false;
    }

    public void Dispose() => Close();

    /// <summary>Asks for topics; MqttMsgSubscribed tells the answer. If none comes within 3 s, nothing does.</summary>
    public ushort Subscribe(string[] topics, MqttQoSLevel[] qosLevels)
    {
        Board.Checkpoint();
        ushort id = NextMessageId();
        TrySend(new SubscribeExchange(id, topics, qosLevels));
        return id;
    }

    public ushort Unsubscribe(string[] topics)
    {
        Board.Checkpoint();
        ushort id = NextMessageId();
        TrySend(new UnsubscribeExchange(id, topics));
        return id;
    }

    public ushort Publish(string topic, byte[]? message) =>
        Publish(topic, message, null, null, MqttQoSLevel.AtMostOnce, false);

    public ushort Publish(string topic, byte[]? message, string? contentType) =>
        Publish(topic, message, contentType, null, MqttQoSLevel.AtMostOnce, false);

    public ushort Publish(string topic, byte[]? message, string? contentType, ArrayList? userProperties) =>
        Publish(topic, message, contentType, userProperties, MqttQoSLevel.AtMostOnce, false);

    /// <summary>
    /// Queues a message and returns its id, connected or not: without a connection the message is lost and nothing
    /// tells.
    /// </summary>
    /// <exception cref="NotSupportedException">There is a content type or a property, which only MQTT 5
    /// has.</exception>
    /// <exception cref="MqttClientException">More is in flight than the settings allow.</exception>
    /// <exception cref="OutOfMemoryException">The heap has no room for the message.</exception>
    public ushort Publish(
        string topic,
        byte[]? message,
        string? contentType,
        ArrayList? userProperties,
        MqttQoSLevel qosLevel,
        bool retain)
    {
        Board.Checkpoint();
        ushort id = NextMessageId();
        if (!string.IsNullOrEmpty(contentType) || userProperties is { Count: > 0 })
        {
            throw new NotSupportedException();
        }

        PublishExchange exchange = new(id, topic, message, qosLevel, retain)
        {
            HeldBytes = HeapShare.OfPublish(message?.Length ?? 0),
        };
        if (!_heap.TryTake(exchange.HeldBytes))
        {
            throw new OutOfMemoryException();
        }

        if (!TrySend(exchange))
        {
            throw new MqttClientException(MqttClientErrorCode.InflightQueueFull);
        }

        return id;
    }

    private static bool IsWillWrong(bool retain, MqttQoSLevel qos, bool flag, string? topic, string? message) =>
        qos > MqttQoSLevel.ExactlyOnce || (flag
            ? string.IsNullOrEmpty(topic) || string.IsNullOrEmpty(message)
            : retain);

    private void Initialise(
        string host,
        int port,
        bool secure,
        X509Certificate? ca,
        X509Certificate? certificate,
        MqttSslProtocols sslProtocol)
    {
        Board.Checkpoint();
        _host = host;
        _port = port;
        _isSecure = secure;
        _ca = ca;
        _certificate = certificate;
        _sslProtocol = sslProtocol;
        Settings = MqttSettings.Instance;
        if (secure)
        {
            Settings.SslPort = port;
        }
        else
        {
            Settings.Port = port;
        }

        if (Board.TryGetCurrent(out Board? board) && !board.Network.WifiAvailable)
        {
            throw new SocketException((int)SocketError.HostNotFound); // no server to ask
        }

        _address = WithInterpreterStopped(() => Dns.GetHostAddresses(host, AddressFamily.InterNetwork))[0];
    }

    private static T WithInterpreterStopped<T>(Func<T> native)
    {
        T result = Board.TryGetCurrent(out Board? board) ? board.StopInterpreterWhile(native) : native();
        Board.Checkpoint();
        return result;
    }

    private void RequireSupported()
    {
        if (_wasOpen)
        {
            throw new NotSupportedException(
                "The virtual board's client connects once: take a fresh one for each connection.");
        }

        if (ProtocolVersion != MqttProtocolVersion.Version_3_1_1)
        {
            throw new NotSupportedException("The virtual board's client speaks MQTT 3.1.1 only.");
        }
    }

    private void Open(ClientOptions options)
    {
        JoinBoard();
        _board?.Energy.OnFrames(ConnectFrames);
        try
        {
            ConnectResult opened = OpenTransport(options);
            if (!opened.IsAccepted)
            {
                throw opened.Status == ConnectStatus.SocketFailed
                    ? new SocketException(opened.Code)
                    : new IOException(opened.Text);
            }
        }
        catch (SocketException e)
        {
            Release();
            throw new MqttConnectionException(
                $"Socket exception connecting to the broker: {(int)e.SocketErrorCode}", e);
        }
        catch (Exception e)
        {
            Release();
            throw new MqttConnectionException("Exception connecting to the broker", e);
        }
    }

    private ConnectResult OpenTransport(ClientOptions options)
    {
        if (!_isSecure)
        {
            ConnectResult result = OpenLink(options, TimeSpan.FromMilliseconds(Settings.TimeoutOnConnection));
            Board.Checkpoint();
            return result;
        }

        // The handshake runs in native code without a timeout: a silent peer holds the whole board, until the power
        // goes.
        TlsOptions tls = ReadTls();
        _board?.Energy.OnHandshake();
        return WithInterpreterStopped(() => OpenLink(options with { Tls = tls }, Timeout.InfiniteTimeSpan));
    }

    /// <exception cref="ArgumentException">The real client knows no such protocol.</exception>
    private TlsOptions ReadTls()
    {
        X509Certificate2? pair = _certificate as X509Certificate2;
        return new TlsOptions
        {
            Authorities = _ca?.GetRawCertData() ?? [],
            Certificate = pair?.GetRawCertData(),
            Key = pair?.PrivateKey,
            KeyPassword = pair?.Password,
            Protocols = _sslProtocol switch
            {
                MqttSslProtocols.None => SslProtocols.None,
                MqttSslProtocols.TLSv1_2 => SslProtocols.Tls12,
                MqttSslProtocols.TLSv1_3 => SslProtocols.Tls13,
                _ => throw new ArgumentException("SSL/TLS protocol version not supported"),
            },
            Insecure = !Settings.ValidateServerCertificate,
            Time = _board?.Clock.Utc,
        };
    }

    private ConnectResult OpenLink(ClientOptions options, TimeSpan timeout)
    {
        _link = new BrokerClient(options) { MayReceive = IsFirstBlockFree, MayTake = IsSecondBlockFree };
        _dispatcher = new EventDispatcher(Close, () => ConnectionClosed?.Invoke(this, EventArgs.Empty));
        _inflight = new Inflight(
            _link, _heap, Settings, TimeSpan.FromSeconds(options.KeepaliveSeconds), RaiseDone, BeginClosing);
        _link.MessageReceived += Receive;
        _link.Disconnected += _ => BeginClosing();
        return _isPowerLost ? new ConnectResult(ConnectStatus.Closed) : _link.Open(timeout);
    }

    private void JoinBoard()
    {
        if (Board.TryGetCurrent(out Board? board))
        {
            _board = board;
            _heap = new HeapShare(board.Heap);
            board.PowerLost += LosePower;
            board.Network.LinkLost += LoseLink;
            board.Disposed += DisposeLink;
            Board.Checkpoint();
        }
    }

    private void LosePower()
    {
        _isPowerLost = true;
        _heap.End();
        LoseLink();
    }

    private void LoseLink() => _link?.Freeze();

    private void DisposeLink() => _link?.Dispose();

    private void Release()
    {
        if (_board != null)
        {
            _board.PowerLost -= LosePower;
            _board.Network.LinkLost -= LoseLink;
            _board.Disposed -= DisposeLink;
        }

        _heap.End();
        DisposeLink();
    }

    private bool TrySend(Exchange exchange)
    {
        if (!_isConnected)
        {
            _heap.Release(exchange.HeldBytes);
            return true;
        }

        if (_inflight!.IsFull)
        {
            _heap.Release(exchange.HeldBytes);
            return false;
        }

        _inflight.Send(exchange);
        _board?.Energy.OnFrames(ExchangeFrames);
        return true;
    }

    /// <summary>
    /// The real client allocates the packet first. If that fails, the packet's bytes stay in the stream and are taken
    /// for packets: the letters of a topic have flag bits that no packet has, which ends the connection, with the
    /// message unacknowledged.
    /// </summary>
    private bool IsFirstBlockFree(int packetSize) => _board == null
        || (_heap.IsLimited ? _heap.TryTake(HeapShare.OfPacket(packetSize)) : packetSize <= _board.LargestFreeBlock);

    /// <summary>
    /// Then it allocates the payload beside it. If that fails the message is lost, unacknowledged, and all goes on.
    /// </summary>
    private bool IsSecondBlockFree(ReceivedMessage message)
    {
        bool isFree = _board == null
            || (_heap.IsLimited
                ? _heap.TryTake(HeapShare.OfArrived(message.Topic, message.Payload.Length))
                : Encoding.UTF8.GetByteCount(message.Topic) + (2L * message.Payload.Length) <= _board.LargestFreeBlock);
        if (!isFree)
        {
            _heap.Release(PacketShare(message));
        }

        return isFree;
    }

    private static int PacketShare(ReceivedMessage message) =>
        HeapShare.OfPacket(HeapShare.PacketBytes(message.Topic, message.Payload.Length, message.Qos));

    private void Receive(ReceivedMessage message)
    {
        int held = PacketShare(message) + HeapShare.OfArrived(message.Topic, message.Payload.Length);
        if (_inflight!.IsFull)
        {
            _heap.Release(held);
            return;
        }

        MqttMsgPublishEventArgs e = new(
            message.Topic, message.Payload, message.IsRepeat, (MqttQoSLevel)message.Qos, message.Retain);
        _board?.Energy.OnFrames(ExchangeFrames);
        _inflight.Post(() => _dispatcher!.Enqueue(() => Raise(e, held)));
    }

    private void Raise(MqttMsgPublishEventArgs e, int held)
    {
        try
        {
            MqttMsgPublishReceived?.Invoke(this, e);
        }
        finally
        {
            _heap.Release(held);
        }
    }

    private void RaiseDone(Exchange exchange, bool answered)
    {
        switch (exchange)
        {
            case PublishExchange:
                _dispatcher!.Enqueue(
                    () => MqttMsgPublished?.Invoke(this, new MqttMsgPublishedEventArgs(exchange.Id, answered)));
                break;
            case SubscribeExchange subscribe when answered:
                _dispatcher!.Enqueue(
                    () => MqttMsgSubscribed?.Invoke(
                        this, new MqttMsgSubscribedEventArgs(exchange.Id, subscribe.Granted)));
                break;
            case UnsubscribeExchange when answered:
                _dispatcher!.Enqueue(
                    () => MqttMsgUnsubscribed?.Invoke(this, new MqttMsgUnsubscribedEventArgs(exchange.Id)));
                break;
        }
    }

    private void BeginClosing()
    {
        _isConnected = false;
        _dispatcher!.BeginClosing();
    }

    // As in the real client no lock guards it: publish from one thread.
    private ushort NextMessageId() =>
        _lastMessageId = _lastMessageId % ushort.MaxValue != 0 ? (ushort)(_lastMessageId + 1) : (ushort)1;
}

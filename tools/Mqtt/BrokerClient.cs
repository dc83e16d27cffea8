using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Mqtt;

/// <summary>
/// One MQTT 3.1.1 connection, from connect to end; it does not reconnect. Its events are raised on its own thread, in
/// order; their handlers must not throw or block.
/// </summary>
public sealed class BrokerClient : Connection.IHandlers, IDisposable
{
    /// <summary>The most messages that come with one read: packets of a letter's topic and no payload.</summary>
    public const int MaxMessagesPerRead = (PacketReader.ReadBytes / 5) + 1;

    /// <summary>The longest packet that is taken, without its head; a longer one ends the connection.</summary>
    public const int MaxPacketBytes = 64 * 1024 * 1024;

    private readonly Connection _connection;
    private readonly PacketIds _ids = new();
    private readonly HashSet<ushort> _unreleased = []; // incoming messages at QoS 2 whose PUBREL is to come
    private readonly ConcurrentDictionary<ushort, TaskCompletionSource<int[]?>> _awaited = [];
    private readonly TaskCompletionSource<ConnectResult> _answered =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="ArgumentException">No client can connect so; the text says why.</exception>
    public BrokerClient(ClientOptions options) => _connection = new Connection(options, this);

    /// <summary>Raised with the id of a message at QoS 1 or 2 that the broker has taken.</summary>
    public event Action<int>? Published;

    /// <summary>Raised with the id of a request and the QoS granted for each filter, 128 for a refused one.</summary>
    public event Action<int, int[]>? Subscribed;

    public event Action<int>? Unsubscribed;

    public event Action<ReceivedMessage>? MessageReceived;

    /// <summary>Raised once when an open connection ends, with the reason.</summary>
    public event Action<string>? Disconnected;

    /// <summary>
    /// Asked for each incoming message as soon as its head is there, with the bytes that follow; false ends the
    /// connection there, with the message unacknowledged. Must not throw.
    /// </summary>
    public Func<int, bool>? MayReceive { get; init; }

    /// <summary>
    /// Asked for each message before it is acknowledged; false loses it, unacknowledged. Must not throw.
    /// </summary>
    public Func<ReceivedMessage, bool>? MayTake { get; init; }

    /// <summary>
    /// Asked before each read; while it is false nothing is read, so that TCP holds the broker back, and what is due is
    /// still written. Must not throw or block; <see cref="ResumeReading"/> says that it may be true again.
    /// </summary>
    public Func<bool>? MayRead { get; init; }

    /// <summary>Gets when something last came from the broker, as a <see cref="Stopwatch"/> timestamp.</summary>
    public long LastRead => _connection.Keepalive.LastRead;

    /// <summary>
    /// Gets when something was last written to the broker, as a <see cref="Stopwatch"/> timestamp taken after the
    /// write.
    /// </summary>
    public long LastWritten => _connection.Keepalive.LastWritten;

    /// <summary>Looks the host up, connects and shakes hands; the CONNECT packet goes out behind it.</summary>
    /// <returns>Accepted once the transport is open.</returns>
    public ConnectResult Open(TimeSpan timeout) => _connection.Open(timeout);

    /// <summary>Waits for the broker's answer to CONNECT.</summary>
    public ConnectResult WaitForConnack(TimeSpan timeout) =>
        _answered.Task.Wait(timeout)
            ? _answered.Task.Result
            : new ConnectResult(ConnectStatus.TimedOut, Text: "Timed out.");

    /// <summary>Opens the connection and waits for the broker's answer, each for at most the time given.</summary>
    public ConnectResult Connect(TimeSpan timeout)
    {
        ConnectResult opened = Open(timeout);
        return opened.IsAccepted ? WaitForConnack(timeout) : opened;
    }

    /// <summary>Queues a message without ever blocking, and returns its id, 0 at QoS 0.</summary>
    /// <exception cref="NotSentException">The topic is not valid, or there is no connection.</exception>
    public int Publish(string topic, byte[] payload, int qos, bool retain)
    {
        ushort id = qos == 0 ? (ushort)0 : _ids.Take();
        Publish(id, topic, payload, qos, retain, isRepeat: false);
        return id;
    }

    /// <summary>Queues a message under an id of the caller's own; a repeat is marked so.</summary>
    /// <exception cref="NotSentException">The topic is not valid, or there is no connection.</exception>
    public void Publish(ushort id, string topic, byte[]? payload, int qos, bool retain, bool isRepeat) =>
        Send(id, new MqttPublishPacket
        {
            PacketIdentifier = id,
            Topic = topic,
            PayloadSegment = payload ?? [],
            QualityOfServiceLevel = (MqttQualityOfServiceLevel)qos,
            Retain = retain,
            Dup = isRepeat,
        });

    /// <summary>
    /// Publishes, and completes with true once acknowledged, at QoS 0 at once, or with false when the connection ends
    /// first.
    /// </summary>
    public Task<bool> PublishAsync(string topic, byte[] payload, int qos, bool retain)
    {
        if (qos == 0)
        {
            Publish(topic, payload, qos, retain);
            return Task.FromResult(true);
        }

        ushort id = _ids.Take();
        return Await(id, () => Publish(id, topic, payload, qos, retain, isRepeat: false))
            .ContinueWith(static task => task.Result != null, TaskScheduler.Default);
    }

    /// <summary>Asks for messages and returns the request's id.</summary>
    /// <exception cref="NotSentException">A filter is not valid, or there is no connection.</exception>
    public int Subscribe(IReadOnlyList<string> filters, int qos)
    {
        ushort id = _ids.Take();
        Subscribe(id, filters, [.. filters.Select(_ => qos)]);
        return id;
    }

    /// <summary>Asks for messages under an id of the caller's own, at a QoS for each filter.</summary>
    /// <exception cref="NotSentException">A filter is not valid, or there is no connection.</exception>
    public void Subscribe(ushort id, IReadOnlyList<string> filters, IReadOnlyList<int> qos) =>
        Send(id, new MqttSubscribePacket
        {
            PacketIdentifier = id,
            TopicFilters = [.. filters.Zip(qos, static (filter, level) =>
                new MqttTopicFilter { Topic = filter, QualityOfServiceLevel = (MqttQualityOfServiceLevel)level })],
        });

    /// <summary>
    /// Subscribes, and completes with the QoS granted for each filter, or with null when the connection ends first.
    /// </summary>
    public Task<int[]?> SubscribeAsync(IReadOnlyList<string> filters, int qos)
    {
        ushort id = _ids.Take();
        return Await(id, () => Subscribe(id, filters, [.. filters.Select(_ => qos)]));
    }

    /// <exception cref="NotSentException">A filter is not valid, or there is no connection.</exception>
    public int Unsubscribe(IReadOnlyList<string> filters)
    {
        ushort id = _ids.Take();
        Unsubscribe(id, filters);
        return id;
    }

    /// <exception cref="NotSentException">A filter is not valid, or there is no connection.</exception>
    public void Unsubscribe(ushort id, IReadOnlyList<string> filters) =>
        Send(id, new MqttUnsubscribePacket
        {
            PacketIdentifier = id,
            TopicFilters = [.. filters],
        });

    public void Ping() => _connection.TrySend(MqttPingReqPacket.Instance);

    /// <summary>
    /// Waits until fewer bytes than so many wait to be written, or the connection has ended; false when that takes too
    /// long.
    /// </summary>
    public bool WaitForRoom(int maxBytes, TimeSpan timeout) => _connection.WaitForRoom(maxBytes, timeout);

    /// <summary>Asks <see cref="MayRead"/> again.</summary>
    public void ResumeReading() => _connection.Wake();

    /// <summary>Sends DISCONNECT behind all that is queued, and waits for it to be written.</summary>
    public void Disconnect(TimeSpan timeout) => _connection.Leave(timeout);

    /// <summary>
    /// Goes silent with the socket left open, as a peer that lost its power does: not a byte is written from the moment
    /// this returns.
    /// </summary>
    public void Freeze()
    {
        _connection.Freeze();
        _answered.TrySetResult(Connection.Frozen);
    }

    /// <summary>Closes the socket without a DISCONNECT, so that the broker publishes the will.</summary>
    public void Dispose() => _connection.Dispose();

    private void Send(ushort id, MqttPacket packet)
    {
        if (id != 0)
        {
            _ids.TryTake(id); // an id of the caller's own, or a repeat
        }

        try
        {
            if (Topics.FindInvalid(packet) is { } invalid)
            {
                throw new NotSentException($"'{invalid}' is no topic or filter.");
            }

            if (!_connection.TrySend(packet))
            {
                throw new NotSentException("There is no connection.");
            }
        }
        catch (NotSentException)
        {
            _ids.TryRelease(id);
            _awaited.TryRemove(id, out _);
            throw;
        }
    }

    private Task<int[]?> Await(ushort id, Action send)
    {
        TaskCompletionSource<int[]?> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[id] = source;
        send();
        return source.Task;
    }

    bool Connection.IHandlers.MayReadNow() => MayRead?.Invoke() ?? true;

    bool Connection.IHandlers.Accept(int type, int bytes) =>
        bytes <= MaxPacketBytes && (type != (int)MqttControlPacketType.Publish || MayReceive?.Invoke(bytes) != false);

    void Connection.IHandlers.Take(MqttPacket packet)
    {
        switch (packet)
        {
            case MqttPublishPacket { QualityOfServiceLevel: <= MqttQualityOfServiceLevel.ExactlyOnce } publish:
                Receive(publish);
                break;
            case MqttPubAckPacket acknowledged:
                Complete(acknowledged.PacketIdentifier, [], Published);
                break;
            case MqttPubRecPacket received:
                _connection.TrySend(new MqttPubRelPacket { PacketIdentifier = received.PacketIdentifier });
                break;
            case MqttPubRelPacket released:
                _unreleased.Remove(released.PacketIdentifier);
                _connection.TrySend(new MqttPubCompPacket { PacketIdentifier = released.PacketIdentifier });
                break;
            case MqttPubCompPacket completed:
                Complete(completed.PacketIdentifier, [], Published);
                break;
            case MqttSubAckPacket { ReasonCodes: var codes } granted:
                int[] levels = [.. codes.Select(static code => (int)code)];
                Complete(granted.PacketIdentifier, levels, id => Subscribed?.Invoke(id, levels));
                break;
            case MqttUnsubAckPacket unsubscribed:
                Complete(unsubscribed.PacketIdentifier, [], Unsubscribed);
                break;
            case MqttConnAckPacket { ReturnCode: var code }:
                string refusal = $"The broker refused the connection with return code {(int)code}.";
                _answered.TrySetResult(code == MqttConnectReturnCode.ConnectionAccepted
                    ? new ConnectResult(ConnectStatus.Accepted)
                    : new ConnectResult(ConnectStatus.Refused, (int)code, refusal));
                break;
            case MqttPingRespPacket:
                break;
            default:
                throw new MqttProtocolViolationException($"A broker does not send a {packet.GetType().Name}.");
        }
    }

    private void Receive(MqttPublishPacket publish)
    {
        int qos = (int)publish.QualityOfServiceLevel;
        bool isRepeat = qos == 2 && !_unreleased.Add(publish.PacketIdentifier);
        if (!isRepeat)
        {
            // The codec has copied it into an array of its own.
            MemoryMarshal.TryGetArray(publish.Payload.First, out ArraySegment<byte> payload);
            ReceivedMessage message = new(publish.Topic, payload.Array ?? [], qos, publish.Retain, publish.Dup);
            if (MayTake?.Invoke(message) == false)
            {
                return;
            }

            MessageReceived?.Invoke(message);
        }

        if (qos == 1)
        {
            _connection.TrySend(new MqttPubAckPacket { PacketIdentifier = publish.PacketIdentifier });
        }
        else if (qos == 2)
        {
            _connection.TrySend(new MqttPubRecPacket { PacketIdentifier = publish.PacketIdentifier });
        }
    }

    private void Complete(ushort id, int[] granted, Action<int>? raise)
    {
        if (!_ids.TryRelease(id))
        {
            return; // no task waits for it, or not any more
        }

        if (!_awaited.IsEmpty && _awaited.TryRemove(id, out TaskCompletionSource<int[]?>? source))
        {
            source.SetResult(granted);
        }

        raise?.Invoke(id);
    }

    void Connection.IHandlers.OnEnded(ConnectResult how, bool wasOpen)
    {
        _answered.TrySetResult(how);
        if (wasOpen)
        {
            Disconnected?.Invoke(how.Text);
        }

        foreach (TaskCompletionSource<int[]?> source in _awaited.Values)
        {
            source.TrySetResult(null);
        }
    }
}

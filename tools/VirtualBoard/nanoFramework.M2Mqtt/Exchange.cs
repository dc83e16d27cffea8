using Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace nanoFramework.M2Mqtt;

/// <summary>A packet that the broker has to answer, with its attempts: all of them under one id.</summary>
internal abstract class Exchange(ushort id)
{
    internal ushort Id { get; } = id;

    internal int Attempts { get; set; }

    internal long SentAtMs { get; set; }

    /// <summary>Gets what it takes of the heap until it is over.</summary>
    internal int HeldBytes { get; init; }

    /// <summary>
    /// Gets the bytes of the packet that is made of it each time that it is sent; 0 when it is too small to matter.
    /// </summary>
    internal virtual int PacketBytes => 0;

    internal abstract void Send(BrokerClient link);
}

internal sealed class PublishExchange(ushort id, string topic, byte[]? payload, MqttQoSLevel qos, bool retain)
    : Exchange(id)
{
    internal MqttQoSLevel Qos { get; } = qos;

    internal override int PacketBytes =>
        HeapShare.OfPacket(HeapShare.PacketBytes(topic, payload?.Length ?? 0, (int)Qos));

    internal override void Send(BrokerClient link)
    {
        // At QoS 2 the real one repeats what the exchange has come to, PUBLISH or PUBREL, which says nothing that TCP
        // does not already promise: there only its time passes.
        if (Qos != MqttQoSLevel.ExactlyOnce || Attempts == 0)
        {
            ushort id = Qos == MqttQoSLevel.AtMostOnce ? (ushort)0 : Id;
            link.Publish(id, topic, payload, (int)Qos, retain, isRepeat: Attempts > 0);
        }
    }
}

internal sealed class SubscribeExchange(ushort id, string[] topics, MqttQoSLevel[] qosLevels) : Exchange(id)
{
    internal MqttQoSLevel[] Granted { get; set; } = [];

    internal override void Send(BrokerClient link)
    {
        if (topics.Length != qosLevels.Length || topics.Length == 0)
        {
            throw new ArgumentException(null);
        }

        link.Subscribe(Id, topics, Array.ConvertAll(qosLevels, static level => (int)level));
    }
}

internal sealed class UnsubscribeExchange(ushort id, string[] topics) : Exchange(id)
{
    internal override void Send(BrokerClient link) => link.Unsubscribe(Id, topics);
}

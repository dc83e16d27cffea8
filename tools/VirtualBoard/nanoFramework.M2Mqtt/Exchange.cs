using Mosquitto;
using nanoFramework.M2Mqtt.Messages;

namespace nanoFramework.M2Mqtt;

/// <summary>A packet that the broker has to answer, with its attempts.</summary>
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

    /// <summary>Gets libmosquitto's ids of all attempts: the first answer to any of them ends the exchange.</summary>
    internal List<int> Mids { get; } = [];

    internal abstract void Send(MosquittoClient link);

    /// <summary>Takes an answer, and tells whether it was the last one wanted.</summary>
    internal virtual bool Take(int mid, int[] granted) => true;
}

internal sealed class PublishExchange(ushort id, string topic, byte[]? payload, MqttQoSLevel qos, bool retain) : Exchange(id)
{
    internal MqttQoSLevel Qos { get; } = qos;

    internal override int PacketBytes => HeapShare.OfPacket(HeapShare.PacketBytes(topic, payload?.Length ?? 0, (int)Qos));

    internal override void Send(MosquittoClient link)
    {
        // The real one repeats the packet under its id. libmosquitto would take a new id, which at QoS 1 comes to the
        // same for the broker but at QoS 2 makes a second message of it; there the repetition says nothing that TCP
        // does not already promise, so only its time passes.
        if (Qos != MqttQoSLevel.ExactlyOnce || Attempts == 0)
        {
            Mids.Add(link.Publish(topic, payload, (int)Qos, retain));
        }
    }
}

internal sealed class SubscribeExchange(ushort id, string[] topics, MqttQoSLevel[] qosLevels) : Exchange(id)
{
    private readonly Dictionary<int, int> _topicOfMid = [];
    private readonly int?[] _granted = new int?[topics.Length];

    internal MqttQoSLevel[] Granted => Array.ConvertAll(_granted, static level => (MqttQoSLevel)level!.Value);

    internal override void Send(MosquittoClient link)
    {
        if (topics.Length != qosLevels.Length || topics.Length == 0)
        {
            throw new ArgumentException(null);
        }

        if (Array.TrueForAll(qosLevels, level => level == qosLevels[0]))
        {
            Mids.Add(link.Subscribe(topics, (int)qosLevels[0]));
            return;
        }

        // libmosquitto's SUBSCRIBE has one QoS for all its filters: several go out, and their answers make one event.
        for (int i = 0; i < topics.Length; i++)
        {
            int mid = link.Subscribe([topics[i]], (int)qosLevels[i]);
            Mids.Add(mid);
            _topicOfMid[mid] = i;
        }
    }

    internal override bool Take(int mid, int[] granted)
    {
        int first = _topicOfMid.GetValueOrDefault(mid, 0);
        for (int i = 0; i < granted.Length; i++)
        {
            _granted[first + i] = granted[i];
        }

        return Array.TrueForAll(_granted, static level => level != null);
    }
}

internal sealed class UnsubscribeExchange(ushort id, string[] topics) : Exchange(id)
{
    internal override void Send(MosquittoClient link) => Mids.Add(link.Unsubscribe(topics));
}

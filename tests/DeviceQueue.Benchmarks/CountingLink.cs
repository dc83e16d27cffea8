using DeviceQueue.Mqtt;

namespace DeviceQueue.Benchmarks;

/// <summary>
/// Counts what passes a link: a message is done at QoS 0 when the client library has it, else at its acknowledgement.
/// </summary>
internal sealed class CountingLink(IMqttLink link, Action done, Action arrived) : IMqttLink
{
    public bool IsOpen => link.IsOpen;

    public int MaxInflight => link.MaxInflight;

    public int DroppedMessages => link.DroppedMessages;

    public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession) => link.Open(options, cleanSession);

    public int TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        int id = link.TryPublish(topic, payload, qos, retain);
        if (id != 0 && qos == 0)
        {
            done();
        }

        return id;
    }

    public int TrySubscribe(string filter, int qos) => link.TrySubscribe(filter, qos);

    public int TryUnsubscribe(string filter) => link.TryUnsubscribe(filter);

    public bool TryProbe() => link.TryProbe();

    public bool TryTakeEvent(MqttLinkEvent e)
    {
        bool isTaken = link.TryTakeEvent(e);
        if (isTaken && e.Kind == MqttLinkEventKind.Published)
        {
            done();
        }
        else if (isTaken && e.Kind == MqttLinkEventKind.Message)
        {
            arrived();
        }

        return isTaken;
    }

    public void Close(bool isClean) => link.Close(isClean);
}

namespace nanoFramework.M2Mqtt.Messages;

public class MqttMsgPublishedEventArgs(ushort messageId, bool isPublished) : EventArgs
{
    public MqttMsgPublishedEventArgs(ushort messageId)
        : this(messageId, true)
    {
    }

    public ushort MessageId { get; set; } = messageId;

    public bool IsPublished { get; set; } = isPublished;
}

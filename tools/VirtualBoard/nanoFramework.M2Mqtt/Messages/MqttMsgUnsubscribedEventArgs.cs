namespace nanoFramework.M2Mqtt.Messages;

public class MqttMsgUnsubscribedEventArgs(ushort messageId) : EventArgs
{
    public ushort MessageId { get; } = messageId;
}

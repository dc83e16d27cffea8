namespace nanoFramework.M2Mqtt.Messages;

public class MqttMsgSubscribedEventArgs(ushort messageId, MqttQoSLevel[] grantedQosLevels) : EventArgs
{
    public ushort MessageId { get; } = messageId;

    public MqttQoSLevel[] GrantedQoSLevels { get; } = grantedQosLevels;
}

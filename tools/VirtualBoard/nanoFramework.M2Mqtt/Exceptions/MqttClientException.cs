namespace nanoFramework.M2Mqtt.Exceptions;

public class MqttClientException(MqttClientErrorCode errorCode) : Exception
{
    public MqttClientErrorCode ErrorCode { get; set; } = errorCode;
}

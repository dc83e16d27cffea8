namespace nanoFramework.M2Mqtt.Messages;

/// <summary>CONNACK's answer. A 3.1.1 return code is not translated: "not authorized" is 5, not MQTT 5's 135.</summary>
public enum MqttReasonCode
{
    Success = 0,
    ConnectionRefusedUnacceptableProtocolVersion = 1,
    ConnectionRefusedIdentifierRejected = 2,
    ConnectionRefusedServerUnavailable = 3,
    ConnectionRefusedBadUserNameOrPassword = 4,
    ConnectionRefusedNotAuthorized = 5,
    UnspecifiedError = 128,
    BadUserNameOrPassword = 134,
    NotAuthorized = 135,
}

namespace nanoFramework.M2Mqtt.Exceptions;

/// <summary>TCP or TLS could not be opened.</summary>
public class MqttConnectionException(string message, Exception innerException) : Exception(message, innerException)
{
}

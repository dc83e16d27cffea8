namespace nanoFramework.M2Mqtt.Exceptions;

/// <summary>The connection gave no answer, or is gone.</summary>
public class MqttCommunicationException : Exception
{
    public MqttCommunicationException()
    {
    }

    public MqttCommunicationException(Exception e)
        : base(string.Empty, e)
    {
    }
}

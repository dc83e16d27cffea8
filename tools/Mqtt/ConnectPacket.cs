using System.Text;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Mqtt;

/// <summary>Makes CONNECT (MQTT 3.1.1 section 3.1) of a client's options.</summary>
internal static class ConnectPacket
{
    private const int Max = ushort.MaxValue;

    /// <exception cref="ArgumentException">No client can connect so; the text says why.</exception>
    internal static MqttConnectPacket Create(ClientOptions options)
    {
        Require(options.Host.Length > 0, "The host must not be empty.");
        Require(options.Port is > 0 and <= Max, $"The port is {options.Port}: 1 to {Max} is allowed.");
        Require(
            options.KeepaliveSeconds is >= 0 and <= Max,
            $"The keepalive is {options.KeepaliveSeconds}: 0 to {Max} seconds are allowed.");
        Require(
            !string.IsNullOrEmpty(options.ClientId) || options.CleanSession,
            "A client id must not be empty without a clean session.");
        Require(options.Password == null || options.Username != null, "A password needs a user name.");
        Require(
            options.Will is not { } will || Topics.IsTopic(will.Topic),
            "The last will needs a topic without wildcards.");
        return new MqttConnectPacket
        {
            ClientId = options.ClientId ?? "",
            CleanSession = options.CleanSession,
            KeepAlivePeriod = (ushort)options.KeepaliveSeconds,
            Username = options.Username,
            Password = options.Password == null ? null : Encoding.UTF8.GetBytes(options.Password),
            WillFlag = options.Will != null,
            WillTopic = options.Will?.Topic,
            WillMessage = options.Will?.Payload,
            WillQoS = (MqttQualityOfServiceLevel)(options.Will?.Qos ?? 0),
            WillRetain = options.Will?.Retain ?? false,
        };
    }

    private static void Require(bool isRight, string text)
    {
        if (!isRight)
        {
            throw new ArgumentException(text);
        }
    }
}


namespace DeviceQueue.Mqtt
{
    /// <summary>What a link reports.</summary>
    public enum MqttLinkEventKind
    {
        /// <summary>A published message was acknowledged, or was given up by the client library.</summary>
        Published = 0,

        /// <summary>SUBACK came.</summary>
        Subscribed = 1,

        /// <summary>A message arrived.</summary>
        Message = 2,

        /// <summary>The broker answered a probe, or took a subscription back.</summary>
        Alive = 3,

        /// <summary>The link is down.</summary>
        Closed = 4,
    }

    /// <summary>
    /// One thing that a link reports; filled again by each take, so that a steady state allocates none.
    /// </summary>
    public sealed class MqttLinkEvent
    {
        /// <summary>Gets or sets what happened.</summary>
        public MqttLinkEventKind Kind { get; set; }

        /// <summary>Gets or sets the id of the message or subscription, 1 to 65535.</summary>
        public int PacketId { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether the broker said yes: for <see cref="MqttLinkEventKind.Published"/>
        /// <see langword="false"/> means that no answer came in the client library's time, so the fate is unknown; for
        /// <see cref="MqttLinkEventKind.Subscribed"/> that the broker refused.
        /// </summary>
        public bool IsSuccess { get; set; }

        /// <summary>Gets or sets the topic of a message.</summary>
        public string Topic { get; set; }

        /// <summary>Gets or sets the payload of a message.</summary>
        public byte[] Payload { get; set; }

        /// <summary>Gets or sets a value indicating whether a message was marked retained on arrival.</summary>
        public bool IsRetained { get; set; }
    }
}

using System.Threading;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// One TCP connection to a broker, from CONNECT to its end; a link that has ended is not opened again. All members
    /// are called from one thread, the connection's; what the client library's own threads report is queued inside and
    /// taken with <see cref="TryTakeEvent"/>. No member throws.
    /// </summary>
    public interface IMqttLink
    {
        /// <summary>Gets a value indicating whether the client library believes that the link is up.</summary>
        bool IsOpen { get; }

        /// <summary>Gets the most publishes that may be unanswered at once, those of all sources together.</summary>
        int MaxInflight { get; }

        /// <summary>Gets how many arrived messages found no place.</summary>
        int DroppedMessages { get; }

        /// <summary>Connects; blocks until CONNACK, a refusal or a timeout of the client library.</summary>
        /// <param name="options">Where to and as whom.</param>
        /// <param name="cleanSession">Whether the broker forgets what it knew of this client id, whatever the options
        /// say.</param>
        /// <returns>What came of it; after anything but success the link needs nothing but
        /// <see cref="Close"/>.</returns>
        MqttLinkResult Open(MqttLinkOptions options, bool cleanSession);

        /// <summary>Hands a message to the client library.</summary>
        /// <param name="topic">A topic without wildcards.</param>
        /// <param name="payload">The payload; the link keeps the array.</param>
        /// <param name="qos">The quality of service, 0 to 2.</param>
        /// <param name="retain">Whether the broker keeps the message for later subscribers.</param>
        /// <returns>The id that <see cref="MqttLinkEventKind.Published"/> will name (none comes at QoS 0), or 0 when
        /// the message was not taken: refused when <see cref="IsOpen"/> is still true.</returns>
        int TryPublish(string topic, byte[] payload, int qos, bool retain);

        /// <summary>Asks the broker for a subscription.</summary>
        /// <param name="filter">A topic filter, MQTT 3.1.1 section 4.7.</param>
        /// <param name="qos">The highest quality of service wanted, 0 to 2.</param>
        /// <returns>The id that <see cref="MqttLinkEventKind.Subscribed"/> will name, or 0 when the request was not
        /// taken.</returns>
        int TrySubscribe(string filter, int qos);

        /// <summary>
        /// Takes a subscription back; the broker's answer is a sign of life, <see cref="MqttLinkEventKind.Alive"/>.
        /// </summary>
        /// <param name="filter">The filter that was subscribed to.</param>
        /// <returns>The id of the request, or 0 when it was not taken.</returns>
        int TryUnsubscribe(string filter);

        /// <summary>
        /// Asks the broker for a sign of life, <see cref="MqttLinkEventKind.Alive"/>, that changes nothing there.
        /// </summary>
        /// <returns><see langword="false"/> when the request was not taken.</returns>
        bool TryProbe();

        /// <summary>Takes the next thing that happened.</summary>
        /// <param name="e">Receives it.</param>
        /// <returns><see langword="false"/> when there is nothing to take.</returns>
        bool TryTakeEvent(MqttLinkEvent e);

        /// <summary>Ends the link and frees what it holds.</summary>
        /// <param name="isClean">Whether DISCONNECT is said, upon which the broker discards the last will (MQTT 3.1.1
        /// section 3.14.4).</param>
        void Close(bool isClean);
    }

    /// <summary>
    /// Makes links: a fresh one for each connection, because no client library resumes an old one cleanly.
    /// </summary>
    public interface IMqttLinkFactory
    {
        /// <summary>Makes a link.</summary>
        /// <param name="wake">Set by the link, on any thread, when there is an event to take; not again until all are
        /// taken.</param>
        /// <returns>A link that is not open yet.</returns>
        IMqttLink Create(AutoResetEvent wake);
    }
}


namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// What a connection publishes from: a queue's outbox, or the latest values. Called by the connection's thread
    /// alone, which holds no lock across these calls; an implementation guards its own state against the threads that
    /// fill it.
    /// </summary>
    public interface IPublishSource
    {
        /// <summary>Offers the next message that may be sent now.</summary>
        /// <param name="nowMs">The time, <see cref="Time.IClock.NowMs"/>.</param>
        /// <param name="request">Receives the message.</param>
        /// <returns><see langword="false"/> when there is none, or too many are unacknowledged.</returns>
        bool TryTake(long nowMs, PublishRequest request);

        /// <summary>Hears what became of the message that <see cref="TryTake"/> offered last.</summary>
        /// <param name="packetId">The link's id for it, 1 to 65535, or 0 when the link was down: it is unsent.</param>
        void OnHandedOver(int packetId);

        /// <summary>
        /// Hears that the client library refused the message that <see cref="TryTake"/> offered last, on a link that is
        /// up. It is not in flight, no <see cref="OnPublished"/> follows, and it is offered again, after a delay that
        /// grows: it must not hold up the others.
        /// </summary>
        /// <param name="nowMs">The time.</param>
        void OnRefused(long nowMs);

        /// <summary>Hears of an acknowledgement.</summary>
        /// <param name="packetId">The link's id.</param>
        /// <param name="isPublished"><see langword="false"/> when no answer came in time: the message may have arrived
        /// or not.</param>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> when the message was this source's.</returns>
        bool OnPublished(int packetId, bool isPublished, long nowMs);

        /// <summary>Hears that the link is up: what is said again on each connection is due.</summary>
        void OnLinkUp();

        /// <summary>Hears that the link is gone: what it had not acknowledged is unsent again.</summary>
        void OnLinkDown();

        /// <summary>Gets when time alone makes <see cref="TryTake"/> worth a call.</summary>
        /// <returns>A time of <see cref="Time.IClock.NowMs"/>, or <see cref="long.MaxValue"/>.</returns>
        long GetDueMs();
    }

    /// <summary>A message on its way from a source to the link.</summary>
    public sealed class PublishRequest
    {
        /// <summary>Gets or sets the topic.</summary>
        public string Topic { get; set; }

        /// <summary>Gets or sets the payload, an array that the source does not use again.</summary>
        public byte[] Payload { get; set; }

        /// <summary>Gets or sets the quality of service, 0 to 2.</summary>
        public int Qos { get; set; }

        /// <summary>Gets or sets a value indicating whether the broker keeps the message.</summary>
        public bool Retain { get; set; }
    }
}

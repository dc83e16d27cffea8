
namespace DeviceQueue.Mqtt
{
    /// <summary>Who takes what arrives. Called by the connection's thread alone.</summary>
    public interface IMessageSink
    {
        /// <summary>Gets the topic filter to subscribe to, or <see langword="null"/> while none is wanted.</summary>
        string Filter { get; }

        /// <summary>
        /// Gets the topic filter of what it takes unasked: what a kept session brings from a subscription of an earlier
        /// link.
        /// </summary>
        string Topic { get; }

        /// <summary>Gets the highest quality of service wanted, 0 to 2.</summary>
        int FilterQos { get; }

        /// <summary>
        /// Takes a message whose topic matches <see cref="Filter"/>, or <see cref="Topic"/> when the session is kept.
        /// </summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="payload">Its payload.</param>
        /// <param name="isRetained">Whether it was marked retained on arrival.</param>
        void OnMessage(string topic, byte[] payload, bool isRetained);

        /// <summary>
        /// Hands on what it has taken, a bounded number of messages; called in each round, whether the link is up or
        /// not.
        /// </summary>
        /// <param name="nowMs">The time, <see cref="Time.IClock.NowMs"/>.</param>
        /// <returns>When to call again, <paramref name="nowMs"/> for at once, <see cref="long.MaxValue"/> when only
        /// another message makes it worth a call.</returns>
        long Deliver(long nowMs);
    }
}

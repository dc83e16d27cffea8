
namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Chooses the topic of a message when it is first sent. Called from the connection's thread, under the outbox's
    /// lock.
    /// </summary>
    public interface ITopicRule
    {
        /// <summary>Gets the topic to send to in place of the message's own.</summary>
        /// <param name="payload">The message's payload; it may come from storage.</param>
        /// <returns>The topic, or <see langword="null"/> for its own.</returns>
        string ChooseTopic(byte[] payload);
    }
}


namespace DeviceQueue.Messaging
{
    /// <summary>Takes the messages that a queue listens for.</summary>
    public interface IMessageReceiver
    {
        /// <summary>
        /// Takes a message. What it throws is counted and logged, the message is gone then, and the next ones follow.
        /// </summary>
        /// <param name="message">The message, already taken from the queue.</param>
        /// <param name="queue">The queue, for an answer or for <see cref="IMessageQueue.Abandon"/>.</param>
        void ReceiveMessage(MessageEnvelope message, IMessageQueue queue);
    }
}

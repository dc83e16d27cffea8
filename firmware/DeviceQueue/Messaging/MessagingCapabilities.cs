
namespace DeviceQueue.Messaging
{
    /// <summary>What a queue can do. A member without a capability of its own always works.</summary>
    public sealed class MessagingCapabilities
    {
        /// <summary>
        /// Gets or sets a value indicating whether <see cref="IMessageQueue.ReadMessageCount"/> counts.
        /// </summary>
        public bool CanMessageCount { get; set; }

        /// <summary>Gets or sets a value indicating whether messages can be sent.</summary>
        public bool CanSend { get; set; }

        /// <summary>Gets or sets a value indicating whether messages can be received and listened for.</summary>
        public bool CanReceive { get; set; }

        /// <summary>Gets or sets a value indicating whether <see cref="IMessageQueue.Peek"/> works.</summary>
        public bool CanPeek { get; set; }

        /// <summary>Gets or sets a value indicating whether <see cref="IMessageQueue.PeekBatch"/> works.</summary>
        public bool CanPeekBatch { get; set; }

        /// <summary>
        /// Gets a value indicating whether <see cref="IMessageQueue.RenewLock"/> has an effect: MQTT has no locks.
        /// </summary>
        public bool CanRenewLock => false;

        /// <summary>
        /// Gets or sets a value indicating whether <see cref="IMessageQueue.Abandon"/> puts a message back.
        /// </summary>
        public bool CanAbandon { get; set; }

        /// <summary>
        /// Gets a value indicating whether <see cref="IMessageQueue.MoveToDeadLetter"/> works: MQTT has no such queue.
        /// </summary>
        public bool CanDeadLetter => false;

        /// <summary>Gets or sets a value indicating whether <see cref="IMessageQueue.Clear"/> works.</summary>
        public bool CanClear { get; set; }
    }
}

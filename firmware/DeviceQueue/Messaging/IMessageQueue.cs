using System;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A queue of envelopes. Members are safe to call from any thread. A correlation id, which ties a call to a chain
    /// of calls, may be <see langword="null"/>.
    /// </summary>
    public interface IMessageQueue
    {
        /// <summary>Gets the queue's name.</summary>
        string Name { get; }

        /// <summary>
        /// Gets a value indicating whether the queue is open; whether there is a link to the broker is another matter.
        /// </summary>
        bool IsOpen { get; }

        /// <summary>Opens the queue; nothing happens when it is open.</summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <exception cref="ConfigException">The configuration lacks something or has a value that is not
        /// allowed.</exception>
        /// <exception cref="QueueException">There is no connection within <c>connect_timeout</c>; the queue is as it
        /// was before.</exception>
        /// <exception cref="InvalidStateException">What the queue needs of the platform is not there, or the connection
        /// that it shares is not open.</exception>
        void Open(string correlationId);

        /// <summary>
        /// Closes the queue; a pending <see cref="Receive"/> returns <see langword="null"/> at once, and a pending
        /// <see cref="Listen"/> ends.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        void Close(string correlationId);

        /// <summary>Forgets what arrived and was not taken.</summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        void Clear(string correlationId);

        /// <summary>Says what the queue can do.</summary>
        /// <returns>A new object.</returns>
        MessagingCapabilities GetCapabilities();

        /// <summary>Counts the messages that arrived and were not taken.</summary>
        /// <returns>The count.</returns>
        int ReadMessageCount();

        /// <summary>
        /// Sends a message, or keeps it until it can be sent. A missing message_id and sent_time are filled in on the
        /// wire, not in the caller's object.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain; the message carries its own.</param>
        /// <param name="message">The message.</param>
        /// <exception cref="InvalidStateException">The queue is closed.</exception>
        /// <exception cref="QueueException">The message is too large, there is no room, or its topic is
        /// none.</exception>
        /// <exception cref="ArgumentNullException"><paramref name="message"/> is <see langword="null"/>.</exception>
        void Send(string correlationId, MessageEnvelope message);

        /// <summary>Sends a text, as a rule JSON, in an envelope of its own.</summary>
        /// <param name="correlationId">The id that ties the message to a call chain.</param>
        /// <param name="messageType">What the message is, for example <c>output.set</c>, or
        /// <see langword="null"/>.</param>
        /// <param name="message">The payload as text, or <see langword="null"/>.</param>
        /// <exception cref="InvalidStateException">The queue is closed.</exception>
        /// <exception cref="QueueException">The message is too large, or there is no room.</exception>
        void SendAsObject(string correlationId, string messageType, string message);

        /// <summary>
        /// Gets the oldest message that arrived and leaves it there; subscribes first when that is needed.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <returns>The message, or <see langword="null"/> when there is none.</returns>
        /// <exception cref="InvalidStateException">The queue is closed.</exception>
        MessageEnvelope Peek(string correlationId);

        /// <summary>
        /// Gets the oldest messages that arrived and leaves them there; subscribes first when that is needed.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <param name="messageCount">The most messages to get.</param>
        /// <returns>The messages, oldest first; empty when there are none.</returns>
        /// <exception cref="InvalidStateException">The queue is closed.</exception>
        MessageEnvelope[] PeekBatch(string correlationId, int messageCount);

        /// <summary>Takes the oldest message that arrived; subscribes first when that is needed.</summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <param name="waitMs">The longest to wait for one, in milliseconds; 0 does not wait.</param>
        /// <returns>The message, or <see langword="null"/> when none came.</returns>
        /// <exception cref="InvalidStateException">The queue is closed.</exception>
        MessageEnvelope Receive(string correlationId, int waitMs);

        /// <summary>Ends the work on a message that was received; it cannot be put back.</summary>
        /// <param name="message">The message.</param>
        void Complete(MessageEnvelope message);

        /// <summary>
        /// Puts a message that was received back before all others, for another attempt; its topic must be the one it
        /// came with.
        /// </summary>
        /// <param name="message">The message.</param>
        /// <exception cref="InvalidStateException">The queue is closed, or the message is not one that was received and
        /// neither completed nor put back.</exception>
        /// <exception cref="QueueException">Newer messages have taken the room; the caller still has the
        /// message.</exception>
        void Abandon(MessageEnvelope message);

        /// <summary>Prolongs the time for which only the receiver sees a message.</summary>
        /// <param name="message">The message.</param>
        /// <param name="lockTimeoutMs">The time in milliseconds.</param>
        void RenewLock(MessageEnvelope message, int lockTimeoutMs);

        /// <summary>Moves a message that cannot be processed to a queue of its own.</summary>
        /// <param name="message">The message.</param>
        /// <exception cref="NotSupportedException">The queue has none
        /// (<see cref="MessagingCapabilities.CanDeadLetter"/>).</exception>
        void MoveToDeadLetter(MessageEnvelope message);

        /// <summary>
        /// Hands messages over on the caller's thread, first those that wait, until <see cref="EndListen"/> or
        /// <see cref="Close"/>.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <param name="receiver">Takes the messages.</param>
        /// <exception cref="InvalidStateException">The queue is closed, or it is listening already.</exception>
        void Listen(string correlationId, IMessageReceiver receiver);

        /// <summary>
        /// Hands messages over on the connection's thread, first those that wait, and returns at once. The link waits
        /// while the receiver works.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        /// <param name="receiver">Takes the messages; it should be quick.</param>
        /// <exception cref="InvalidStateException">The queue is closed, or it is listening already.</exception>
        void BeginListen(string correlationId, IMessageReceiver receiver);

        /// <summary>
        /// Ends listening, and unsubscribes unless the queue subscribes by itself, from a session that is kept too. A
        /// receiver that is at work finishes.
        /// </summary>
        /// <param name="correlationId">The id that ties this to a call chain.</param>
        void EndListen(string correlationId);
    }
}

using System;
using System.Text;

namespace DeviceQueue.Messaging
{
    /// <summary>A message with what a queue needs to know about it.</summary>
    public sealed class MessageEnvelope
    {
        private DateTime _sentTime = DateTime.MinValue;

        /// <summary>Initializes an empty envelope.</summary>
        public MessageEnvelope()
        {
        }

        /// <summary>Initializes an envelope around bytes.</summary>
        /// <param name="correlationId">The id that ties the message to a call chain, or <see langword="null"/>.</param>
        /// <param name="messageType">What the message is, for example <c>output.set</c>, or <see langword="null"/>.</param>
        /// <param name="message">The payload, kept and not copied, or <see langword="null"/>.</param>
        public MessageEnvelope(string correlationId, string messageType, byte[] message)
        {
            CorrelationId = correlationId;
            MessageType = messageType;
            Message = message;
        }

        /// <summary>Initializes an envelope around text.</summary>
        /// <param name="correlationId">The id that ties the message to a call chain, or <see langword="null"/>.</param>
        /// <param name="messageType">What the message is, for example <c>output.set</c>, or <see langword="null"/>.</param>
        /// <param name="message">The payload as text, or <see langword="null"/>.</param>
        public MessageEnvelope(string correlationId, string messageType, string message)
            : this(correlationId, messageType, message == null ? null : Encoding.UTF8.GetBytes(message))
        {
        }

        /// <summary>Gets or sets the id of this message; a queue fills a missing one on the wire, not here.</summary>
        public string MessageId { get; set; }

        /// <summary>Gets or sets the id that ties the message to a call chain.</summary>
        public string CorrelationId { get; set; }

        /// <summary>Gets or sets what the message is.</summary>
        public string MessageType { get; set; }

        /// <summary>Gets or sets when the message was sent, in UTC; <see cref="DateTime.MinValue"/> when that is not known.</summary>
        public DateTime SentTime
        {
            get => _sentTime;
            set
            {
                _sentTime = value;
                SentTimeText = null;
            }
        }

        /// <summary>
        /// Gets the time as the text it arrived in, which is what a signature covers; <see langword="null"/> when <see cref="SentTime"/> was set here.
        /// </summary>
        public string SentTimeText { get; internal set; }

        /// <summary>Gets or sets the payload, an array that it fills.</summary>
        public byte[] Message
        {
            get => PayloadLength == (Payload == null ? 0 : Payload.Length) ? Payload : CopyMessage();
            set => SetMessage(value, value == null ? 0 : value.Length);
        }

        /// <summary>Gets or sets the lower-case hexadecimal HMAC over the other fields, or <see langword="null"/>.</summary>
        public string Signature { get; set; }

        /// <summary>Gets or sets the topic the message came from, or goes to when it is not the queue's own.</summary>
        public string Topic { get; set; }

        /// <summary>Gets or sets a value indicating whether the message was marked retained when it arrived.</summary>
        public bool IsRetained { get; set; }

        /// <summary>Gets or sets the bytes as they arrived, which a queue keeps until the message is completed, so that it can be put back.</summary>
        internal byte[] Received { get; set; }

        /// <summary>Gets the array that the payload is at the start of, or <see langword="null"/>.</summary>
        internal byte[] Payload { get; private set; }

        /// <summary>Gets the payload's length in bytes.</summary>
        internal int PayloadLength { get; private set; }

        /// <summary>Sets the payload to the start of a buffer, which is kept and not copied: a program that sends often needs one envelope and one buffer.</summary>
        /// <param name="buffer">The buffer; what it holds when the envelope is sent is sent.</param>
        /// <param name="length">The payload's length in bytes.</param>
        public void SetMessage(byte[] buffer, int length)
        {
            Payload = buffer;
            PayloadLength = length;
        }

        /// <summary>Decodes the payload.</summary>
        /// <returns>The payload as text, or <see langword="null"/> when there is none.</returns>
        public string GetMessageAsString()
        {
            return Payload == null ? null : Encoding.UTF8.GetString(Payload, 0, PayloadLength);
        }

        private byte[] CopyMessage()
        {
            byte[] message = new byte[PayloadLength];
            Array.Copy(Payload, 0, message, 0, message.Length);
            return message;
        }
    }
}

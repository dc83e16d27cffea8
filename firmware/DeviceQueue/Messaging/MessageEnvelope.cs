using System;
using System.Text;

namespace DeviceQueue.Messaging
{
    /// <summary>A message with what a queue needs to know about it.</summary>
    public sealed class MessageEnvelope
    {
        /// <summary>The fields that are texts.</summary>
        internal const int MessageIdField = 0;
        internal const int CorrelationIdField = 1;
        internal const int MessageTypeField = 2;
        internal const int SentTimeField = 3;
        internal const int SignatureField = 4;
        internal const int Fields = 5;

        private DateTime _sentTime = DateTime.MinValue;

        // A text that arrived is made of the bytes when it is first asked for.
        private string[] _texts;
        private byte[] _source;
        private int[] _places; // of each field in the source: its start, or 0 when it is not there, and its length

        /// <summary>Initializes an empty envelope.</summary>
        public MessageEnvelope()
        {
        }

        /// <summary>Initializes an envelope around bytes.</summary>
        /// <param name="correlationId">The id that ties the message to a call chain, or <see langword="null"/>.</param>
        /// <param name="messageType">What the message is, for example <c>output.set</c>, or
        /// <see langword="null"/>.</param>
        /// <param name="message">The payload, kept and not copied, or <see langword="null"/>.</param>
        public MessageEnvelope(string correlationId, string messageType, byte[] message)
        {
            CorrelationId = correlationId;
            MessageType = messageType;
            Message = message;
        }

        /// <summary>Initializes an envelope around text.</summary>
        /// <param name="correlationId">The id that ties the message to a call chain, or <see langword="null"/>.</param>
        /// <param name="messageType">What the message is, for example <c>output.set</c>, or
        /// <see langword="null"/>.</param>
        /// <param name="message">The payload as text, or <see langword="null"/>.</param>
        public MessageEnvelope(string correlationId, string messageType, string message)
            : this(correlationId, messageType, message == null ? null : Encoding.UTF8.GetBytes(message))
        {
        }

        /// <summary>Gets or sets the id of this message; a queue fills a missing one on the wire, not here.</summary>
        public string MessageId
        {
            get => GetText(MessageIdField);
            set => SetText(MessageIdField, value);
        }

        /// <summary>Gets or sets the id that ties the message to a call chain.</summary>
        public string CorrelationId
        {
            get => GetText(CorrelationIdField);
            set => SetText(CorrelationIdField, value);
        }

        /// <summary>Gets or sets what the message is.</summary>
        public string MessageType
        {
            get => GetText(MessageTypeField);
            set => SetText(MessageTypeField, value);
        }

        /// <summary>
        /// Gets or sets when the message was sent, in UTC; <see cref="DateTime.MinValue"/> when that is not known.
        /// </summary>
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
        /// Gets the time as the text it arrived in, which is what a signature covers; <see langword="null"/> when
        /// <see cref="SentTime"/> was set here.
        /// </summary>
        public string SentTimeText
        {
            get => GetText(SentTimeField);
            internal set => SetText(SentTimeField, value);
        }

        /// <summary>Gets or sets the payload, an array that it fills.</summary>
        public byte[] Message
        {
            get => PayloadLength == (Payload == null ? 0 : Payload.Length) ? Payload : CopyMessage();
            set => SetMessage(value, value == null ? 0 : value.Length);
        }

        /// <summary>
        /// Gets or sets the lower-case hexadecimal HMAC over the other fields, or <see langword="null"/>.
        /// </summary>
        public string Signature
        {
            get => GetText(SignatureField);
            set => SetText(SignatureField, value);
        }

        /// <summary>Gets or sets the topic the message came from, or goes to when it is not the queue's own.</summary>
        public string Topic { get; set; }

        /// <summary>Gets or sets a value indicating whether the message was marked retained when it arrived.</summary>
        public bool IsRetained { get; set; }

        /// <summary>
        /// Gets or sets the bytes as they arrived, which a queue keeps until the message is completed, so that it can
        /// be put back.
        /// </summary>
        internal byte[] Received { get; set; }

        /// <summary>Gets the array that the payload is at the start of, or <see langword="null"/>.</summary>
        internal byte[] Payload { get; private set; }

        /// <summary>Gets the payload's length in bytes.</summary>
        internal int PayloadLength { get; private set; }

        /// <summary>
        /// Sets the payload to the start of a buffer, which is kept and not copied: a program that sends often needs
        /// one envelope and one buffer.
        /// </summary>
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

        /// <summary>Empties the envelope, but for its topic and retained mark.</summary>
        /// <param name="source">Where fields will be found by <see cref="SetPlace"/>, or
        /// <see langword="null"/>.</param>
        internal void Clear(byte[] source)
        {
            for (int i = 0; i < Fields; i++)
            {
                SetText(i, null);
            }

            _sentTime = DateTime.MinValue;
            _source = source;
            Message = null;
        }

        /// <summary>Sets a field to bytes of the source, well-formed UTF-8.</summary>
        internal void SetPlace(int field, int start, int length)
        {
            _places ??= new int[2 * Fields];
            _places[2 * field] = start;
            _places[(2 * field) + 1] = length;
        }

        /// <summary>Sets a field.</summary>
        internal void SetText(int field, string text)
        {
            if (_places != null)
            {
                _places[2 * field] = 0;
            }

            if (_texts != null || text != null)
            {
                _texts ??= new string[Fields];
                _texts[field] = text;
            }
        }

        /// <summary>Gets the bytes of a field in UTF-8.</summary>
        /// <returns>What holds them; <see langword="null"/> when there are none.</returns>
        internal byte[] GetBytes(int field, out int start, out int count)
        {
            bool isPlaced = IsPlaced(field);
            string text = isPlaced || _texts == null ? null : _texts[field];
            byte[] bytes = isPlaced ? _source : text == null ? null : Encoding.UTF8.GetBytes(text);
            start = isPlaced ? _places[2 * field] : 0;
            count = isPlaced ? _places[(2 * field) + 1] : bytes == null ? 0 : bytes.Length;
            return bytes;
        }

        private string GetText(int field)
        {
            string text = _texts == null ? null : _texts[field];
            if (text == null && IsPlaced(field))
            {
                text = Encoding.UTF8.GetString(_source, _places[2 * field], _places[(2 * field) + 1]);
                _texts ??= new string[Fields];
                _texts[field] = text;
            }

            return text;
        }

        private bool IsPlaced(int field)
        {
            return _places != null && _places[2 * field] > 0;
        }

        private byte[] CopyMessage()
        {
            byte[] message = new byte[PayloadLength];
            Array.Copy(Payload, 0, message, 0, message.Length);
            return message;
        }
    }
}

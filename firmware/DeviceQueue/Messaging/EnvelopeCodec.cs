using System;
using DeviceQueue.Json;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Envelopes as the JSON that the Pip.Services message queues exchange. One object serves one thread; it keeps nothing between calls but its scratch.
    /// </summary>
    public sealed class EnvelopeCodec
    {
        /// <summary>How deep unknown members may be nested, the envelope included.</summary>
        public const int MaxDepth = 8;

        /// <summary>How long ids, type, time and signature may be, in bytes of decoded UTF-8. The payload's limit is the size of what is given.</summary>
        public const int MaxFieldBytes = 256;

        private const string MessageId = "message_id";
        private const string CorrelationId = "correlation_id";
        private const string TraceId = "trace_id";
        private const string MessageType = "message_type";
        private const string SentTime = "sent_time";
        private const string Message = "message";
        private const string Signature = "signature";
        private const string SigningPrefix = "dq1";

        private static readonly string[] Members = { MessageId, CorrelationId, TraceId, MessageType, SentTime, Message, Signature };

        private readonly JsonReader _reader = new JsonReader(MaxDepth);
        private readonly JsonWriter _writer = new JsonWriter();
        private readonly byte[] _time = new byte[Iso8601.MaxLength];

        /// <summary>Writes an envelope. Allocates nothing.</summary>
        /// <param name="envelope">What to write, but for its id and its time.</param>
        /// <param name="messageId">The id on the wire, or <see langword="null"/>.</param>
        /// <param name="sentTime">The time on the wire in UTC, <see cref="DateTime.MinValue"/> for none. A signature holds only if id and time are those that were signed.</param>
        /// <param name="buffer">Where to, to its end.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The number of bytes, or -1 when they do not fit.</returns>
        public int Encode(MessageEnvelope envelope, string messageId, DateTime sentTime, byte[] buffer, int offset)
        {
            Begin(buffer, offset);
            _writer.WriteText(messageId);
            return End(envelope, sentTime);
        }

        /// <summary>Writes an envelope with an id of its own. Allocates nothing.</summary>
        /// <param name="envelope">What to write, but for its id and its time.</param>
        /// <param name="messageId">The id on the wire, in UTF-8.</param>
        /// <param name="sentTime">The time on the wire in UTC, <see cref="DateTime.MinValue"/> for none.</param>
        /// <param name="buffer">Where to, from its start to its end.</param>
        /// <returns>The number of bytes, or -1 when they do not fit.</returns>
        public int Encode(MessageEnvelope envelope, byte[] messageId, DateTime sentTime, byte[] buffer)
        {
            Begin(buffer, 0);
            _writer.WriteText(messageId, 0, messageId.Length);
            return End(envelope, sentTime);
        }

        private void Begin(byte[] buffer, int offset)
        {
            _writer.Reset(buffer, offset);
            _writer.BeginObject();
            _writer.Name(MessageId);
        }

        private int End(MessageEnvelope envelope, DateTime sentTime)
        {
            JsonWriter writer = _writer;
            writer.Name(CorrelationId);
            writer.WriteText(envelope.CorrelationId);
            writer.Name(MessageType);
            writer.WriteText(envelope.MessageType);
            writer.Name(SentTime);
            writer.WriteTime(sentTime);
            writer.Name(Message);
            writer.WriteBase64(envelope.Payload, envelope.PayloadLength);
            if (envelope.Signature != null)
            {
                writer.Name(Signature);
                writer.WriteText(envelope.Signature);
            }

            writer.EndObject();
            return writer.IsOverflow ? -1 : writer.Length;
        }

        /// <summary>Reads an envelope: members in any order, absent or null; unknown ones are passed over.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        /// <param name="into">Takes all members, what it had is gone; empty after an error. Its topic and retained mark stay.</param>
        /// <returns><see cref="EnvelopeError.None"/>, or why the bytes are not an envelope.</returns>
        public EnvelopeError Decode(byte[] data, int offset, int count, MessageEnvelope into)
        {
            Clear(into);
            _reader.Reset(data, offset, count);
            EnvelopeError error = ReadMembers(data, into);
            _reader.Reset(null, 0, 0);
            if (error != EnvelopeError.None)
            {
                Clear(into);
            }

            return error;
        }

        /// <summary>
        /// Makes what a signature is made over: <c>dq1</c>, then for device id, message_id, correlation_id, message_type, sent_time and message (in Base64) a line feed,
        /// the number of bytes, a colon and the bytes.
        /// </summary>
        /// <param name="deviceId">The id of the device that the message is for.</param>
        /// <param name="envelope">The envelope: its time as received (<see cref="MessageEnvelope.SentTimeText"/>), else as it will be written.</param>
        /// <returns>A new array.</returns>
        public static byte[] MakeSigningInput(string deviceId, MessageEnvelope envelope)
        {
            byte[] message = envelope.Message;
            int messageCount = message == null ? 0 : message.Length;
            int year = envelope.SentTime.Year;
            bool isTimeWritten = envelope.SentTimeText == null && year >= Iso8601.MinYear && year <= Iso8601.MaxYear;
            int timeLength = isTimeWritten ? Iso8601.Length : Utf8.GetByteCount(envelope.SentTimeText);
            int messageLength = Base64.GetEncodedLength(messageCount);
            byte[] input = new byte[SigningPrefix.Length + SizeOfSigned(Utf8.GetByteCount(deviceId)) + SizeOfSigned(Utf8.GetByteCount(envelope.MessageId))
                + SizeOfSigned(Utf8.GetByteCount(envelope.CorrelationId)) + SizeOfSigned(Utf8.GetByteCount(envelope.MessageType))
                + SizeOfSigned(timeLength) + SizeOfSigned(messageLength)];

            int end = Utf8.Write(SigningPrefix, input, 0);
            end = WriteSigned(deviceId, input, end);
            end = WriteSigned(envelope.MessageId, input, end);
            end = WriteSigned(envelope.CorrelationId, input, end);
            end = WriteSigned(envelope.MessageType, input, end);
            end = WriteSignedLength(timeLength, input, end);
            end = isTimeWritten ? Iso8601.Format(envelope.SentTime, input, end) : Utf8.Write(envelope.SentTimeText, input, end);
            end = WriteSignedLength(messageLength, input, end);
            if (messageCount > 0)
            {
                Base64.Encode(message, 0, messageCount, input, end); // decoding takes canonical Base64 only, so this is the text that was received
            }

            return input;
        }

        private static int WriteSigned(string text, byte[] buffer, int offset)
        {
            return Utf8.Write(text, buffer, WriteSignedLength(Utf8.GetByteCount(text), buffer, offset));
        }

        private static int WriteSignedLength(int length, byte[] buffer, int offset)
        {
            int end = offset + SizeOfSigned(length) - length;
            buffer[offset] = (byte)'\n';
            buffer[end - 1] = (byte)':';
            for (int i = end - 2; i > offset; i--)
            {
                buffer[i] = (byte)('0' + (length % 10));
                length /= 10;
            }

            return end;
        }

        /// <summary>Gets the size of a field in what is signed: a line feed, the length in decimal digits, a colon and the bytes.</summary>
        private static int SizeOfSigned(int length)
        {
            int digits = 1;
            for (int rest = length / 10; rest > 0; rest /= 10)
            {
                digits++;
            }

            return digits + 2 + length;
        }

        private static void Clear(MessageEnvelope envelope)
        {
            envelope.MessageId = null;
            envelope.CorrelationId = null;
            envelope.MessageType = null;
            envelope.SentTime = DateTime.MinValue;
            envelope.Message = null;
            envelope.Signature = null;
        }

        private EnvelopeError ReadMembers(byte[] data, MessageEnvelope into)
        {
            if (_reader.Read() != JsonToken.BeginObject)
            {
                return _reader.Token == JsonToken.Error ? SyntaxError() : EnvelopeError.NotAnObject;
            }

            int seen = 0;
            while (_reader.Read() == JsonToken.Name)
            {
                int member = FindMember();
                int bit = member < 0 ? 0 : 1 << member;
                if ((seen & bit) != 0)
                {
                    return EnvelopeError.DuplicateMember;
                }

                seen |= bit;
                EnvelopeError error = ReadMember(member < 0 ? null : Members[member], data, into);
                if (error != EnvelopeError.None)
                {
                    return error;
                }
            }

            if (_reader.Token != JsonToken.EndObject || _reader.Read() != JsonToken.End)
            {
                return SyntaxError();
            }

            // The places of correlation_id and trace_id in the list of members.
            return (seen & 0x06) == 0x06 ? EnvelopeError.BothIds : EnvelopeError.None;
        }

        private int FindMember()
        {
            for (int i = 0; i < Members.Length; i++)
            {
                if (_reader.ValueEquals(Members[i]))
                {
                    return i;
                }
            }

            return -1;
        }

        private EnvelopeError ReadMember(string member, byte[] data, MessageEnvelope into)
        {
            if (member == null)
            {
                return _reader.Skip() ? EnvelopeError.None : SyntaxError();
            }

            JsonToken token = _reader.Read();
            if (token != JsonToken.Text)
            {
                return token == JsonToken.Null ? EnvelopeError.None : token == JsonToken.Error ? SyntaxError() : EnvelopeError.NotText;
            }

            if (member == Message)
            {
                return ReadMessage(data, into);
            }

            if (_reader.GetTextLength() > MaxFieldBytes)
            {
                return EnvelopeError.FieldTooLong;
            }

            switch (member)
            {
                case MessageId:
                    into.MessageId = _reader.GetText();
                    break;
                case MessageType:
                    into.MessageType = _reader.GetText();
                    break;
                case SentTime:
                    return ReadSentTime(into);
                case Signature:
                    into.Signature = _reader.GetText();
                    break;
                default:
                    into.CorrelationId = _reader.GetText();
                    break;
            }

            return EnvelopeError.None;
        }

        private EnvelopeError ReadSentTime(MessageEnvelope into)
        {
            int length = _reader.GetTextLength();
            if (length > _time.Length || !Iso8601.TryParse(_time, 0, _reader.CopyText(_time, 0), out DateTime sentTime))
            {
                return EnvelopeError.BadTime;
            }

            into.SentTime = sentTime;
            into.SentTimeText = _reader.GetText();
            return EnvelopeError.None;
        }

        private EnvelopeError ReadMessage(byte[] data, MessageEnvelope into)
        {
            int start = _reader.RawStart;
            int length = _reader.RawLength;
            if (_reader.HasEscapes)
            {
                data = new byte[_reader.GetTextLength()];
                start = 0;
                length = _reader.CopyText(data, 0);
            }

            int count = Base64.GetDecodedLength(data, start, length);
            byte[] message = new byte[count < 0 ? 0 : count];
            if (!Base64.Decode(data, start, length, message))
            {
                return EnvelopeError.BadBase64;
            }

            into.Message = message;
            return EnvelopeError.None;
        }

        private EnvelopeError SyntaxError()
        {
            return _reader.IsTooDeep ? EnvelopeError.TooDeep : EnvelopeError.NotJson;
        }
    }
}

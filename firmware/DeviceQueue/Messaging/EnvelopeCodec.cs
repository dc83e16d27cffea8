using System;
using DeviceQueue.Text;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Envelopes as the JSON that the Pip.Services message queues exchange. It keeps nothing between calls. Safe for
    /// one thread that encodes and one that decodes.
    /// </summary>
    public sealed class EnvelopeCodec
    {
        /// <summary>How deep unknown members may be nested, the envelope included.</summary>
        public const int MaxDepth = 8;

        /// <summary>
        /// How long ids, type, time and signature may be, in bytes of decoded UTF-8. The payload's limit is the size of
        /// what is given.
        /// </summary>
        public const int MaxFieldBytes = 256;

        private const int Message = MessageEnvelope.Fields;
        private const int TraceId = Message + 1;
        private const int BothIds = (1 << MessageEnvelope.CorrelationIdField) | (1 << TraceId);
        private const int SignedFields = MessageEnvelope.SentTimeField + 1;
        private const string SigningPrefix = "dq1";

        // The texts of an envelope, then its payload and the other name of correlation_id.
        private static readonly string[] Names =
        {
            "message_id", "correlation_id", "message_type", "sent_time", "signature", "message", "trace_id",
        };

        private readonly JsonReader _reader = new JsonReader(MaxDepth);
        private readonly JsonWriter _writer = new JsonWriter();

        /// <summary>Writes an envelope. Allocates nothing.</summary>
        /// <param name="envelope">What to write, but for its id and its time.</param>
        /// <param name="messageId">The id on the wire, or <see langword="null"/>.</param>
        /// <param name="sentTime">The time on the wire in UTC, <see cref="DateTime.MinValue"/> for none. A signature
        /// holds only if id and time are those that were signed.</param>
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
        /// <param name="buffer">Where to, to its end.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The number of bytes, or -1 when they do not fit.</returns>
        public int Encode(MessageEnvelope envelope, byte[] messageId, DateTime sentTime, byte[] buffer, int offset)
        {
            Begin(buffer, offset);
            _writer.WriteText(messageId, 0, messageId.Length);
            return End(envelope, sentTime);
        }

        private void Begin(byte[] buffer, int offset)
        {
            _writer.Reset(buffer, offset);
            _writer.BeginObject();
            _writer.Name(Names[MessageEnvelope.MessageIdField]);
        }

        private int End(MessageEnvelope envelope, DateTime sentTime)
        {
            JsonWriter writer = _writer;
            writer.Name(Names[MessageEnvelope.CorrelationIdField]);
            writer.WriteText(envelope.CorrelationId);
            writer.Name(Names[MessageEnvelope.MessageTypeField]);
            writer.WriteText(envelope.MessageType);
            writer.Name(Names[MessageEnvelope.SentTimeField]);
            writer.WriteTime(sentTime);
            writer.Name(Names[Message]);
            writer.WriteBase64(envelope.Payload, envelope.PayloadLength);
            string signature = envelope.Signature;
            if (signature != null)
            {
                writer.Name(Names[MessageEnvelope.SignatureField]);
                writer.WriteText(signature);
            }

            writer.EndObject();
            int length = writer.IsOverflow ? -1 : writer.Length;
            writer.Reset(null, 0); // the buffer may be one that is to go
            return length;
        }

        /// <summary>Reads an envelope: members in any order, absent or null; unknown ones are passed over.</summary>
        /// <param name="data">The bytes, which the envelope keeps: it makes its texts of them when they are asked
        /// for.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        /// <param name="into">Takes all members, what it had is gone; empty after an error. Its topic and retained mark
        /// stay.</param>
        /// <returns><see cref="EnvelopeError.None"/>, or why the bytes are not an envelope.</returns>
        public EnvelopeError Decode(byte[] data, int offset, int count, MessageEnvelope into)
        {
            into.Clear(data);
            _reader.Reset(data, offset, count);
            EnvelopeError error = ReadMembers(data, into);
            _reader.Reset(null, 0, 0);
            if (error != EnvelopeError.None)
            {
                into.Clear(null);
            }

            return error;
        }

        /// <summary>
        /// Makes what a signature is made over: <c>dq1</c>, then for device id, message_id, correlation_id,
        /// message_type, sent_time and message (in Base64) a line feed, the number of bytes, a colon and the bytes.
        /// </summary>
        /// <param name="deviceId">The id of the device that the message is for.</param>
        /// <param name="envelope">The envelope: its time as received (<see cref="MessageEnvelope.SentTimeText"/>), else
        /// as it will be written.</param>
        /// <returns>A new array.</returns>
        public static byte[] MakeSigningInput(string deviceId, MessageEnvelope envelope)
        {
            int idLength = Utf8.GetByteCount(deviceId);
            int messageLength = Base64.GetEncodedLength(envelope.PayloadLength);
            int size = SigningPrefix.Length + SizeOfSigned(idLength) + SizeOfSigned(messageLength);
            for (int field = 0; field < SignedFields; field++)
            {
                GetSigned(envelope, field, out int start, out int count);
                size += SizeOfSigned(count);
            }

            byte[] input = new byte[size];
            int end = Utf8.Write(SigningPrefix, input, 0);
            end = Utf8.Write(deviceId, input, WriteSignedLength(idLength, input, end));
            for (int field = 0; field < SignedFields; field++)
            {
                byte[] bytes = GetSigned(envelope, field, out int start, out int count);
                end = WriteSignedLength(count, input, end);
                if (bytes != null)
                {
                    Array.Copy(bytes, start, input, end, count);
                }
                else if (count > 0)
                {
                    Iso8601.Format(envelope.SentTime, input, end);
                }

                end += count;
            }

            end = WriteSignedLength(messageLength, input, end);
            if (messageLength > 0)
            {
                // Decoding takes canonical Base64 only, so this is the text that was received.
                Base64.Encode(envelope.Payload, 0, envelope.PayloadLength, input, end);
            }

            return input;
        }

        // Null with a length stands for the time as it will be written.
        private static byte[] GetSigned(MessageEnvelope envelope, int field, out int start, out int count)
        {
            byte[] bytes = envelope.GetBytes(field, out start, out count);
            if (bytes == null && field == MessageEnvelope.SentTimeField)
            {
                int year = envelope.SentTime.Year;
                count = year >= Iso8601.MinYear && year <= Iso8601.MaxYear ? Iso8601.Length : 0;
            }

            return bytes;
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

        /// <summary>
        /// Gets the size of a field in what is signed: a line feed, the length in decimal digits, a colon and the
        /// bytes.
        /// </summary>
        private static int SizeOfSigned(int length)
        {
            int digits = 1;
            for (int rest = length / 10; rest > 0; rest /= 10)
            {
                digits++;
            }

            return digits + 2 + length;
        }

        private EnvelopeError ReadMembers(byte[] data, MessageEnvelope into)
        {
            if (_reader.Read() != JsonToken.BeginObject)
            {
                return _reader.Token == JsonToken.Error ? SyntaxError() : EnvelopeError.NotAnObject;
            }

            int seen = 0;
            int member = -1;
            while (_reader.Read() == JsonToken.Name)
            {
                member = FindMember(member);
                int bit = member < 0 ? 0 : 1 << member;
                if ((seen & bit) != 0)
                {
                    return EnvelopeError.DuplicateMember;
                }

                seen |= bit;
                EnvelopeError error = ReadMember(member, data, into);
                if (error != EnvelopeError.None)
                {
                    return error;
                }
            }

            if (_reader.Token != JsonToken.EndObject || _reader.Read() != JsonToken.End)
            {
                return SyntaxError();
            }

            return (seen & BothIds) == BothIds ? EnvelopeError.BothIds : EnvelopeError.None;
        }

        // Members stand in the order of the names mostly, so the search goes on from the last.
        private int FindMember(int last)
        {
            string[] names = Names;
            for (int i = 1; i <= names.Length; i++)
            {
                int member = (last + i) % names.Length;
                if (_reader.ValueEquals(names[member]))
                {
                    return member;
                }
            }

            return -1;
        }

        private EnvelopeError ReadMember(int member, byte[] data, MessageEnvelope into)
        {
            if (member < 0)
            {
                return _reader.Skip() ? EnvelopeError.None : SyntaxError();
            }

            JsonToken token = _reader.Read();
            if (token != JsonToken.Text)
            {
                return token == JsonToken.Null ? EnvelopeError.None
                    : token == JsonToken.Error ? SyntaxError() : EnvelopeError.NotText;
            }

            if (member == Message)
            {
                return ReadMessage(data, into);
            }

            if (_reader.GetTextLength() > MaxFieldBytes)
            {
                return EnvelopeError.FieldTooLong;
            }

            if (member == MessageEnvelope.SentTimeField)
            {
                data = GetPlain(data, out int start, out int length);
                if (!Iso8601.TryParse(data, start, length, out DateTime sentTime))
                {
                    return EnvelopeError.BadTime;
                }

                into.SentTime = sentTime;
            }

            int field = member == TraceId ? MessageEnvelope.CorrelationIdField : member;
            if (_reader.HasEscapes)
            {
                into.SetText(field, _reader.GetText());
            }
            else
            {
                into.SetPlace(field, _reader.RawStart, _reader.RawLength);
            }

            return EnvelopeError.None;
        }

        private EnvelopeError ReadMessage(byte[] data, MessageEnvelope into)
        {
            data = GetPlain(data, out int start, out int length);
            int count = Base64.GetDecodedLength(data, start, length);
            byte[] message = new byte[count < 0 ? 0 : count];
            if (!Base64.Decode(data, start, length, message))
            {
                return EnvelopeError.BadBase64;
            }

            into.Message = message;
            return EnvelopeError.None;
        }

        // The bytes of the text, where they are if nothing in them is escaped.
        private byte[] GetPlain(byte[] data, out int start, out int length)
        {
            start = _reader.RawStart;
            length = _reader.RawLength;
            if (_reader.HasEscapes)
            {
                start = 0;
                data = new byte[_reader.GetTextLength()];
                length = _reader.CopyText(data, 0);
            }

            return data;
        }

        private EnvelopeError SyntaxError()
        {
            return _reader.IsTooDeep ? EnvelopeError.TooDeep : EnvelopeError.NotJson;
        }
    }
}

using System;
using System.Text;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A bounded list of messages in order, allocated once: never more messages or bytes than its limits. A message's
    /// size is its payload as it goes over the wire (the envelope included) plus its topic, in bytes. The messages
    /// stand one behind the other as the records that an outbox's log has (<see cref="MessageRecord"/>), so that the
    /// log is written from here and read into here. Not safe for concurrent use: the owner locks.
    /// </summary>
    public sealed class MessageBuffer
    {
        private readonly byte[] _data;
        private readonly int[] _offsets;
        private int _start;
        private int _count;

        /// <summary>Initializes a new instance of the <see cref="MessageBuffer"/> class.</summary>
        /// <param name="maxMessages">The most messages, at least 1.</param>
        /// <param name="maxBytes">The most bytes, at least 1.</param>
        public MessageBuffer(int maxMessages, int maxBytes)
        {
            _data = new byte[maxBytes + (maxMessages * MessageRecord.HeaderBytes)];
            _offsets = new int[maxMessages];
        }

        /// <summary>Gets the most messages.</summary>
        public int MaxMessages => _offsets.Length;

        /// <summary>Gets the most bytes.</summary>
        public int MaxBytes => _data.Length - (_offsets.Length * MessageRecord.HeaderBytes);

        /// <summary>Gets how many messages there are.</summary>
        public int Count => _count;

        /// <summary>Gets how many bytes they take.</summary>
        public int Bytes => End - _start - (_count * MessageRecord.HeaderBytes);

        /// <summary>Gets what holds the records; what is behind <see cref="End"/> is free.</summary>
        internal byte[] Data => _data;

        /// <summary>Gets where in <see cref="Data"/> the last record ends.</summary>
        internal int End { get; private set; }

        /// <summary>Computes the size that counts against <see cref="MaxBytes"/>.</summary>
        /// <param name="topic">The message's topic.</param>
        /// <param name="payloadLength">The length of its payload in bytes.</param>
        /// <returns>The size in bytes.</returns>
        public static int SizeOf(string topic, int payloadLength)
        {
            int length = topic.Length;
            int size = payloadLength + length;
            for (int i = 0; i < length; i++)
            {
                char c = topic[i];
                if (c >= 0x80)
                {
                    size += c < 0x800 || (c >= 0xD800 && c < 0xE000) ? 1 : 2; // a surrogate pair is 4 bytes
                }
            }

            return size;
        }

        /// <summary>Tells whether a message fits in what is left.</summary>
        /// <param name="size">Its size in bytes.</param>
        /// <returns><see langword="true"/> when <see cref="Add"/> takes it.</returns>
        public bool HasRoom(int size)
        {
            return _count < MaxMessages && size <= MaxBytes - Bytes;
        }

        /// <summary>Adds a message at the end. There must be room.</summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="payload">Holds its payload, which is copied.</param>
        /// <param name="offset">Where the payload starts.</param>
        /// <param name="length">How long it is in bytes.</param>
        /// <param name="flags">Bits that the owner gives a meaning.</param>
        /// <exception cref="InvalidOperationException">There is no room.</exception>
        public void Add(string topic, byte[] payload, int offset, int length, byte flags)
        {
            if (!HasRoom(SizeOf(topic, length)))
            {
                throw new InvalidOperationException();
            }

            int at = Begin(topic, length);
            Array.Copy(payload, offset, _data, at, length);
            Complete(at, length, flags);
        }

        /// <summary>Gets a message's topic.</summary>
        /// <param name="position">0 for the oldest, to <see cref="Count"/> - 1.</param>
        /// <param name="known">A topic that it probably has, so that no other string is made; or
        /// <see langword="null"/>.</param>
        /// <returns>The topic.</returns>
        public string GetTopic(int position, string known)
        {
            int at = _offsets[position] + MessageRecord.HeaderBytes;
            int length = MessageRecord.GetTopicLength(_data, _offsets[position]);
            bool isKnown = known != null && known.Length == length;
            for (int i = 0; isKnown && i < length; i++)
            {
                char c = known[i];
                isKnown = c < 0x80 && c == _data[at + i];
            }

            return isKnown ? known : Encoding.UTF8.GetString(_data, at, length);
        }

        /// <summary>Gets a message's flags.</summary>
        /// <param name="position">The message's place.</param>
        /// <returns>What <see cref="Add"/> was given.</returns>
        public byte GetFlags(int position)
        {
            return MessageRecord.GetFlags(_data, _offsets[position]);
        }

        /// <summary>Gets a message's size.</summary>
        /// <param name="position">The message's place.</param>
        /// <returns>The size in bytes that counts against <see cref="MaxBytes"/>.</returns>
        public int GetSize(int position)
        {
            return GetOffset(position + 1) - _offsets[position] - MessageRecord.HeaderBytes;
        }

        /// <summary>Copies a message's payload.</summary>
        /// <param name="position">The message's place.</param>
        /// <returns>A new array.</returns>
        public byte[] CopyPayload(int position)
        {
            int topicLength = MessageRecord.GetTopicLength(_data, _offsets[position]);
            byte[] payload = new byte[GetSize(position) - topicLength];
            Array.Copy(_data, _offsets[position] + MessageRecord.HeaderBytes + topicLength, payload, 0, payload.Length);
            return payload;
        }

        /// <summary>Removes a message.</summary>
        /// <param name="position">Its place, 0 for the oldest.</param>
        public void RemoveAt(int position)
        {
            int next = GetOffset(position + 1);
            int size = next - _offsets[position];
            _count--;
            if (position == 0)
            {
                _start += size;
                Array.Copy(_offsets, 1, _offsets, 0, _count);
            }
            else
            {
                Array.Copy(_data, next, _data, _offsets[position], End - next);
                End -= size;
                for (int i = position; i < _count; i++)
                {
                    _offsets[i] = _offsets[i + 1] - size;
                }
            }

            if (_count == 0)
            {
                _start = 0;
                End = 0;
            }
        }

        /// <summary>Begins to add a message at the end: its payload is to be written where this says.</summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="room">How many bytes the payload may need; all that is free is behind it.</param>
        /// <returns>Where in <see cref="Data"/> the payload starts, or -1 when not even the topic fits.</returns>
        internal int Begin(string topic, int room)
        {
            int bytes = MessageRecord.HeaderBytes + SizeOf(topic, 0);
            if (End + bytes + room > _data.Length)
            {
                Compact();
            }

            if (End + bytes > _data.Length)
            {
                return -1;
            }

            Encoding.UTF8.GetBytes(topic, 0, topic.Length, _data, End + MessageRecord.HeaderBytes);
            return End + bytes;
        }

        /// <summary>Adds the message that was begun. There must be room.</summary>
        /// <param name="at">What <see cref="Begin"/> returned.</param>
        /// <param name="length">How long the payload is in bytes.</param>
        /// <param name="flags">Bits that the owner gives a meaning.</param>
        internal void Complete(int at, int length, byte flags)
        {
            int topicLength = at - End - MessageRecord.HeaderBytes;
            MessageRecord.PutHeader(_data, End, flags, topicLength, topicLength + length);
            Insert(_count, at + length - End);
        }

        /// <summary>Gets where in <see cref="Data"/> a message's record stands, until the buffer is changed.</summary>
        internal int GetOffset(int position)
        {
            return position < _count ? _offsets[position] : End;
        }

        /// <summary>Takes the record that was written at <see cref="End"/> as a message. There must be room.</summary>
        /// <param name="position">The place that it gets: those from there on stand behind it.</param>
        /// <param name="size">The size of the record in bytes.</param>
        internal void Insert(int position, int size)
        {
            int at = GetOffset(position);
            if (at < End)
            {
                byte[] record = new byte[size]; // seldom: it is read while what is newer cannot be stored
                Array.Copy(_data, End, record, 0, size);
                Array.Copy(_data, at, _data, at + size, End - at);
                Array.Copy(record, 0, _data, at, size);
            }

            for (int i = _count; i > position; i--)
            {
                _offsets[i] = _offsets[i - 1] + size;
            }

            _offsets[position] = at;
            _count++;
            End += size;
        }

        /// <summary>
        /// Moves the records to the start of <see cref="Data"/>, so that all that is free is behind <see cref="End"/>.
        /// </summary>
        internal void Compact()
        {
            if (_start > 0)
            {
                Array.Copy(_data, _start, _data, 0, End - _start);
                for (int i = 0; i < _count; i++)
                {
                    _offsets[i] -= _start;
                }

                End -= _start;
                _start = 0;
            }
        }
    }
}

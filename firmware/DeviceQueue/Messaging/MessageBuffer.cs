using System;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A bounded list of messages in order, allocated once: never more messages or bytes than its limits. A message's size is its payload as it goes over the
    /// wire (the envelope included) plus its topic, in bytes. The fields of an entry live in arrays of their own, because on the device each field of an object
    /// takes a heap block. Not safe for concurrent use: the owner locks.
    /// </summary>
    public sealed class MessageBuffer
    {
        private readonly byte[] _data;

        // The slots in a ring: from the head those of the messages in their order, behind them the free ones.
        private readonly ushort[] _order;
        private readonly string[] _topics;
        private readonly int[] _offsets;
        private readonly int[] _lengths;
        private readonly ushort[] _topicBytes; // MQTT has 16 bits for a topic's length
        private readonly byte[] _flags;
        private int _head;
        private int _count;
        private int _bytes;
        private int _dataEnd;

        /// <summary>Initializes a new instance of the <see cref="MessageBuffer"/> class.</summary>
        /// <param name="maxMessages">The most messages, 1 to 65,535.</param>
        /// <param name="maxBytes">The most bytes, at least 1.</param>
        public MessageBuffer(int maxMessages, int maxBytes)
        {
            MaxMessages = maxMessages;
            MaxBytes = maxBytes;
            _data = new byte[maxBytes];
            _order = new ushort[maxMessages];
            _topics = new string[maxMessages];
            _offsets = new int[maxMessages];
            _lengths = new int[maxMessages];
            _topicBytes = new ushort[maxMessages];
            _flags = new byte[maxMessages];
            for (int i = 0; i < maxMessages; i++)
            {
                _order[i] = (ushort)i;
            }
        }

        /// <summary>Gets the most messages.</summary>
        public int MaxMessages { get; }

        /// <summary>Gets the most bytes.</summary>
        public int MaxBytes { get; }

        /// <summary>Gets how many messages there are.</summary>
        public int Count => _count;

        /// <summary>Gets how many bytes they take.</summary>
        public int Bytes => _bytes;

        /// <summary>Computes the size that counts against <see cref="MaxBytes"/>.</summary>
        /// <param name="topic">The message's topic.</param>
        /// <param name="payloadLength">The length of its payload in bytes.</param>
        /// <returns>The size in bytes.</returns>
        public static int SizeOf(string topic, int payloadLength)
        {
            int size = payloadLength;
            for (int i = 0; i < topic.Length; i++)
            {
                char c = topic[i];
                size += c < 0x80 ? 1 : c < 0x800 || (c >= 0xD800 && c < 0xE000) ? 2 : 3; // a surrogate pair is 4 bytes
            }

            return size;
        }

        /// <summary>Tells whether a message fits in what is left.</summary>
        /// <param name="size">Its size in bytes.</param>
        /// <returns><see langword="true"/> when <see cref="Add"/> takes it.</returns>
        public bool HasRoom(int size)
        {
            return _count < MaxMessages && size <= MaxBytes - _bytes;
        }

        /// <summary>Adds a message at the end. There must be room.</summary>
        /// <param name="topic">Its topic, kept.</param>
        /// <param name="payload">Holds its payload, which is copied.</param>
        /// <param name="offset">Where the payload starts.</param>
        /// <param name="length">How long it is in bytes.</param>
        /// <param name="flags">Bits that the owner gives a meaning.</param>
        /// <returns>The message's slot, 0 to <see cref="MaxMessages"/> - 1, its own until it is removed.</returns>
        /// <exception cref="InvalidOperationException">There is no room.</exception>
        public int Add(string topic, byte[] payload, int offset, int length, byte flags)
        {
            int size = SizeOf(topic, length);
            if (!HasRoom(size))
            {
                throw new InvalidOperationException();
            }

            if (length > _data.Length - _dataEnd)
            {
                Compact();
            }

            int slot = SlotAt(_count);
            _offsets[slot] = _dataEnd;
            Array.Copy(payload, offset, _data, _dataEnd, length);
            Fill(slot, topic, length, size, flags);
            return slot;
        }

        /// <summary>Adds a message before all others, whose payloads it moves. There must be room.</summary>
        /// <param name="topic">Its topic, kept.</param>
        /// <param name="payload">Its payload, which is copied.</param>
        /// <param name="flags">Bits that the owner gives a meaning.</param>
        /// <returns>The message's slot, 0 to <see cref="MaxMessages"/> - 1, its own until it is removed.</returns>
        /// <exception cref="InvalidOperationException">There is no room.</exception>
        public int AddFirst(string topic, byte[] payload, byte flags)
        {
            int length = payload.Length;
            int size = SizeOf(topic, length);
            if (!HasRoom(size))
            {
                throw new InvalidOperationException();
            }

            Compact();
            Array.Copy(_data, 0, _data, length, _dataEnd);
            for (int i = 0; i < _count; i++)
            {
                _offsets[SlotAt(i)] += length;
            }

            _head = (_head + MaxMessages - 1) % MaxMessages; // the last free slot, or the only one
            int slot = _order[_head];
            _offsets[slot] = 0;
            Array.Copy(payload, 0, _data, 0, length);
            Fill(slot, topic, length, size, flags);
            return slot;
        }

        /// <summary>Gets the slot of a message by its place.</summary>
        /// <param name="position">0 for the oldest, to <see cref="Count"/> - 1.</param>
        /// <returns>The slot.</returns>
        public int SlotAt(int position)
        {
            int place = _head + position; // a comparison, because a division costs as much as the rest of a scan
            return _order[place < _order.Length ? place : place - _order.Length];
        }

        /// <summary>Gets a message's topic.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>The topic.</returns>
        public string GetTopic(int slot)
        {
            return _topics[slot];
        }

        /// <summary>Gets a message's flags.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>What <see cref="Add"/> was given.</returns>
        public byte GetFlags(int slot)
        {
            return _flags[slot];
        }

        /// <summary>Gets a message's size.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>The size in bytes that counts against <see cref="MaxBytes"/>.</returns>
        public int GetSize(int slot)
        {
            return _topicBytes[slot] + _lengths[slot];
        }

        /// <summary>Gets what holds the payloads.</summary>
        internal byte[] Data => _data;

        /// <summary>Copies a message's payload.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>A new array.</returns>
        public byte[] CopyPayload(int slot)
        {
            byte[] payload = new byte[_lengths[slot]];
            Array.Copy(_data, _offsets[slot], payload, 0, payload.Length);
            return payload;
        }

        /// <summary>Gets where in <see cref="Data"/> a message's payload starts, until the buffer is changed.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>The place.</returns>
        internal int GetOffset(int slot)
        {
            return _offsets[slot];
        }

        /// <summary>Gets how long a message's payload is.</summary>
        /// <param name="slot">The message's slot.</param>
        /// <returns>The length in bytes.</returns>
        internal int GetLength(int slot)
        {
            return _lengths[slot];
        }

        /// <summary>Removes a message.</summary>
        /// <param name="position">Its place, 0 for the oldest.</param>
        public void RemoveAt(int position)
        {
            int slot = SlotAt(position);
            for (int i = position; i > 0; i--)
            {
                _order[(_head + i) % MaxMessages] = _order[(_head + i - 1) % MaxMessages];
            }

            _order[_head] = (ushort)slot;
            _head = (_head + 1) % MaxMessages;
            _count--;
            _topics[slot] = null;
            _bytes -= GetSize(slot);
            if (_count == 0)
            {
                _dataEnd = 0;
            }
        }

        /// <summary>Removes all messages.</summary>
        public void Clear()
        {
            while (_count > 0)
            {
                RemoveAt(0);
            }
        }

        private void Fill(int slot, string topic, int length, int size, byte flags)
        {
            _topics[slot] = topic;
            _lengths[slot] = length;
            _topicBytes[slot] = (ushort)(size - length);
            _flags[slot] = flags;
            _count++;
            _dataEnd += length;
            _bytes += size;
        }

        /// <summary>Moves the payloads together at the start of the data, so that what is free is in one piece; they lie there in the order of the messages.</summary>
        private void Compact()
        {
            int end = 0;
            for (int i = 0; i < _count; i++)
            {
                int slot = SlotAt(i);
                Array.Copy(_data, _offsets[slot], _data, end, _lengths[slot]);
                _offsets[slot] = end;
                end += _lengths[slot];
            }

            _dataEnd = end;
        }
    }
}

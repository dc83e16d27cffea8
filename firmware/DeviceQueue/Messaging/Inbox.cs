using System;
using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Messages that arrived and wait to be taken, bounded, as the arrays that the client library made of them: they
    /// are read when they are asked for, so that the connection's thread never waits for that. What cannot be read is
    /// counted and dropped. Safe to call from any thread.
    /// </summary>
    internal sealed class Inbox
    {
        private readonly QueueOptions _options;
        private readonly Counts _drops;

        private readonly EnvelopeCodec _codec; // null: messages come without envelopes
        private readonly MessageIds _ids;
        private readonly string[] _topics; // the lock of the messages

        // The lock of those who read, taken before the other: only they remove, so that a place means the same message
        // for as long.
        private readonly byte[][] _payloads;
        private readonly bool[] _isRetained;
        private int _count;
        private int _bytes;

        public Inbox(QueueOptions options, EnvelopeCodec codec, IRandom random, Counts drops)
        {
            _options = options;
            _codec = codec;
            _ids = codec != null ? null : new MessageIds(random);
            _drops = drops;
            int places = options.MaxMessages * Factor;
            _topics = new string[places];
            _payloads = new byte[places][];
            _isRetained = new bool[places];
        }

        private int Factor => _options.IsBurstKept ? QueueOptions.BurstFactor : 1;

        public int Count
        {
            get
            {
                lock (_topics)
                {
                    return _count;
                }
            }
        }

        /// <summary>Adds a message, or counts it when there is no place.</summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="payload">Its payload; the array is kept, and not changed.</param>
        /// <param name="isRetained">Whether it was marked retained.</param>
        public void Add(string topic, byte[] payload, bool isRetained)
        {
            lock (_topics)
            {
                int size = MessageBuffer.SizeOf(topic, payload.Length);
                if (size > _options.MaxMessageSize)
                {
                    _drops.Add(DropReason.TooLarge);
                }
                else if (!HasRoom(size))
                {
                    _drops.Add(DropReason.Arrived);
                }
                else
                {
                    Insert(_count, topic, payload, isRetained);
                }
            }
        }

        /// <summary>
        /// Takes the first message that can be read; drops those before it for which there is no memory.
        /// </summary>
        public MessageEnvelope Take()
        {
            lock (_payloads)
            {
                while (Count > 0)
                {
                    try
                    {
                        MessageEnvelope message = Read(0);
                        if (message != null)
                        {
                            Remove(0);
                        }

                        return message;
                    }
                    catch (OutOfMemoryException)
                    {
                        Drop(0, DropReason.Arrived); // it must not stand before the others for ever
                    }
                }

                return null;
            }
        }

        /// <summary>Reads the first messages and leaves them.</summary>
        public MessageEnvelope[] Peek(int most)
        {
            lock (_payloads)
            {
                int count = Count;
                MessageEnvelope[] found = new MessageEnvelope[count < most ? count : most < 0 ? 0 : most];
                int length = 0;
                while (length < found.Length)
                {
                    MessageEnvelope message = Read(length);
                    if (message == null)
                    {
                        break;
                    }

                    message.Received = null; // it was not taken, so it cannot be put back
                    found[length++] = message;
                }

                return length == found.Length ? found : Shorten(found, length);
            }
        }

        /// <summary>Puts a message back before all others.</summary>
        /// <returns><see langword="false"/> when there is no room.</returns>
        public bool TryPutBack(MessageEnvelope message)
        {
            lock (_payloads)
            {
                lock (_topics)
                {
                    if (!HasRoom(MessageBuffer.SizeOf(message.Topic, message.Received.Length)))
                    {
                        return false;
                    }

                    Insert(0, message.Topic, message.Received, message.IsRetained);
                    return true;
                }
            }
        }

        public void Clear()
        {
            lock (_payloads)
            {
                lock (_topics)
                {
                    while (_count > 0)
                    {
                        RemoveAt(_count - 1);
                    }
                }
            }
        }

        private static MessageEnvelope[] Shorten(MessageEnvelope[] messages, int length)
        {
            MessageEnvelope[] result = new MessageEnvelope[length];
            for (int i = 0; i < length; i++)
            {
                result[i] = messages[i];
            }

            return result;
        }

        /// <summary>Reads the message at a place; drops those there that cannot be read.</summary>
        private MessageEnvelope Read(int position)
        {
            MessageEnvelope message = Copy(position);
            while (message != null && !TryDecode(message))
            {
                Drop(position, DropReason.Unreadable);
                message = Copy(position);
            }

            return message;
        }

        private bool TryDecode(MessageEnvelope message)
        {
            byte[] received = message.Received;
            if (_codec != null)
            {
                return _codec.Decode(received, 0, received.Length, message) == EnvelopeError.None;
            }

            byte[] id = _ids.Next();
            message.MessageId = Encoding.UTF8.GetString(id, 0, id.Length);
            message.MessageType = message.Topic;
            message.Message = new byte[received.Length]; // the reader's own: another queue may have the array that came
            Array.Copy(received, 0, message.Message, 0, received.Length);
            return true;
        }

        private MessageEnvelope Copy(int position)
        {
            lock (_topics)
            {
                if (position >= _count)
                {
                    return null;
                }

                return new MessageEnvelope
                {
                    Topic = _topics[position],
                    Received = _payloads[position],
                    IsRetained = _isRetained[position],
                };
            }
        }

        private void Drop(int position, int reason)
        {
            lock (_topics)
            {
                _drops.Add(reason);
                RemoveAt(position);
            }
        }

        private void Remove(int position)
        {
            lock (_topics)
            {
                RemoveAt(position);
            }
        }

        private bool HasRoom(int size)
        {
            return _count < _topics.Length && size <= (_options.MaxBytes * Factor) - _bytes;
        }

        private void Insert(int position, string topic, byte[] payload, bool isRetained)
        {
            int behind = _count - position;
            Array.Copy(_topics, position, _topics, position + 1, behind);
            Array.Copy(_payloads, position, _payloads, position + 1, behind);
            Array.Copy(_isRetained, position, _isRetained, position + 1, behind);
            _topics[position] = topic;
            _payloads[position] = payload;
            _isRetained[position] = isRetained;
            _count++;
            _bytes += MessageBuffer.SizeOf(topic, payload.Length);
        }

        private void RemoveAt(int position)
        {
            _bytes -= MessageBuffer.SizeOf(_topics[position], _payloads[position].Length);
            _count--;
            int behind = _count - position;
            Array.Copy(_topics, position + 1, _topics, position, behind);
            Array.Copy(_payloads, position + 1, _payloads, position, behind);
            Array.Copy(_isRetained, position + 1, _isRetained, position, behind);
            _topics[_count] = null;
            _payloads[_count] = null;
        }
    }
}

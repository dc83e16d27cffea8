using System;
using System.Text;
using DeviceQueue.Connecting;
using DeviceQueue.Diagnostics;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Messages that arrived and wait to be taken, bounded, as the bytes that came: they are read when somebody asks for them, so that the connection's thread never
    /// waits for that. What cannot be read is counted and dropped. Safe to call from any thread.
    /// </summary>
    internal sealed class Inbox
    {
        private const byte RetainedFlag = 1;

        private readonly MqttOptions _options;
        private readonly Counts _drops;

        // Held by whoever reads: only readers remove, so that a place means the same message for as long. Taken before the lock of the buffer.
        private readonly object _readLock = new object();
        private readonly IRandom _random;
        private readonly EnvelopeCodec _codec; // null: messages come without envelopes
        private readonly object _lock = new object();
        private MessageIds _ids;
        private MessageBuffer _buffer;
        private string _topic; // of the message before, which the next one has in most cases

        public Inbox(MqttOptions options, EnvelopeCodec codec, IRandom random, Counts drops)
        {
            _options = options;
            _codec = codec;
            _random = random;
            _drops = drops;
        }

        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _buffer == null ? 0 : _buffer.Count;
                }
            }
        }

        /// <summary>Gets the memory, when there is none yet: a queue that only sends needs none.</summary>
        public void Allocate()
        {
            lock (_lock)
            {
                if (_buffer == null)
                {
                    _ids = _codec != null ? null : new MessageIds(_random);
                    _buffer = new MessageBuffer(_options.MaxMessages, _options.MaxBytes);
                }
            }
        }

        public void Add(string topic, byte[] payload, bool isRetained)
        {
            lock (_lock)
            {
                int size = MessageBuffer.SizeOf(topic, payload.Length);
                if (size > _options.MaxMessageSize)
                {
                    _drops.Add(DropReason.TooLarge);
                }
                else if (!_buffer.HasRoom(size))
                {
                    _drops.Add(DropReason.Arrived);
                }
                else
                {
                    _buffer.Add(topic, payload, 0, payload.Length, isRetained ? RetainedFlag : (byte)0);
                }
            }
        }

        /// <summary>Takes the first message that can be read; drops those before it for which there is no memory.</summary>
        public MessageEnvelope Take()
        {
            lock (_readLock)
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
                        Drop(0, DropReason.Arrived); // there is none for it, and it must not stand before the others for ever
                    }
                }

                return null;
            }
        }

        /// <summary>Reads the first messages and leaves them.</summary>
        public MessageEnvelope[] Peek(int most)
        {
            lock (_readLock)
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
            lock (_readLock)
            {
                lock (_lock)
                {
                    if (!_buffer.HasRoom(MessageBuffer.SizeOf(message.Topic, message.Received.Length)))
                    {
                        return false;
                    }

                    _buffer.AddFirst(message.Topic, message.Received, message.IsRetained ? RetainedFlag : (byte)0);
                    return true;
                }
            }
        }

        public void Clear()
        {
            lock (_readLock)
            {
                lock (_lock)
                {
                    if (_buffer != null)
                    {
                        _buffer.Clear();
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
            message.Message = received;
            return true;
        }

        private MessageEnvelope Copy(int position)
        {
            lock (_lock)
            {
                if (_buffer == null || position >= _buffer.Count)
                {
                    return null;
                }

                _topic = _buffer.GetTopic(position, _topic);
                return new MessageEnvelope
                {
                    Topic = _topic,
                    Received = _buffer.CopyPayload(position),
                    IsRetained = (_buffer.GetFlags(position) & RetainedFlag) != 0,
                };
            }
        }

        private void Drop(int position, int reason)
        {
            lock (_lock)
            {
                _drops.Add(reason);
                _buffer.RemoveAt(position);
            }
        }

        private void Remove(int position)
        {
            lock (_lock)
            {
                _buffer.RemoveAt(position);
            }
        }
    }
}

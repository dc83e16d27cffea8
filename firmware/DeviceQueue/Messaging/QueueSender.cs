using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Puts what a queue sends into its outbox, with an envelope or without, and reports storage that refuses it.
    /// </summary>
    internal sealed class QueueSender : IPayloadWriter
    {
        private readonly MqttMessageQueue _queue;
        private readonly MessageIds _ids;
        private MessageEnvelope _sending;
        private bool _isDegraded;

        public QueueSender(MqttMessageQueue queue, MqttPlatform platform)
        {
            _queue = queue;
            Platform = platform;
            if (queue.Options.SerializeEnvelope)
            {
                _ids = new MessageIds(platform.Random);
                Codec = new EnvelopeCodec();
            }
        }

        public MqttPlatform Platform { get; }

        /// <summary>Gets the codec, or <see langword="null"/> when messages go without envelopes.</summary>
        public EnvelopeCodec Codec { get; }

        /// <summary>Takes a message; one at a time.</summary>
        /// <exception cref="QueueException">It is too large, or the outbox is full.</exception>
        public void Send(string topic, MessageEnvelope message)
        {
            lock (this)
            {
                bool isTaken = TryAdd(topic, message, out bool isTooLarge);
                if (isTooLarge)
                {
                    string limit = _queue.Options.MaxMessageSize.ToString();
                    string text = "a message to " + topic + " exceeds max_message_size " + limit;
                    throw new QueueException(QueueException.TooLarge, text);
                }

                if (!isTaken)
                {
                    throw new QueueException(QueueException.Full, "queue " + _queue.Name + " is full");
                }
            }

            PollOutbox(Platform.Clock.NowMs);
        }

        /// <summary>Writes to the outbox's file what is due.</summary>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long PollOutbox(long nowMs)
        {
            Outbox outbox = _queue.Outbox;
            long dueMs = outbox.Poll(nowMs);
            bool isDegraded = outbox.IsDegraded;
            if (isDegraded != _isDegraded)
            {
                _isDegraded = isDegraded;
                LogLevel level = isDegraded ? LogLevel.Error : LogLevel.Info;
                string state = isDegraded
                    ? ": storage is full or fails, messages wait in memory only"
                    : " is whole again";
                _queue.Logger.Log(level, null, "outbox of queue " + _queue.Name + state);
            }

            return dueMs;
        }

        /// <inheritdoc/>
        public int Write(byte[] buffer, int offset)
        {
            DateTime sentTime = _sending.SentTime;
            if (sentTime == DateTime.MinValue && Platform.Clock.TryGetUtc(out DateTime now))
            {
                sentTime = now;
            }

            return _sending.MessageId == null
                ? Codec.Encode(_sending, _ids.Next(), sentTime, buffer, offset)
                : Codec.Encode(_sending, _sending.MessageId, sentTime, buffer, offset);
        }

        private bool TryAdd(string topic, MessageEnvelope message, out bool isTooLarge)
        {
            QueueOptions options = _queue.Options;
            if (Codec != null)
            {
                _sending = message;
                bool isTaken = _queue.Outbox.TryAdd(topic, this, options.Qos, options.Retain, out isTooLarge);
                _sending = null;
                return isTaken;
            }

            byte[] payload = message.Payload ?? new byte[0];
            int length = message.PayloadLength;
            isTooLarge = MessageBuffer.SizeOf(topic, length) > options.MaxMessageSize;
            return !isTooLarge && _queue.Outbox.TryAdd(topic, payload, length, options.Qos, options.Retain);
        }
    }
}

using System.Threading;
using DeviceQueue.Mqtt;
using DeviceQueue.Time;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Hands out what a queue has received: to those who ask, wait or listen. Made with the first subscription.
    /// </summary>
    internal sealed class QueueReceiver
    {
        private readonly AutoResetEvent _arrived = new AutoResetEvent(false);
        private readonly MqttMessageQueue _queue;
        private Listening _listening; // from the first that listens on

        /// <summary>Initializes a new instance of the <see cref="QueueReceiver"/> class.</summary>
        /// <param name="queue">The queue.</param>
        /// <param name="codec">Reads envelopes; <see langword="null"/>: messages come without.</param>
        /// <param name="random">Makes the ids of messages without envelopes.</param>
        public QueueReceiver(MqttMessageQueue queue, EnvelopeCodec codec, IRandom random)
        {
            _queue = queue;
            Inbox = new Inbox(queue.Options, codec, random, queue.Drops);
        }

        public Inbox Inbox { get; }

        /// <summary>Gets how many messages a listening receiver threw at.</summary>
        public int Faults => _listening == null ? 0 : _listening.Faults;

        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            Inbox.Add(topic, payload, isRetained);
            Signal();
        }

        /// <summary>Takes the next message.</summary>
        /// <returns><see langword="null"/> when there is none.</returns>
        public MessageEnvelope Take()
        {
            MessageEnvelope message = Inbox.Take();
            if (message != null)
            {
                _queue.OnReceived();
            }

            return message;
        }

        /// <summary>Waits for a message while the queue is open.</summary>
        /// <returns><see langword="null"/> when none comes in time.</returns>
        public MessageEnvelope Receive(IClock clock, int waitMs)
        {
            long deadlineMs = clock.NowMs + waitMs;
            while (_queue.IsOpen)
            {
                MessageEnvelope message = Take();
                if (message != null)
                {
                    if (Inbox.Count > 0)
                    {
                        _arrived.Set();
                    }

                    return message;
                }

                long leftMs = deadlineMs - clock.NowMs;
                if (leftMs <= 0)
                {
                    return null;
                }

                _arrived.WaitOne((int)leftMs, false);
            }

            _arrived.Set(); // for the next one that waits
            return null;
        }

        /// <summary>Puts a message back in front of all others.</summary>
        /// <returns><see langword="false"/> when newer ones fill the inbox.</returns>
        public bool TryPutBack(MessageEnvelope message)
        {
            if (!Inbox.TryPutBack(message))
            {
                return false;
            }

            message.Received = null;
            _listening?.OnAbandoned();
            Signal();
            return true;
        }

        /// <summary>Ends what listens and waits.</summary>
        public void Close()
        {
            EndListening();
            _arrived.Set();
        }

        public Listening GetListening()
        {
            lock (_arrived)
            {
                _listening = _listening ?? new Listening(_queue, this, _arrived);
                return _listening;
            }
        }

        /// <summary>Ends the listening.</summary>
        /// <returns>Whether there was one.</returns>
        public bool EndListening()
        {
            return _listening != null && _listening.End();
        }

        /// <summary>Hands a bounded number of messages to who listens in the background.</summary>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long Deliver(long nowMs)
        {
            return _listening == null ? long.MaxValue : _listening.Deliver(nowMs);
        }

        private void Signal()
        {
            _arrived.Set();
            AutoResetEvent notify = _queue.Notify;
            if (notify != null)
            {
                notify.Set();
            }
        }
    }
}

using System;
using System.Threading;
using DeviceQueue.Diagnostics;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Hands what a queue receives to a receiver, one message after the other: on the thread that asked for it, or on
    /// the connection's. One listening at a time; what its receiver puts back makes it pause, and what its receiver
    /// throws is counted.
    /// </summary>
    internal sealed class Listening
    {
        private const int MaxDeliveries = 4; // before the connection's thread looks after the link again

        private readonly MqttMessageQueue _queue;
        private readonly QueueReceiver _source;
        private readonly AutoResetEvent _arrived;
        private readonly AutoResetEvent _ended = new AutoResetEvent(false);
        private readonly object _lock = new object();

        // The listening that goes on, by number; 0 is none. Another one has another number, so that who listened before
        // it sees that its own has ended.
        private int _current;
        private int _last;
        private IMessageReceiver _receiver;
        private bool _isBackground;
        private int _abandons;
        private long _resumeMs;

        /// <summary>Initializes a new instance of the <see cref="Listening"/> class.</summary>
        /// <param name="queue">The queue.</param>
        /// <param name="source">What to take from.</param>
        /// <param name="arrived">Set when there is something to take.</param>
        public Listening(MqttMessageQueue queue, QueueReceiver source, AutoResetEvent arrived)
        {
            _queue = queue;
            _source = source;
            _arrived = arrived;
        }

        /// <summary>Gets how many messages the receiver threw at.</summary>
        public int Faults { get; private set; }

        /// <summary>Begins to listen; <see cref="Run"/> or <see cref="Deliver"/> does the work.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <param name="receiver">Takes the messages.</param>
        /// <param name="isBackground">Whether the connection's thread hands over.</param>
        /// <returns>The number of this listening.</returns>
        /// <exception cref="InvalidStateException">The queue is not open, or is listening already.</exception>
        public int Begin(string correlationId, IMessageReceiver receiver, bool isBackground)
        {
            lock (_lock)
            {
                _queue.CheckOpen();
                if (_current != 0)
                {
                    string text = "queue " + _queue.Name + " is listening already";
                    throw new InvalidStateException(InvalidStateException.AlreadyListening, text);
                }

                _queue.Subscribe(correlationId);
                _ended.Reset();
                _receiver = receiver;
                _isBackground = isBackground;
                _resumeMs = 0;
                _last++;
                _current = _last;
                return _last;
            }
        }

        /// <summary>Ends the listening, whatever thread it is on.</summary>
        /// <returns>Whether there was one.</returns>
        public bool End()
        {
            lock (_lock)
            {
                bool wasListening = _current != 0;
                _current = 0;
                _ended.Set();
                return wasListening;
            }
        }

        /// <summary>Notes that a message was put back.</summary>
        public void OnAbandoned()
        {
            Interlocked.Increment(ref _abandons);
        }

        /// <summary>Hands over on this thread until the listening ends.</summary>
        /// <param name="listening">What <see cref="Begin"/> returned.</param>
        /// <param name="receiver">Takes the messages.</param>
        public void Run(int listening, IMessageReceiver receiver)
        {
            WaitHandle[] events = { _arrived, _ended };
            while (_current == listening)
            {
                int abandons = _abandons;
                MessageEnvelope message = _source.Take();
                if (message == null)
                {
                    WaitHandle.WaitAny(events);
                    continue;
                }

                HandOver(message, receiver);
                if (_abandons != abandons)
                {
                    _ended.WaitOne(MqttMessageQueue.AbandonPauseMs, false);
                }
            }

            _arrived.Set(); // for one that waits in Receive: the last event may have been for it
        }

        /// <summary>Hands over a bounded number of messages when the listening is the connection's thread's.</summary>
        /// <param name="nowMs">The time, <see cref="Time.IClock.NowMs"/>.</param>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long Deliver(long nowMs)
        {
            int listening = _current;
            if (listening == 0 || !_isBackground)
            {
                return long.MaxValue;
            }

            if (nowMs < _resumeMs)
            {
                return _resumeMs;
            }

            int abandons = _abandons;
            for (int i = 0; i < MaxDeliveries && _current == listening; i++)
            {
                MessageEnvelope message = _source.Take();
                if (message == null)
                {
                    return long.MaxValue;
                }

                HandOver(message, _receiver);
                if (_abandons != abandons)
                {
                    _resumeMs = nowMs + MqttMessageQueue.AbandonPauseMs;
                    return _resumeMs;
                }
            }

            return nowMs;
        }

        private void HandOver(MessageEnvelope message, IMessageReceiver receiver)
        {
            try
            {
                receiver.ReceiveMessage(message, _queue);
            }
            catch (Exception e)
            {
                Faults++;
                string text = "receiver of queue " + _queue.Name + ": " + e.ToString();
                _queue.Logger.Log(LogLevel.Error, message.CorrelationId, text);
            }
        }
    }
}

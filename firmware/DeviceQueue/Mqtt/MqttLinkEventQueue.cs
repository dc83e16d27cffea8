using System.Threading;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Where a link's callbacks leave what happened until the connection's thread takes it. Bounded in number and in
    /// bytes, and allocated once: arriving messages have places of their own, so that answers always find one, and a
    /// message that finds none is counted. Answers are taken first.
    /// </summary>
    public sealed class MqttLinkEventQueue
    {
        /// <summary>The most messages that wait here at once, unless the link has room for more.</summary>
        public const int MaxMessages = 10;

        /// <summary>The most bytes of payloads that wait here at once, unless the link has room for more.</summary>
        public const int MaxBytes = 1024;

        /// <summary>The same of a link that takes what a broker has kept while the device slept.</summary>
        public const int BurstMessages = 32;

        /// <summary>The same in bytes.</summary>
        public const int BurstBytes = 8192;

        /// <summary>
        /// The most answers that wait here at once; more means that none is taken, and the link reports itself closed.
        /// </summary>
        public const int MaxAnswers = 24;

        private const int IdMask = 0xFFFF;
        private const int SuccessFlag = 0x10000;
        private const int KindShift = 17;

        private readonly object _lock = new object();
        private readonly AutoResetEvent _wake;
        private readonly int[] _answers;
        private readonly string[] _topics;
        private readonly byte[][] _payloads;
        private readonly bool[] _isRetained;
        private readonly int _maxBytes;
        private int _firstAnswer;
        private int _answerCount;
        private int _firstMessage;
        private int _messageCount;
        private int _bytes;
        private bool _isClosed;
        private bool _isClosedTaken;
        private int _dropped;

        /// <summary>Initializes a new instance of the <see cref="MqttLinkEventQueue"/> class.</summary>
        /// <param name="wake">Set when there is something to take; who waits for it takes until there is
        /// nothing.</param>
        /// <param name="maxMessages">The most messages that wait here at once, at least 1.</param>
        /// <param name="maxBytes">The most bytes of their payloads; one that finds the queue empty may be
        /// larger.</param>
        /// <param name="maxAnswers">The most answers that wait here at once.</param>
        public MqttLinkEventQueue(
            AutoResetEvent wake, int maxMessages = MaxMessages, int maxBytes = MaxBytes, int maxAnswers = MaxAnswers)
        {
            _wake = wake;
            _answers = new int[maxAnswers];
            _topics = new string[maxMessages];
            _payloads = new byte[maxMessages][];
            _isRetained = new bool[maxMessages];
            _maxBytes = maxBytes;
        }

        /// <summary>
        /// Gets the most publishes that may be unanswered at once: each answer finds a place here, and so do those to
        /// subscriptions and probes.
        /// </summary>
        public int MaxInflight => _answers.Length * 3 / 4;

        /// <summary>Gets how many arrived messages found no place.</summary>
        public int DroppedMessages => _dropped;

        /// <summary>Gets how many messages wait.</summary>
        public int MessageCount
        {
            get
            {
                lock (_lock)
                {
                    return _messageCount;
                }
            }
        }

        /// <summary>Gets how many bytes their payloads take.</summary>
        public int MessageBytes
        {
            get
            {
                lock (_lock)
                {
                    return _bytes;
                }
            }
        }

        private bool IsEmpty => _answerCount == 0 && _messageCount == 0;

        /// <summary>Adds the fate of a published message.</summary>
        /// <param name="packetId">The id that the publish returned.</param>
        /// <param name="isSuccess"><see langword="false"/> when the client library gave up waiting.</param>
        public void AddPublished(int packetId, bool isSuccess)
        {
            AddAnswer(MqttLinkEventKind.Published, packetId, isSuccess);
        }

        /// <summary>Adds a SUBACK.</summary>
        /// <param name="packetId">The id that the subscribe returned.</param>
        /// <param name="isSuccess">Whether the broker granted the subscription.</param>
        public void AddSubscribed(int packetId, bool isSuccess)
        {
            AddAnswer(MqttLinkEventKind.Subscribed, packetId, isSuccess);
        }

        /// <summary>Adds the answer to a probe, or an UNSUBACK.</summary>
        public void AddAlive()
        {
            AddAnswer(MqttLinkEventKind.Alive, 0, true);
        }

        /// <summary>Adds an arrived message, or counts it when there is no place.</summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="payload">Its payload; the array is kept.</param>
        /// <param name="isRetained">Whether it was marked retained.</param>
        public void AddMessage(string topic, byte[] payload, bool isRetained)
        {
            bool isFirst;
            lock (_lock)
            {
                isFirst = IsEmpty;

                // The client library has allocated it already, so one alone is handed on, whatever its size: it is
                // counted there.
                bool isOver = _messageCount > 0 && _bytes + payload.Length > _maxBytes;
                if (_messageCount == _topics.Length || isOver)
                {
                    _dropped++;
                    return;
                }

                int place = (_firstMessage + _messageCount) % _topics.Length;
                _topics[place] = topic;
                _payloads[place] = payload;
                _isRetained[place] = isRetained;
                _messageCount++;
                _bytes += payload.Length;
            }

            WakeIf(isFirst);
        }

        /// <summary>Adds the end of the link; taken after all else, and once.</summary>
        public void AddClosed()
        {
            lock (_lock)
            {
                _isClosed = true;
            }

            _wake.Set();
        }

        /// <summary>Takes the next event.</summary>
        /// <param name="e">Receives it.</param>
        /// <returns><see langword="false"/> when there is none.</returns>
        public bool TryTake(MqttLinkEvent e)
        {
            lock (_lock)
            {
                if (_answerCount > 0)
                {
                    TakeAnswer(e);
                    return true;
                }

                if (_messageCount > 0)
                {
                    TakeMessage(e);
                    return true;
                }

                if (!_isClosed || _isClosedTaken)
                {
                    return false;
                }

                _isClosedTaken = true;
                e.Kind = MqttLinkEventKind.Closed;
                return true;
            }
        }

        private void AddAnswer(MqttLinkEventKind kind, int packetId, bool isSuccess)
        {
            bool isFirst;
            lock (_lock)
            {
                isFirst = IsEmpty;
                if (_answerCount == _answers.Length)
                {
                    _isClosed = true;
                }
                else
                {
                    int place = (_firstAnswer + _answerCount) % _answers.Length;
                    _answers[place] = ((int)kind << KindShift) | (isSuccess ? SuccessFlag : 0) | packetId;
                    _answerCount++;
                }
            }

            WakeIf(isFirst);
        }

        /// <summary>Signals the connection's thread unless a signal is pending.</summary>
        private void WakeIf(bool isFirst)
        {
            if (isFirst)
            {
                _wake.Set();
            }
        }

        private void TakeAnswer(MqttLinkEvent e)
        {
            int answer = _answers[_firstAnswer];
            _firstAnswer = (_firstAnswer + 1) % _answers.Length;
            _answerCount--;
            e.Kind = (MqttLinkEventKind)(answer >> KindShift);
            e.PacketId = answer & IdMask;
            e.IsSuccess = (answer & SuccessFlag) != 0;
        }

        private void TakeMessage(MqttLinkEvent e)
        {
            e.Kind = MqttLinkEventKind.Message;
            e.Topic = _topics[_firstMessage];
            e.Payload = _payloads[_firstMessage];
            e.IsRetained = _isRetained[_firstMessage];
            _bytes -= e.Payload.Length;
            _topics[_firstMessage] = null;
            _payloads[_firstMessage] = null;
            _firstMessage = (_firstMessage + 1) % _topics.Length;
            _messageCount--;
        }
    }
}

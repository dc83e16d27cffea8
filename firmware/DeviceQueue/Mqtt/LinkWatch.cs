
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Judges by what is unanswered whether the other side of a link is alive, and asks for a sign of life when it is
    /// in doubt. Called from the thread of its connection.
    /// </summary>
    internal sealed class LinkWatch
    {
        /// <summary>
        /// How long the client library waits for PUBACK, in milliseconds: three attempts, a second each.
        /// </summary>
        public const int AnswerTimeoutMs = 3000;

        private readonly int _livenessMs;
        private IMqttLink _link;
        private long _unansweredSinceMs;
        private int _unansweredInRow;
        private long _nextCountMs;
        private long _nextProbeMs;
        private long _lastHeardMs;
        private bool _isUnheard;

        /// <summary>Initializes a new instance of the <see cref="LinkWatch"/> class.</summary>
        /// <param name="keepAliveSeconds">The keepalive of the links in seconds; silence for one and a half of it is
        /// the end of one.</param>
        public LinkWatch(int keepAliveSeconds)
        {
            _livenessMs = keepAliveSeconds * 1500;
        }

        /// <summary>Gets how many publishes are unanswered.</summary>
        public int Inflight { get; private set; }

        /// <summary>Gets when the other side was heard last, or the link came up; 0: there was none.</summary>
        public long LastHeardMs => _lastHeardMs;

        /// <summary>
        /// Gets the time by which the link has to answer, <see cref="long.MaxValue"/> when nothing is asked.
        /// </summary>
        public long DueMs => _unansweredSinceMs < 0 ? long.MaxValue : _unansweredSinceMs + _livenessMs;

        /// <summary>Begins to watch a link that has just come up.</summary>
        public void Start(IMqttLink link, long nowMs)
        {
            _link = link;
            Inflight = 0;
            _unansweredSinceMs = -1;
            _unansweredInRow = 0;
            _nextCountMs = 0;
            _nextProbeMs = 0;
            _lastHeardMs = nowMs;
            _isUnheard = false;
        }

        /// <summary>Notes that the other side has said something.</summary>
        public void OnHeard(long nowMs)
        {
            _lastHeardMs = nowMs;
            _isUnheard = false;
            _unansweredInRow = 0;
            _unansweredSinceMs = Inflight > 0 ? nowMs : -1;
        }

        /// <summary>Notes that the other side was asked for something that it has to answer.</summary>
        public void OnAsked(long nowMs)
        {
            if (_unansweredSinceMs < 0)
            {
                _unansweredSinceMs = nowMs;
            }
        }

        /// <summary>Notes that the link has taken a message.</summary>
        public void OnTaken(int qos, long nowMs)
        {
            if (qos > 0)
            {
                Inflight++;
                OnAsked(nowMs);
                return;
            }

            // QoS 0 is never answered, and the client library pings only when it has sent nothing for a keepalive.
            if (_isUnheard && nowMs - _lastHeardMs >= _livenessMs)
            {
                Probe(nowMs);
            }

            _isUnheard = true;
        }

        /// <summary>Notes the fate of a message that the link had taken.</summary>
        public void OnPublished(bool isAnswered, long nowMs)
        {
            Inflight--;
            if (isAnswered)
            {
                OnHeard(nowMs);
            }
            else
            {
                OnUnanswered(nowMs);
            }
        }

        /// <summary>Counts a publish that came to nothing.</summary>
        public void OnUnanswered(long nowMs)
        {
            if (nowMs >= _nextCountMs)
            {
                _unansweredInRow++;
                _nextCountMs = nowMs + AnswerTimeoutMs;
                Probe(nowMs);
            }
        }

        /// <summary>Asks for a sign of life when half the time for an answer is over.</summary>
        public void ProbeIfLate(long nowMs)
        {
            if (_unansweredSinceMs >= 0 && nowMs - _unansweredSinceMs >= _livenessMs / 2)
            {
                Probe(nowMs);
            }
        }

        /// <summary>Tells why the link counts as dead.</summary>
        /// <returns>Why, in words, or <see langword="null"/>.</returns>
        public string FindFault(long nowMs)
        {
            if (!_link.IsOpen)
            {
                return "the client library closed it";
            }

            if (_unansweredInRow >= RetryPolicy.MaxUnanswered)
            {
                return _unansweredInRow.ToString() + " times in a row nothing was acknowledged";
            }

            return nowMs >= DueMs ? "no answer for " + (nowMs - _unansweredSinceMs).ToString() + " ms" : null;
        }

        private void Probe(long nowMs)
        {
            if (nowMs >= _nextProbeMs && _link.TryProbe())
            {
                _nextProbeMs = nowMs + AnswerTimeoutMs;
                OnAsked(nowMs);
            }
        }
    }
}

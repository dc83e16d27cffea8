using System.Threading;

namespace DeviceQueue.Connecting
{
    /// <summary>
    /// Topics of which only the newest value matters. A retained one (status, output states, discovery) is published after every connect and at each change, at QoS 1,
    /// and again until the broker has the newest; another (health) once at each change, at QoS 0. Safe to call from any thread.
    /// </summary>
    public sealed class LatestValues : IPublishSource
    {
        /// <summary>The most topics.</summary>
        public const int MaxValues = 24;

        /// <summary>The most values that are unacknowledged at once.</summary>
        public const int MaxInflight = 4;

        /// <summary>How long after an unanswered publish the value is sent again, in milliseconds; it doubles with each that follows on the same link.</summary>
        public const int FirstRetryMs = 5000;

        private const int MaxRetryDoublings = 6;

        private readonly object _lock = new object();
        private readonly AutoResetEvent _wake;
        private readonly string[] _topics = new string[MaxValues];
        private readonly byte[][] _payloads = new byte[MaxValues][];
        private readonly bool[] _isRetained = new bool[MaxValues];
        private readonly bool[] _isDue = new bool[MaxValues];
        private readonly long[] _dueMs = new long[MaxValues];
        private readonly int[] _packetIds = new int[MaxValues];
        private readonly byte[] _unanswered = new byte[MaxValues];
        private int _count;
        private int _taken;

        /// <summary>Initializes a new instance of the <see cref="LatestValues"/> class.</summary>
        /// <param name="wake">Set when there is something to publish.</param>
        public LatestValues(AutoResetEvent wake)
        {
            _wake = wake;
        }

        /// <summary>Adds a topic.</summary>
        /// <param name="topic">The topic, without wildcards.</param>
        /// <param name="isRetained">Whether the broker keeps the value.</param>
        /// <returns>The handle for <see cref="Set"/>, or -1 when <see cref="MaxValues"/> are in use.</returns>
        public int Add(string topic, bool isRetained)
        {
            lock (_lock)
            {
                if (_count == MaxValues)
                {
                    return -1;
                }

                _topics[_count] = topic;
                _isRetained[_count] = isRetained;
                return _count++;
            }
        }

        /// <summary>Sets the newest value.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        /// <param name="payload">The payload; the array is kept.</param>
        public void Set(int handle, byte[] payload)
        {
            lock (_lock)
            {
                _payloads[handle] = payload;
                _isDue[handle] = true;
                _dueMs[handle] = 0;
            }

            _wake.Set();
        }

        /// <summary>Publishes the newest value again, if there is one.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        public void Repeat(int handle)
        {
            lock (_lock)
            {
                _isDue[handle] |= _payloads[handle] != null;
            }

            _wake.Set();
        }

        /// <summary>Tells whether the broker has acknowledged the newest value.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        /// <returns><see langword="false"/> while it is on its way.</returns>
        public bool IsSettled(int handle)
        {
            lock (_lock)
            {
                return !_isDue[handle] && _packetIds[handle] == 0;
            }
        }

        /// <inheritdoc/>
        public bool TryTake(long nowMs, PublishRequest request)
        {
            lock (_lock)
            {
                if (CountInflight() >= MaxInflight)
                {
                    return false;
                }

                for (int i = 0; i < _count; i++)
                {
                    if (_isDue[i] && _packetIds[i] == 0 && _dueMs[i] <= nowMs)
                    {
                        _taken = i;
                        _isDue[i] = false;
                        request.Topic = _topics[i];
                        request.Payload = _payloads[i];
                        request.Qos = _isRetained[i] ? 1 : 0;
                        request.Retain = _isRetained[i];
                        return true;
                    }
                }

                return false;
            }
        }

        /// <inheritdoc/>
        public void OnHandedOver(int packetId)
        {
            lock (_lock)
            {
                _packetIds[_taken] = _isRetained[_taken] ? packetId : 0;
                _isDue[_taken] |= packetId == 0;
                if (!_isRetained[_taken] && !_isDue[_taken])
                {
                    _payloads[_taken] = null; // published once; there may be a newer one already
                }
            }
        }

        /// <inheritdoc/>
        public void OnRefused(long nowMs)
        {
            lock (_lock)
            {
                OnAnswer(_taken, false, nowMs);
            }
        }

        /// <inheritdoc/>
        public bool OnPublished(int packetId, bool isPublished, long nowMs)
        {
            lock (_lock)
            {
                for (int i = 0; i < _count; i++)
                {
                    if (_packetIds[i] == packetId)
                    {
                        _packetIds[i] = 0;
                        OnAnswer(i, isPublished, nowMs);
                        return true;
                    }
                }

                return false;
            }
        }

        /// <inheritdoc/>
        public void OnLinkUp()
        {
            lock (_lock)
            {
                for (int i = 0; i < _count; i++)
                {
                    _isDue[i] |= _isRetained[i] && _payloads[i] != null;
                    _dueMs[i] = 0;
                    _unanswered[i] = 0;
                }
            }
        }

        /// <inheritdoc/>
        public void OnLinkDown()
        {
            lock (_lock)
            {
                for (int i = 0; i < _count; i++)
                {
                    _isDue[i] |= _packetIds[i] != 0; // not settled: only the next link can tell
                    _packetIds[i] = 0;
                }
            }
        }

        /// <inheritdoc/>
        public long GetDueMs()
        {
            lock (_lock)
            {
                long due = long.MaxValue;
                for (int i = 0; i < _count; i++)
                {
                    if (_isDue[i] && _packetIds[i] == 0 && _dueMs[i] < due)
                    {
                        due = _dueMs[i];
                    }
                }

                return due;
            }
        }

        private void OnAnswer(int i, bool isPublished, long nowMs)
        {
            if (isPublished)
            {
                _unanswered[i] = 0;
                return;
            }

            if (!_isDue[i])
            {
                _isDue[i] = true;
                _dueMs[i] = nowMs + (FirstRetryMs << _unanswered[i]);
            }

            _unanswered[i] += (byte)(_unanswered[i] < MaxRetryDoublings ? 1 : 0);
        }

        private int CountInflight()
        {
            int inflight = 0;
            for (int i = 0; i < _count; i++)
            {
                if (_packetIds[i] != 0)
                {
                    inflight++;
                }
            }

            return inflight;
        }
    }
}

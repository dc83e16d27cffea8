using System;
using System.Threading;

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Topics of which only the newest value matters. A retained one (status, output states, announcements) is
    /// published after every connect and at each change, at QoS 1, and again until the broker has the newest; another
    /// (health) once at each change, at QoS 0. An empty retained one takes a message back: the broker's acknowledgement
    /// ends it. Safe to call from any thread.
    /// </summary>
    public sealed class LatestValues : IPublishSource
    {
        /// <summary>The most topics.</summary>
        public const int MaxValues = 24;

        /// <summary>The most values that are unacknowledged at once.</summary>
        public const int MaxInflight = 4;

        private const int Growth = 4;
        private const byte Retained = 1;
        private const byte Due = 2;
        private const byte Unsaid = 4; // due since the link came up, and not handed over on it yet
        private const byte FlagsMask = 7;
        private const int RepeatsShift = 3; // in the bits above: how often the value stayed unanswered on this link

        private const int None = -1;

        private readonly object _lock = new object();
        private readonly AutoResetEvent _wake;
        private string[] _topics = new string[Growth];
        private object[] _payloads = new object[Growth]; // of bytes, or what writes them
        private long[] _dueMs = new long[Growth];
        private ushort[] _packetIds = new ushort[Growth];
        private byte[] _flags = new byte[Growth];
        private int _count;
        private int _taken = None; // offered, and not handed over yet

        /// <summary>Initializes a new instance of the <see cref="LatestValues"/> class.</summary>
        /// <param name="wake">Set when there is something to publish.</param>
        public LatestValues(AutoResetEvent wake)
        {
            _wake = wake;
        }

        /// <summary>
        /// Gets a value indicating whether each retained value has been handed over on this link, or was refused.
        /// </summary>
        public bool IsSaid
        {
            get
            {
                lock (_lock)
                {
                    for (int i = 0; i < _count; i++)
                    {
                        if ((_flags[i] & Unsaid) != 0)
                        {
                            return false;
                        }
                    }

                    return true;
                }
            }
        }

        /// <summary>Adds a topic. Not to be called once the connection is open.</summary>
        /// <param name="topic">The topic, without wildcards; <see langword="null"/> when a writer names it.</param>
        /// <param name="isRetained">Whether the broker keeps the value.</param>
        /// <returns>The handle for the other calls, or -1 when <see cref="MaxValues"/> are in use.</returns>
        public int Add(string topic, bool isRetained)
        {
            lock (_lock)
            {
                if (_count == MaxValues)
                {
                    return -1;
                }

                if (_count == _topics.Length)
                {
                    Grow();
                }

                _topics[_count] = topic;
                _flags[_count] = isRetained ? Retained : (byte)0;
                return _count++;
            }
        }

        /// <summary>Sets the newest value.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        /// <param name="payload">The payload; the array is kept.</param>
        public void Set(int handle, byte[] payload)
        {
            Change(handle, payload);
        }

        /// <summary>
        /// Says that there is a newest value, which is written each time it is sent, so that it takes no memory
        /// between.
        /// </summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        /// <param name="writer">Writes topic and payload.</param>
        public void Set(int handle, IValueWriter writer)
        {
            Change(handle, writer);
        }

        /// <summary>Publishes the newest value again, if there is one.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        public void Repeat(int handle)
        {
            lock (_lock)
            {
                if (_payloads[handle] != null)
                {
                    _flags[handle] |= Due;
                }
            }

            _wake.Set();
        }

        /// <summary>Gives a value up, whether the broker has it or not.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        public void Forget(int handle)
        {
            lock (_lock)
            {
                _payloads[handle] = null;
                _flags[handle] &= unchecked((byte)~(Due | Unsaid));
            }
        }

        /// <summary>Publishes each retained value again.</summary>
        public void RepeatAll()
        {
            for (int i = 0; i < _count; i++)
            {
                if ((_flags[i] & Retained) != 0)
                {
                    Repeat(i);
                }
            }
        }

        /// <summary>Tells whether the broker has acknowledged the newest value.</summary>
        /// <param name="handle">What <see cref="Add"/> returned.</param>
        /// <returns><see langword="false"/> while it is on its way.</returns>
        public bool IsSettled(int handle)
        {
            lock (_lock)
            {
                return (_flags[handle] & Due) == 0 && _packetIds[handle] == 0 && _taken != handle;
            }
        }

        /// <inheritdoc/>
        public bool TryTake(long nowMs, PublishRequest request)
        {
            IValueWriter writer;
            int next;
            do
            {
                lock (_lock)
                {
                    next = FindNext(nowMs);
                    if (next < 0)
                    {
                        _taken = None;
                        return false;
                    }

                    bool isRetained = (_flags[next] & Retained) != 0;
                    _taken = next;
                    _flags[next] &= unchecked((byte)~(Due | Unsaid));
                    request.Topic = _topics[next];
                    request.Payload = _payloads[next] as byte[];
                    request.Qos = isRetained ? 1 : 0;
                    request.Retain = isRetained;
                    writer = _payloads[next] as IValueWriter;
                }
            }
            // without the lock: it may take those of others
            while (writer != null && !TryWrite(writer, next, request, nowMs));

            return true;
        }

        private bool TryWrite(IValueWriter writer, int next, PublishRequest request, long nowMs)
        {
            try
            {
                return writer.TryWrite(next, request);
            }
            catch (OutOfMemoryException)
            {
                OnRefused(nowMs); // as when there is none a step later: the others go on
                return false;
            }
        }

        /// <inheritdoc/>
        public void OnHandedOver(int packetId)
        {
            lock (_lock)
            {
                bool isRetained = (_flags[_taken] & Retained) != 0;
                _packetIds[_taken] = isRetained ? (ushort)packetId : (ushort)0;
                if (packetId == 0)
                {
                    _flags[_taken] |= Due;
                }
                else if (!isRetained && (_flags[_taken] & Due) == 0)
                {
                    _payloads[_taken] = null; // published once; there may be a newer one already
                }

                _taken = None;
            }
        }

        /// <inheritdoc/>
        public void OnRefused(long nowMs)
        {
            lock (_lock)
            {
                OnAnswer(_taken, false, nowMs);
                _taken = None;
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
                    bool isSaidAgain = (_flags[i] & Retained) != 0 && _payloads[i] != null;
                    _flags[i] &= FlagsMask;
                    _flags[i] |= isSaidAgain ? (byte)(Due | Unsaid) : (byte)0;
                    _dueMs[i] = 0;
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
                    bool isUnknown = _packetIds[i] != 0 && _payloads[i] != null; // only the next link can tell
                    _flags[i] |= isUnknown ? Due : (byte)0;
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
                    if ((_flags[i] & Due) != 0 && _packetIds[i] == 0 && _dueMs[i] < due)
                    {
                        due = _dueMs[i];
                    }
                }

                return due;
            }
        }

        private void Change(int handle, object payload)
        {
            lock (_lock)
            {
                _payloads[handle] = payload;
                _flags[handle] |= Due;
                _dueMs[handle] = 0;
            }

            _wake.Set();
        }

        private void Grow()
        {
            int size = _count + Growth;
            _topics = (string[])Copy(_topics, new string[size]);
            _payloads = (object[])Copy(_payloads, new object[size]);
            _dueMs = (long[])Copy(_dueMs, new long[size]);
            _packetIds = (ushort[])Copy(_packetIds, new ushort[size]);
            _flags = (byte[])Copy(_flags, new byte[size]);
        }

        private Array Copy(Array from, Array to)
        {
            Array.Copy(from, 0, to, 0, _count);
            return to;
        }

        private int FindNext(long nowMs)
        {
            int next = -1;
            int inflight = 0;
            for (int i = 0; i < _count; i++)
            {
                if (_packetIds[i] != 0)
                {
                    inflight++;
                }
                else if (next < 0 && (_flags[i] & Due) != 0 && _dueMs[i] <= nowMs)
                {
                    next = i;
                }
            }

            return inflight < MaxInflight ? next : -1;
        }

        private void OnAnswer(int i, bool isPublished, long nowMs)
        {
            if (isPublished)
            {
                _flags[i] &= FlagsMask;
                if ((_flags[i] & Due) == 0 && _payloads[i] is byte[] payload && payload.Length == 0)
                {
                    _payloads[i] = null; // the broker keeps nothing under this topic any more
                }

                return;
            }

            if ((_flags[i] & Due) == 0 && _payloads[i] != null)
            {
                _flags[i] |= Due;
                _dueMs[i] = nowMs + RetryPolicy.GetDelayMs(_flags[i] >> RepeatsShift);
            }

            int repeats = RetryPolicy.CountUp(_flags[i] >> RepeatsShift);
            _flags[i] = (byte)((_flags[i] & FlagsMask) | (repeats << RepeatsShift));
        }
    }
}

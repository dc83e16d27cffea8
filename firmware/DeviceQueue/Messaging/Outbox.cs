using System.Threading;
using DeviceQueue.Connecting;
using DeviceQueue.Diagnostics;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Messages on their way out, bounded, first deliveries in order. A message leaves at its PUBACK, and at QoS 0 when the link has it. One that stays
    /// unanswered is kept: nobody knows whether it arrived, so fewer are sent at once and it is sent again, later each time. While the link answers nothing at
    /// all, first deliveries go before repeats and repeats are few: TCP brings what it was given or ends the link, so that a repeat can fetch an answer and
    /// nothing else. Safe to call from any thread. With a file (Outbox.File.cs) the file is the queue, and what is in memory is its window.
    /// </summary>
    public sealed partial class Outbox : IPublishSource
    {
        /// <summary>The delay before an unanswered message is sent again on a link that holds, in milliseconds; it doubles each time.</summary>
        public const int FirstRetryMs = 5000;

        /// <summary>The longest such delay, in milliseconds.</summary>
        public const int MaxRetryMs = 320000;

        /// <summary>
        /// After so many attempts without an answer, those among them that a link did not survive, a message no longer goes before the others: it may be
        /// what ends the links, and one message must not hold up all.
        /// </summary>
        public const int OrderedAttempts = 4;

        private const byte QosMask = 3;
        private const byte RetainFlag = 4;
        private const int MaxCounted = 7; // the retry delay has long reached its limit

        private readonly object _lock = new object();
        private readonly MessageBuffer _buffer;
        private readonly OverflowPolicy _overflow;
        private readonly int _maxInflight;
        private readonly AutoResetEvent _wake;
        private readonly ushort[] _packetIds;
        private readonly byte[] _unanswered;
        private readonly long[] _dueMs;
        private readonly ushort[] _orphans;
        private int _orphanCount;
        private int _inflight;
        private int _window;
        private int _takenSlot = -1;
        private int _takenQos;
        private int _silence;
        private long _repeatDueMs;
        private long _nowMs;

        /// <summary>Initializes a new instance of the <see cref="Outbox"/> class, with all the memory that it will use.</summary>
        /// <param name="options">Its limits: max_messages, max_bytes, max_inflight and overflow.</param>
        /// <param name="wake">Set when there is something to publish.</param>
        /// <param name="store">Holds the file that options.outbox names, or <see langword="null"/>: everything stays in memory.</param>
        /// <param name="drops">Counts what is lost, or <see langword="null"/> for counts of its own.</param>
        public Outbox(MqttOptions options, AutoResetEvent wake, IStore store = null, Counts drops = null)
        {
            Drops = drops ?? new Counts(DropReason.Names);
            _buffer = new MessageBuffer(options.MaxMessages, options.MaxBytes);
            _overflow = options.Overflow;
            _maxInflight = options.MaxInflight;
            _window = _maxInflight;
            _wake = wake;
            _packetIds = new ushort[options.MaxMessages];
            _unanswered = new byte[options.MaxMessages];
            _dueMs = new long[options.MaxMessages];
            _orphans = new ushort[options.MaxInflight];
            OpenFile(options, store);
        }

        /// <summary>Gets what was lost, by <see cref="DropReason"/>.</summary>
        public Counts Drops { get; }

        /// <summary>Gets the most messages; with a file, those of the smallest size.</summary>
        public int MaxMessages => _file == null ? _buffer.MaxMessages : _file.MaxBytes / (OutboxFile.HeaderBytes + 1);

        /// <summary>Gets the most bytes; with a file, those in storage, where each message takes <see cref="OutboxFile.HeaderBytes"/> more.</summary>
        public int MaxBytes => _file == null ? _buffer.MaxBytes : _file.MaxBytes;

        /// <summary>Gets how many messages wait or are unacknowledged, in memory or only in the file.</summary>
        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _buffer.Count + (_file == null ? 0 : _file.Unread);
                }
            }
        }

        /// <summary>Gets how many bytes they take, in the unit of <see cref="MessageBuffer"/>.</summary>
        public int Bytes
        {
            get
            {
                lock (_lock)
                {
                    return _buffer.Bytes + (_file == null ? 0 : _file.UnreadBytes);
                }
            }
        }

        /// <summary>Takes a message, or drops what the overflow policy says; with a file that holds for memory and file as one.</summary>
        /// <param name="topic">Its topic, without wildcards.</param>
        /// <param name="payload">Holds its payload from the start of the array; copied.</param>
        /// <param name="length">How long the payload is in bytes.</param>
        /// <param name="qos">The quality of service, 0 to 2.</param>
        /// <param name="retain">Whether the broker keeps it.</param>
        /// <returns><see langword="false"/> when there is no room and the policy is to refuse.</returns>
        public bool TryAdd(string topic, byte[] payload, int length, int qos, bool retain)
        {
            int size = MessageBuffer.SizeOf(topic, length);
            byte flags = (byte)(qos | (retain ? RetainFlag : 0));
            bool isTaken = _file != null && qos > 0 ? TryKeep(topic, payload, length, size, flags) : TryHold(topic, payload, length, size, flags);
            if (!isTaken)
            {
                return _overflow == OverflowPolicy.DropNewest;
            }

            _wake.Set();
            return true;
        }

        /// <summary>
        /// Drops the older half of the messages, because memory runs short, but for those that storage has: they wait there. The list itself was allocated at start;
        /// what this saves is the copies of each on its way through the client library.
        /// </summary>
        public void Shed()
        {
            lock (_lock)
            {
                for (int i = ((_buffer.Count + 1) / 2) - 1; i >= 0; i--)
                {
                    if (_file == null || _sequences[_buffer.SlotAt(i)] <= 0)
                    {
                        Drop(i, DropReason.Memory);
                    }
                }
            }
        }

        /// <inheritdoc/>
        public bool TryTake(long nowMs, PublishRequest request)
        {
            Refill();
            lock (_lock)
            {
                _nowMs = nowMs;
                int slot = _inflight < _window ? FindNext(nowMs) : -1;
                _takenSlot = slot;
                if (slot < 0)
                {
                    return false;
                }

                byte flags = _buffer.GetFlags(slot);
                request.Topic = _buffer.GetTopic(slot);
                request.Payload = _buffer.CopyPayload(slot);
                request.Qos = flags & QosMask;
                request.Retain = (flags & RetainFlag) != 0;
                _takenQos = request.Qos;
                return true;
            }
        }

        /// <inheritdoc/>
        public void OnHandedOver(int packetId)
        {
            lock (_lock)
            {
                int slot = _takenSlot;
                _takenSlot = -1;
                if (packetId == 0)
                {
                    return; // still unsent
                }

                if (_takenQos == 0)
                {
                    Remove(slot);
                    return;
                }

                _inflight++;
                if (slot < 0)
                {
                    _orphans[_orphanCount++] = (ushort)packetId; // dropped meanwhile by the overflow policy
                }
                else
                {
                    _packetIds[slot] = (ushort)packetId;
                }
            }
        }

        /// <inheritdoc/>
        public void OnRefused(long nowMs)
        {
            lock (_lock)
            {
                _nowMs = nowMs;
                OnUnanswered(_takenSlot);
                _takenSlot = -1;
            }
        }

        /// <inheritdoc/>
        public bool OnPublished(int packetId, bool isPublished, long nowMs)
        {
            lock (_lock)
            {
                int slot = FindInflight(packetId);
                if (slot < 0 && !TryForgetOrphan(packetId))
                {
                    return false;
                }

                _nowMs = nowMs;
                _inflight--;
                if (isPublished)
                {
                    OnAnswered(slot);
                }
                else
                {
                    OnUnanswered(slot);
                }

                return true;
            }
        }

        /// <inheritdoc/>
        public void OnLinkUp()
        {
            lock (_lock)
            {
                _silence = 0;
                _repeatDueMs = 0;
                _isLinkUp = true;
            }
        }

        /// <inheritdoc/>
        public void OnLinkDown()
        {
            lock (_lock)
            {
                _isLinkUp = false;
                for (int i = 0; i < _buffer.Count; i++)
                {
                    int slot = _buffer.SlotAt(i);
                    if (_packetIds[slot] != 0)
                    {
                        _packetIds[slot] = 0;
                        Rest(slot);
                    }

                    if (_unanswered[slot] < OrderedAttempts)
                    {
                        _dueMs[slot] = 0;
                    }
                }

                _inflight = 0;
                _orphanCount = 0;
            }
        }

        /// <inheritdoc/>
        public long GetDueMs()
        {
            lock (_lock)
            {
                long due = long.MaxValue;
                for (int i = SkipInflight(); i < _buffer.Count && due > 0; i++)
                {
                    int slot = _buffer.SlotAt(i);
                    if (_packetIds[slot] == 0)
                    {
                        long slotDue = _unanswered[slot] > 0 && _dueMs[slot] < _repeatDueMs ? _repeatDueMs : _dueMs[slot];
                        due = slotDue < due ? slotDue : due;
                    }
                }

                return _file != null && _file.Unread > 0 && _readRetryMs < due ? _readRetryMs : due;
            }
        }

        private static int RetryDelayMs(int unanswered)
        {
            int delay = FirstRetryMs << unanswered;
            return delay < MaxRetryMs ? delay : MaxRetryMs;
        }

        /// <summary>Takes a message into memory, or drops what the overflow policy says.</summary>
        private bool TryHold(string topic, byte[] payload, int length, int size, byte flags)
        {
            lock (_lock)
            {
                if (MakeRoom(topic, size))
                {
                    Hold(topic, payload, 0, length, flags, Unwritten);
                    return true;
                }

                if (_overflow == OverflowPolicy.DropNewest)
                {
                    Drops.Add(DropReason.Overflow);
                }

                return false;
            }
        }

        private void Hold(string topic, byte[] payload, int offset, int length, byte flags, int sequence)
        {
            int slot = _buffer.Add(topic, payload, offset, length, flags);
            _packetIds[slot] = 0;
            _unanswered[slot] = 0;
            _dueMs[slot] = 0;
            OnHeld(slot, flags & QosMask, sequence);
        }

        private void OnAnswered(int slot)
        {
            _silence = 0;
            _repeatDueMs = 0;
            _window = _window < _maxInflight ? _window + 1 : _maxInflight;
            if (slot >= 0)
            {
                _packetIds[slot] = 0;
                Remove(slot);
            }
        }

        private void OnUnanswered(int slot)
        {
            _window = _window > 1 ? _window / 2 : 1;
            if (_nowMs >= _repeatDueMs)
            {
                _repeatDueMs = _nowMs + RetryDelayMs(_silence);
                _silence = _silence < MaxCounted ? _silence + 1 : MaxCounted;
            }

            if (slot >= 0)
            {
                _packetIds[slot] = 0;
                Rest(slot);
            }
        }

        private bool TryForgetOrphan(int packetId)
        {
            for (int i = 0; i < _orphanCount; i++)
            {
                if (_orphans[i] == packetId)
                {
                    _orphans[i] = _orphans[--_orphanCount];
                    return true;
                }
            }

            return false;
        }

        private void Rest(int slot)
        {
            _dueMs[slot] = _nowMs + RetryDelayMs(_unanswered[slot]);
            if (_unanswered[slot] < MaxCounted)
            {
                _unanswered[slot]++;
            }
        }

        /// <summary>Finds the oldest that may be sent in its order, else of those that may be repeated the one with the fewest attempts.</summary>
        private int FindNext(long nowMs)
        {
            int repeat = -1;
            for (int i = SkipInflight(); i < _buffer.Count; i++)
            {
                int slot = _buffer.SlotAt(i);
                if (_packetIds[slot] != 0 || _dueMs[slot] > nowMs)
                {
                    continue;
                }

                if (_unanswered[slot] == 0 || (_silence == 0 && _unanswered[slot] < OrderedAttempts))
                {
                    return slot;
                }

                repeat = repeat < 0 || _unanswered[slot] < _unanswered[repeat] ? slot : repeat;
            }

            return nowMs < _repeatDueMs ? -1 : repeat;
        }

        /// <summary>Finds where to look for what waits without a search in the usual case: what was never sent stands behind all that was.</summary>
        /// <returns>The number of those in flight when they all stand first, else 0.</returns>
        private int SkipInflight()
        {
            int count = _inflight - _orphanCount;
            if (count == _buffer.Count)
            {
                return count;
            }

            int slot = _buffer.SlotAt(count);
            return _packetIds[slot] == 0 && _unanswered[slot] == 0 ? count : 0;
        }

        private int FindInflight(int packetId)
        {
            for (int i = 0; i < _buffer.Count; i++)
            {
                int slot = _buffer.SlotAt(i);
                if (_packetIds[slot] == packetId)
                {
                    return slot;
                }
            }

            return -1;
        }

        private bool MakeRoom(string topic, int size)
        {
            if (_overflow == OverflowPolicy.Coalesce)
            {
                return TryReplace(topic, size);
            }

            if (size > _buffer.MaxBytes || (_overflow != OverflowPolicy.DropOldest && !_buffer.HasRoom(size)))
            {
                return false;
            }

            while (!_buffer.HasRoom(size))
            {
                Drop(0, DropReason.Overflow);
            }

            return true;
        }

        /// <summary>Drops the older message of a topic, if there is one, but only when the newer one fits in then.</summary>
        private bool TryReplace(string topic, int size)
        {
            int older = _buffer.Count - 1;
            while (older >= 0 && _buffer.GetTopic(_buffer.SlotAt(older)) != topic)
            {
                older--;
            }

            if (older < 0 || size > _buffer.MaxBytes - _buffer.Bytes + _buffer.GetSize(_buffer.SlotAt(older)))
            {
                return older < 0 && _buffer.HasRoom(size);
            }

            Drop(older, DropReason.Replaced);
            return true;
        }

        private void Drop(int position, int reason)
        {
            int slot = _buffer.SlotAt(position);
            bool wasSent = _unanswered[slot] > 0 || _packetIds[slot] != 0 || slot == _takenSlot;
            Drops.Add(wasSent && reason != DropReason.Replaced ? DropReason.Unconfirmed : reason);
            RemoveAt(position, slot);
        }

        private void Remove(int slot)
        {
            for (int i = 0; i < _buffer.Count; i++)
            {
                if (_buffer.SlotAt(i) == slot)
                {
                    RemoveAt(i, slot);
                    return;
                }
            }
        }

        private void RemoveAt(int position, int slot)
        {
            if (_packetIds[slot] != 0)
            {
                _orphans[_orphanCount++] = _packetIds[slot]; // the client library has it still, so it counts until it is answered
                _packetIds[slot] = 0;
            }

            if (slot == _takenSlot)
            {
                _takenSlot = -1;
            }

            OnRemoved(slot);
            _buffer.RemoveAt(position);
        }
    }
}

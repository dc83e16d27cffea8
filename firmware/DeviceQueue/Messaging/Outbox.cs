using System;
using System.Threading;
using DeviceQueue.Connecting;
using DeviceQueue.Diagnostics;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Messages on their way out, bounded, first deliveries in order. A message leaves at its PUBACK, and at QoS 0 when
    /// the link has it. One that stays unanswered is kept: nobody knows whether it arrived, so fewer are sent at once
    /// and it is sent again, later each time. While the link answers nothing at all, first deliveries go before repeats
    /// and repeats are few: TCP brings what it was given or ends the link, so that a repeat can fetch an answer and
    /// nothing else. With a log (<see cref="OutboxLog"/>) the log is the queue, and memory is a window over it: at its
    /// head what is sent or to be sent, behind that what is not written yet; between the two may be what the log has
    /// alone. A message is written when it is outbox_flush_ms old, unless it has been acknowledged by then. Safe to
    /// call from any thread.
    /// </summary>
    public sealed class Outbox : IPublishSource
    {
        /// <summary>
        /// The delay before an unanswered message is sent again on a link that holds, in milliseconds; it doubles each
        /// time.
        /// </summary>
        public const int FirstRetryMs = 5000;

        /// <summary>The longest such delay, in milliseconds.</summary>
        public const int MaxRetryMs = 320000;

        /// <summary>
        /// After so many attempts without an answer, those among them that a link did not survive, a message no longer
        /// goes before the others: it may be what ends the links, and one message must not hold up all.
        /// </summary>
        public const int OrderedAttempts = 4;

        /// <summary>How long storage that refused something is left in peace, in milliseconds.</summary>
        public const int StorageRetryMs = 10000;

        private const int None = -1;
        private const int SpareBytes = 2 * MessageRecord.HeaderBytes; // for acknowledgements
        private const byte QosMask = 3;
        private const byte RetainFlag = 4;
        private const int MaxCounted = 7; // the retry delay has long reached its limit

        private const int MaxMovedBytes = OutboxLog.SegmentBytes / 2;

        private readonly object _lock = new object();
        private readonly QueueOptions _options;
        private readonly AutoResetEvent _wake;
        private readonly OutboxLog _log;

        // By a message's place. The first _head of them may be sent; the first _stored are in the log.
        private readonly MessageBuffer _buffer;
        private readonly ushort[] _packetIds;
        private readonly byte[] _unanswered;
        private readonly long[] _dueMs;
        private int _head;
        private int _stored;

        private readonly ushort[] _orphans;
        private int _orphanCount;
        private int _inflight;
        private int _window;
        private int _taken = None;
        private int _takenQos;
        private int _silence;
        private long _repeatDueMs;
        private long _nowMs;
        private string _topic; // of the message before, which the next one has in most cases
        private bool _isLinkUp;
        private bool _isSealed;
        private long _flushDueMs = long.MaxValue;
        private long _flushedMs = long.MinValue / 2;
        private long _retryMs;
        private long _readRetryMs;

        /// <summary>
        /// Initializes a new instance of the <see cref="Outbox"/> class, with all the memory that it will use.
        /// </summary>
        /// <param name="options">Its limits: max_messages, max_bytes, max_inflight and overflow.</param>
        /// <param name="wake">Set when there is something to publish.</param>
        /// <param name="store">Holds the log that options.outbox names, or <see langword="null"/>: everything stays in
        /// memory.</param>
        /// <param name="drops">Counts what is lost, or <see langword="null"/> for counts of its own.</param>
        public Outbox(QueueOptions options, AutoResetEvent wake, IStore store = null, Counts drops = null)
        {
            Drops = drops ?? new Counts(DropReason.Names);
            bool hasLog = options.Outbox.Length > 0 && options.Qos > 0 && store != null;
            int places = options.MaxMessages + (hasLog ? 1 : 0);
            _options = options;
            _buffer = new MessageBuffer(places, options.MaxBytes + (hasLog ? options.MaxMessageSize + SpareBytes : 0));
            _window = options.MaxInflight;
            _wake = wake;
            _packetIds = new ushort[places];
            _unanswered = new byte[places];
            _dueMs = new long[places];
            _orphans = new ushort[options.MaxInflight];
            if (hasLog)
            {
                _log = new OutboxLog(store, options.Outbox, options.OutboxMaxBytes, options.MaxBytes, _buffer.Data, Drops);
                Refill(); // not with the first link only: what is in memory can be coalesced
            }
        }

        /// <summary>Gets what was lost, by <see cref="DropReason"/>.</summary>
        public Counts Drops { get; }

        /// <summary>Gets the most messages; with a log, those of the smallest size.</summary>
        public int MaxMessages => _log == null ? _options.MaxMessages : _log.MaxBytes / (MessageRecord.HeaderBytes + 1);

        /// <summary>Gets the most bytes; with a log, those in storage, where each message takes 14 more.</summary>
        public int MaxBytes => _log == null ? _options.MaxBytes : _log.MaxBytes;

        /// <summary>Gets how many messages wait or are unacknowledged, in memory or only in the log.</summary>
        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _buffer.Count + (_log == null ? 0 : _log.Unread);
                }
            }
        }

        /// <summary>
        /// Gets how many bytes are in use; with a log, those in storage and those that are not written yet.
        /// </summary>
        public int Bytes
        {
            get
            {
                lock (_lock)
                {
                    return _log == null ? _buffer.Bytes : _log.Bytes + UnwrittenBytes;
                }
            }
        }

        /// <summary>
        /// Gets a value indicating whether something that should be in the log is in memory only, because storage is
        /// full or fails.
        /// </summary>
        public bool IsDegraded { get; private set; }

        /// <summary>
        /// Gets or sets what chooses the topics of messages when they are first sent, or <see langword="null"/>.
        /// </summary>
        public ITopicRule TopicRule { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether nothing is written to the log any more, because storage is being
        /// erased: what waits stays in memory.
        /// </summary>
        public bool IsSealed
        {
            get
            {
                return _isSealed;
            }

            set
            {
                lock (_lock)
                {
                    _isSealed = value;
                }
            }
        }

        private int UnwrittenBytes => _buffer.End - _buffer.GetOffset(_stored);

        private bool IsStorageResting => _isSealed || (IsDegraded && _nowMs < _retryMs);

        /// <summary>
        /// Takes a message, or drops what the overflow policy says; with a log that holds for memory and log as one.
        /// </summary>
        /// <param name="topic">Its topic, without wildcards.</param>
        /// <param name="payload">Holds its payload from the start of the array; copied.</param>
        /// <param name="length">How long the payload is in bytes.</param>
        /// <param name="qos">The quality of service, 0 to 2.</param>
        /// <param name="retain">Whether the broker keeps it.</param>
        /// <returns><see langword="false"/> when there is no room and the policy is to refuse.</returns>
        public bool TryAdd(string topic, byte[] payload, int length, int qos, bool retain)
        {
            lock (_lock)
            {
                if (!MakeRoom(topic, MessageBuffer.SizeOf(topic, length)))
                {
                    return IsDropped();
                }

                _buffer.Add(topic, payload, 0, length, MakeFlags(qos, retain));
                OnAdded();
                return true;
            }
        }

        /// <summary>
        /// Takes a message whose payload is written where it is to stand, or drops what the overflow policy says.
        /// </summary>
        /// <param name="topic">Its topic, without wildcards.</param>
        /// <param name="payload">Writes its payload.</param>
        /// <param name="qos">The quality of service, 0 to 2.</param>
        /// <param name="retain">Whether the broker keeps it.</param>
        /// <param name="isTooLarge">Whether it is larger than max_message_size; then it is not taken.</param>
        /// <returns><see langword="false"/> when it is not taken and the policy is to refuse.</returns>
        internal bool TryAdd(string topic, IPayloadWriter payload, int qos, bool retain, out bool isTooLarge)
        {
            lock (_lock)
            {
                int at = _buffer.Begin(topic, _options.MaxMessageSize);
                int length = at < 0 ? None : payload.Write(_buffer.Data, at);
                bool isWritten = length >= 0;
                if (!isWritten)
                {
                    length = payload.Write(new byte[_options.MaxMessageSize], 0); // memory is nearly full: how long is it?
                }

                int size = MessageBuffer.SizeOf(topic, length);
                isTooLarge = length < 0 || size > _options.MaxMessageSize;
                if (isTooLarge)
                {
                    return false;
                }

                if (!isWritten || _options.Overflow == OverflowPolicy.Coalesce || !IsOpen(size))
                {
                    if (!MakeRoom(topic, size))
                    {
                        return IsDropped();
                    }

                    // Once more: what was there has been moved. With another length, as when the clock is set just now, it
                    // may not fit.
                    at = _buffer.Begin(topic, length);
                    if (payload.Write(_buffer.Data, at) != length)
                    {
                        return IsDropped();
                    }
                }

                _buffer.Complete(at, length, MakeFlags(qos, retain));
                OnAdded();
                return true;
            }
        }

        /// <summary>
        /// Drops the older half of the messages, because memory runs short, but for those that storage has: they wait
        /// there. The list itself was allocated at start; what this saves is the copies of each on its way through the
        /// client library.
        /// </summary>
        public void Shed()
        {
            lock (_lock)
            {
                for (int i = ((_buffer.Count + 1) / 2) - 1; i >= _stored; i--)
                {
                    Drop(i, DropReason.Memory);
                }
            }
        }

        /// <summary>Writes to the log what is due; call it now and then, at the latest when it asks for it.</summary>
        /// <param name="nowMs">The time, <see cref="IClock.NowMs"/>.</param>
        /// <returns>When to call again, or <see cref="long.MaxValue"/> when only another message makes it worth a
        /// call.</returns>
        public long Poll(long nowMs)
        {
            if (_log == null || _isSealed)
            {
                return long.MaxValue;
            }

            lock (_lock)
            {
                _nowMs = nowMs;
                if (_flushDueMs == long.MaxValue)
                {
                    _flushDueMs = FindFlushDueMs(nowMs);
                }

                if (nowMs >= _flushDueMs)
                {
                    Store();
                }

                return _flushDueMs;
            }
        }

        /// <summary>
        /// Writes to the log, now, what is unacknowledged and not in it yet, and notes there what has been
        /// acknowledged.
        /// </summary>
        /// <returns><see langword="false"/> when storage did not take all of it; without a log there is nothing to
        /// do.</returns>
        public bool Flush()
        {
            lock (_lock)
            {
                return _log == null || (!_isSealed && Store());
            }
        }

        /// <inheritdoc/>
        public bool TryTake(long nowMs, PublishRequest request)
        {
            lock (_lock)
            {
                _nowMs = nowMs;
                Refill();
                int position = _inflight < _window ? FindNext(nowMs) : None;
                _taken = position;
                if (position == None)
                {
                    return false;
                }

                byte flags = _buffer.GetFlags(position);
                _topic = _buffer.GetTopic(position, _topic);
                request.Payload = _buffer.CopyPayload(position);
                request.Topic = ChooseTopic(position, request.Payload) ?? _topic;
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
                int position = _taken;
                _taken = None;
                if (packetId == 0)
                {
                    return; // still unsent
                }

                if (_takenQos == 0)
                {
                    Remove(position);
                    return;
                }

                _inflight++;
                if (position == None)
                {
                    _orphans[_orphanCount++] = (ushort)packetId; // dropped meanwhile by the overflow policy
                }
                else
                {
                    _packetIds[position] = (ushort)packetId;
                }
            }
        }

        /// <inheritdoc/>
        public void OnRefused(long nowMs)
        {
            lock (_lock)
            {
                _nowMs = nowMs;
                OnUnanswered(_taken);
                _taken = None;
            }
        }

        /// <inheritdoc/>
        public bool OnPublished(int packetId, bool isPublished, long nowMs)
        {
            lock (_lock)
            {
                int position = FindInflight(packetId);
                if (position == None && !TryForgetOrphan(packetId))
                {
                    return false;
                }

                _nowMs = nowMs;
                _inflight--;
                if (isPublished)
                {
                    OnAnswered(position);
                }
                else
                {
                    OnUnanswered(position);
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
                for (int i = 0; i < _head; i++)
                {
                    if (_packetIds[i] != 0)
                    {
                        _packetIds[i] = 0;
                        Rest(i);
                    }

                    if (_unanswered[i] < OrderedAttempts)
                    {
                        _dueMs[i] = 0;
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
                for (int i = SkipInflight(); i < _head && due > 0; i++)
                {
                    if (_packetIds[i] == 0)
                    {
                        long ownDue = _unanswered[i] > 0 && _dueMs[i] < _repeatDueMs ? _repeatDueMs : _dueMs[i];
                        due = ownDue < due ? ownDue : due;
                    }
                }

                return _log != null && _log.Unread > 0 && _readRetryMs < due ? _readRetryMs : due;
            }
        }

        /// <summary>Asks the rule for a topic when a message is first sent, and keeps to its word.</summary>
        private string ChooseTopic(int position, byte[] payload)
        {
            int at = _buffer.GetOffset(position);
            if (TopicRule == null || (_unanswered[position] > 0 && !MessageRecord.IsRuled(_buffer.Data, at)))
            {
                return null;
            }

            string topic = TopicRule.ChooseTopic(payload);
            if (topic != null)
            {
                MessageRecord.MarkRuled(_buffer.Data, at);
            }

            return topic;
        }

        private static byte MakeFlags(int qos, bool retain)
        {
            return (byte)(qos | (retain ? RetainFlag : 0));
        }

        private static int RetryDelayMs(int unanswered)
        {
            int delay = FirstRetryMs << unanswered;
            return delay < MaxRetryMs ? delay : MaxRetryMs;
        }

        private void OnAnswered(int position)
        {
            _silence = 0;
            _repeatDueMs = 0;
            _window = _window < _options.MaxInflight ? _window + 1 : _options.MaxInflight;
            if (position != None)
            {
                _packetIds[position] = 0;
                Remove(position);
            }
        }

        private void OnUnanswered(int position)
        {
            _window = _window > 1 ? _window / 2 : 1;
            if (_nowMs >= _repeatDueMs)
            {
                _repeatDueMs = _nowMs + RetryDelayMs(_silence);
                _silence = _silence < MaxCounted ? _silence + 1 : MaxCounted;
            }

            if (position != None)
            {
                _packetIds[position] = 0;
                Rest(position);
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

        private void Rest(int position)
        {
            _dueMs[position] = _nowMs + RetryDelayMs(_unanswered[position]);
            if (_unanswered[position] < MaxCounted)
            {
                _unanswered[position]++;
            }
        }

        /// <summary>
        /// Finds the oldest that may be sent in its order, else of those that may be repeated the one with the fewest
        /// attempts.
        /// </summary>
        private int FindNext(long nowMs)
        {
            int repeat = None;
            for (int i = SkipInflight(); i < _head; i++)
            {
                if (_packetIds[i] != 0 || _dueMs[i] > nowMs)
                {
                    continue;
                }

                if (_unanswered[i] == 0 || (_silence == 0 && _unanswered[i] < OrderedAttempts))
                {
                    return i;
                }

                repeat = repeat == None || _unanswered[i] < _unanswered[repeat] ? i : repeat;
            }

            return nowMs < _repeatDueMs ? None : repeat;
        }

        /// <summary>
        /// Finds where to look for what waits without a search in the usual case: what was never sent stands behind all
        /// that was.
        /// </summary>
        /// <returns>The number of those in flight when they all stand first, else 0.</returns>
        private int SkipInflight()
        {
            int count = _inflight - _orphanCount;
            return count == _head || (_packetIds[count] == 0 && _unanswered[count] == 0) ? count : 0;
        }

        private int FindInflight(int packetId)
        {
            int position = 0;
            while (position < _head && _packetIds[position] != packetId)
            {
                position++;
            }

            return position < _head ? position : None;
        }

        private void OnAdded()
        {
            OnInserted(_buffer.Count - 1);
            Promote();
            _wake.Set();
        }

        /// <summary>Counts a message that there is no room for, if the policy is to drop it.</summary>
        private bool IsDropped()
        {
            // With drop_oldest: those in the log are older, and cannot be dropped now.
            bool isDropped = _options.Overflow == OverflowPolicy.DropNewest || (_log != null && _options.Overflow == OverflowPolicy.DropOldest);
            Drops.Add(DropReason.Overflow, isDropped ? 1 : 0);
            return isDropped;
        }

        /// <summary>Tells whether the head takes a message as things are.</summary>
        private bool IsOpen(int size)
        {
            return size <= _options.MaxBytes && (_log == null || _log.Unread == 0) && HasHeadRoom(size, 0);
        }

        private bool MakeRoom(string topic, int size)
        {
            if (size > _options.MaxBytes)
            {
                return false;
            }

            if (_options.Overflow == OverflowPolicy.Coalesce && (_log == null || _log.Unread == 0))
            {
                int older = FindOlder(topic);
                if (older != None && HasHeadRoom(size - _buffer.GetSize(older), 1))
                {
                    Drop(older, DropReason.Replaced); // only when the newer one fits in then
                    return true;
                }

                if (older != None && _log == null)
                {
                    return false;
                }
            }

            if (IsOpen(size))
            {
                return true;
            }

            return _log == null ? TryDropFor(size) : TryMakePlace(size) || (_log.IsFailing && _log.Unread == 0 && TryDropFor(size));
        }

        private int FindOlder(string topic)
        {
            int older = _buffer.Count - 1;
            while (older >= 0 && _buffer.GetTopic(older, topic) != topic)
            {
                older--;
            }

            return older;
        }

        private bool HasHeadRoom(int size, int replaced)
        {
            return _buffer.Count - replaced < _options.MaxMessages && size <= _options.MaxBytes - _buffer.Bytes;
        }

        private bool TryDropFor(int size)
        {
            while (_options.Overflow == OverflowPolicy.DropOldest && !HasHeadRoom(size, 0))
            {
                Drop(0, DropReason.Overflow);
            }

            return HasHeadRoom(size, 0);
        }

        private void OnInserted(int position)
        {
            for (int i = _buffer.Count - 1; i > position; i--)
            {
                _packetIds[i] = _packetIds[i - 1];
                _unanswered[i] = _unanswered[i - 1];
                _dueMs[i] = _dueMs[i - 1];
            }

            _packetIds[position] = 0;
            _unanswered[position] = 0;
            _dueMs[position] = 0;
        }

        /// <summary>
        /// Lets what is behind the head become its part, as far as nothing is between and the limits allow.
        /// </summary>
        private void Promote()
        {
            if (_log == null)
            {
                _head = _buffer.Count;
            }

            while (_head < _buffer.Count && _log.Unread == 0 && _head < _options.MaxMessages && HeadBytes(_head + 1) <= _options.MaxBytes)
            {
                _head++;
            }
        }

        private int HeadBytes(int count)
        {
            return _buffer.GetOffset(count) - _buffer.GetOffset(0) - (count * MessageRecord.HeaderBytes);
        }

        private void Drop(int position, int reason)
        {
            bool wasSent = _unanswered[position] > 0 || _packetIds[position] != 0 || position == _taken;
            Drops.Add(wasSent && reason != DropReason.Replaced ? DropReason.Unconfirmed : reason);
            Remove(position);
        }

        private void Remove(int position)
        {
            if (position == None)
            {
                return;
            }

            if (_packetIds[position] != 0)
            {
                _orphans[_orphanCount++] = _packetIds[position]; // the client library has it still, so it counts until it is answered
            }

            if (position < _stored)
            {
                _log.Acknowledge(MessageRecord.GetSequence(_buffer.Data, _buffer.GetOffset(position)));
                _stored--;
            }

            _taken = _taken == position ? None : _taken > position ? _taken - 1 : _taken;
            _head -= position < _head ? 1 : 0;
            _buffer.RemoveAt(position);
            int behind = _buffer.Count - position;
            Array.Copy(_packetIds, position + 1, _packetIds, position, behind);
            Array.Copy(_unanswered, position + 1, _unanswered, position, behind);
            Array.Copy(_dueMs, position + 1, _dueMs, position, behind);
            Promote();
            if (_log != null && !IsDirty)
            {
                _flushDueMs = long.MaxValue; // the next message has its own time
            }
        }

        private bool IsDirty => _stored < _buffer.Count || _log.HasAcks;

        private long FindFlushDueMs(long nowMs)
        {
            if (!IsDirty)
            {
                IsDegraded = false;
                return long.MaxValue;
            }

            // While the link is down nothing can be acknowledged in time, so the first of a burst need not wait.
            long dueMs = (_isLinkUp ? nowMs : _flushedMs) + _options.OutboxFlushMs;
            dueMs = IsDegraded && dueMs < _retryMs ? _retryMs : dueMs;
            return dueMs < nowMs ? nowMs : dueMs;
        }

        /// <summary>Writes what is to be written, frees what can be freed, and notes how storage is.</summary>
        private bool Store()
        {
            _retryMs = 0; // asked for, or its time has come
            bool isWritten = TryWrite();
            MoveFromOldest();
            _log.DeleteDead(_stored == _buffer.Count);
            OnStored(isWritten);
            _flushDueMs = long.MaxValue;
            _flushedMs = _nowMs;
            return isWritten;
        }

        private void OnStored(bool isWritten)
        {
            IsDegraded = !isWritten;
            _retryMs = isWritten ? 0 : _nowMs + StorageRetryMs;
            if (_log.Unread > 0)
            {
                _wake.Set();
            }
        }

        private bool TryWrite()
        {
            _log.DeleteDead(_stored == _buffer.Count);
            _buffer.Compact();
            bool isWritten = true;
            while (isWritten && _stored < _buffer.Count)
            {
                isWritten = TryWriteSome();
            }

            while (isWritten && _log.HasAcks && _log.GetPlace(MessageRecord.HeaderBytes) > 0)
            {
                isWritten = TryAppend(_stored);
            }

            return isWritten;
        }

        /// <summary>Writes as much as the last segment takes, or the next one, at one go.</summary>
        private bool TryWriteSome()
        {
            bool isFree = TryFree(GetRecordBytes(_stored)) && _log.TryAbandon(_buffer.Data, _buffer.End);
            if (!isFree || !TryFree(GetRecordBytes(_stored)))
            {
                return false;
            }

            _buffer.Compact();
            int end = _buffer.GetOffset(_stored) + _log.GetPlace(GetRecordBytes(_stored));
            int sequence = _log.Next;
            int count = _stored;
            for (; count < _buffer.Count && _buffer.GetOffset(count + 1) <= end; count++)
            {
                MessageRecord.Seal(_buffer.Data, _buffer.GetOffset(count), sequence++);
            }

            return TryAppend(count);
        }

        /// <summary>Writes the messages up to a place, and behind the last of all the acknowledgements.</summary>
        private bool TryAppend(int count)
        {
            int first = _buffer.GetOffset(_stored);
            int end = _buffer.GetOffset(count);
            int acksEnd = end;
            if (count == _buffer.Count)
            {
                int place = first + _log.GetPlace(end - first + MessageRecord.HeaderBytes);
                acksEnd = _log.PutAcks(_buffer.Data, end, place < _buffer.Data.Length ? place : _buffer.Data.Length);
            }

            bool isWritten = _log.TryAppend(_buffer.Data, first, acksEnd - first, count - _stored);
            if (isWritten)
            {
                _log.OnAcksWritten(acksEnd - end);
                OnWritten(count);
            }

            return isWritten;
        }

        private int GetRecordBytes(int position)
        {
            return _buffer.GetOffset(position + 1) - _buffer.GetOffset(position);
        }

        /// <summary>Lets what is written and no part of the head leave memory.</summary>
        private void OnWritten(int count)
        {
            _stored = count;
            int kept = _head < count ? _head : count;
            if (kept < count)
            {
                // All that is behind it is not written, or nothing is.
                _log.LeaveUnread(MessageRecord.GetSequence(_buffer.Data, _buffer.GetOffset(kept)), count - kept);
                for (int i = count - 1; i >= kept; i--)
                {
                    _stored--;
                    _buffer.RemoveAt(i);
                }
            }
        }

        /// <summary>Finds place in storage and in memory for a message that the head has none for.</summary>
        private bool TryMakePlace(int size)
        {
            int bytes = MessageRecord.HeaderBytes + size;
            if (HasSpareRoom(size) && _log.GetPlace(UnwrittenBytes + bytes) > 0)
            {
                return true;
            }

            if (IsStorageResting)
            {
                return false;
            }

            bool isPlaced = TryWrite() && TryFree(bytes);
            OnStored(isPlaced || !_log.IsFailing);
            return isPlaced && HasSpareRoom(size);
        }

        /// <summary>
        /// Tells whether memory has room for a message that is no part of the head, and leaves some for the head.
        /// </summary>
        private bool HasSpareRoom(int size)
        {
            int bytes = _buffer.Bytes - HeadBytes(_head);
            return _buffer.HasRoom(size + SpareBytes) && _buffer.Count - _head < _options.MaxMessages && size <= _options.MaxBytes - bytes;
        }

        /// <summary>Sees to it that so many bytes can be written: the oldest segment may have to go.</summary>
        private bool TryFree(int bytes)
        {
            while (_log.GetPlace(bytes) == 0)
            {
                MoveFromOldest();
                if (_log.GetPlace(bytes) == 0 && (_options.Overflow != OverflowPolicy.DropOldest || !TryDropOldestSegment()))
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>
        /// Frees the oldest segment when the last free one has been taken and little of the oldest is left: that is
        /// written again, so that one message which stays unacknowledged does not hold up the log.
        /// </summary>
        private void MoveFromOldest()
        {
            if (!_log.IsFull || _log.IsFailing || _log.HasUnreadInOldest || CountInOldest() == 0)
            {
                return;
            }

            _buffer.Compact();
            if (!_log.TryAbandon(_buffer.Data, _buffer.End))
            {
                return;
            }

            int first = _log.Next;
            int end = _buffer.End;
            int moved = 0;
            int limit = _buffer.End + MaxMovedBytes < _buffer.Data.Length ? _buffer.End + MaxMovedBytes : _buffer.Data.Length;
            for (int i = 0; i < _stored; i++)
            {
                int at = _buffer.GetOffset(i);
                if (!IsInOldest(i))
                {
                    continue;
                }

                if (end + _buffer.GetOffset(i + 1) - at + MessageRecord.ReplacedBytes > limit)
                {
                    return; // too much to be worth it
                }

                end = MessageRecord.PutReplacement(_buffer.Data, at, end, first + moved++);
            }

            int bytes = end - _buffer.End;
            if (_log.GetPlace(bytes) > 0 && _log.TryAppend(_buffer.Data, _buffer.End, bytes, moved))
            {
                OnMoved(first);
            }
        }

        private void OnMoved(int sequence)
        {
            int end = _log.EndOfOldest;
            for (int i = 0; i < _stored; i++)
            {
                int at = _buffer.GetOffset(i);
                int before = MessageRecord.GetSequence(_buffer.Data, at);
                if (before - end < 0)
                {
                    _log.Replace(before);
                    MessageRecord.PutSequence(_buffer.Data, at, sequence++);
                }
            }

            _log.DeleteDead(false);
        }

        private bool IsInOldest(int position)
        {
            return MessageRecord.GetSequence(_buffer.Data, _buffer.GetOffset(position)) - _log.EndOfOldest < 0;
        }

        private int CountInOldest()
        {
            int count = 0;
            for (int i = 0; i < _stored; i++)
            {
                count += IsInOldest(i) ? 1 : 0;
            }

            return count;
        }

        private bool TryDropOldestSegment()
        {
            int end = _log.EndOfOldest;
            int unread = _log.DropOldest(CountInOldest());
            if (unread == None)
            {
                return false;
            }

            Drops.Add(DropReason.Overflow, unread);
            for (int i = _stored - 1; i >= 0; i--)
            {
                if (MessageRecord.GetSequence(_buffer.Data, _buffer.GetOffset(i)) - end < 0)
                {
                    Drop(i, DropReason.Overflow);
                }
            }

            return true;
        }

        /// <summary>Fills the head from the log, in order.</summary>
        private void Refill()
        {
            if (_log == null || _log.Unread == 0 || _nowMs < _readRetryMs || !MayRefill())
            {
                return;
            }

            _buffer.Compact();
            _log.BeginReading();
            int result = LogReader.Found;
            while (result == LogReader.Found && _log.Unread > 0 && MayRefill())
            {
                result = _log.Read(_buffer.Data, _buffer.End, out int at);
                if (result == LogReader.Found && !TryHold(at))
                {
                    return;
                }
            }

            if (result == LogReader.AtEnd)
            {
                _log.GiveUpReading();
            }
            else if (result == LogReader.Failing)
            {
                _readRetryMs = _nowMs + StorageRetryMs; // there may be no memory for it now; what is there stays there
            }

            Promote();
        }

        /// <summary>Tells whether there is a place for one more in the head.</summary>
        private bool MayRefill()
        {
            return _head < _options.MaxMessages && _buffer.Count < _buffer.MaxMessages;
        }

        /// <summary>Takes what was read into the head.</summary>
        private bool TryHold(int at)
        {
            byte[] data = _buffer.Data;
            int size = MessageRecord.GetMessageSize(data, at);
            if (HeadBytes(_head) + size > _options.MaxBytes || !_buffer.HasRoom(size + SpareBytes))
            {
                return false;
            }

            _log.Advance(data);
            if (at > _buffer.End)
            {
                Array.Copy(data, at, data, _buffer.End, MessageRecord.GetSize(data, at));
            }

            _buffer.Insert(_head, MessageRecord.Unseal(data, _buffer.End));
            OnInserted(_head);
            _head++;
            _stored++;
            return true;
        }
    }
}

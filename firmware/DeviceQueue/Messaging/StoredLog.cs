using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The messages of an outbox in storage. The log is the queue, and memory is a window on it. A message is written
    /// when it is outbox_flush_ms old, unless it has been acknowledged by then. When storage is full, the oldest
    /// segment goes: what is left of it is written again if it is little, else dropped if the policy allows.
    /// </summary>
    internal sealed class StoredLog : OutboxLog
    {
        private const int MaxMovedBytes = LogSegments.SegmentBytes / 2;

        private readonly LogSegments _segments;
        private readonly UnreadMessages _unread;
        private readonly AutoResetEvent _wake;
        private bool _isDegraded;
        private bool _isSealed;
        private bool _isLinkUp;
        private long _flushDueMs = long.MaxValue;
        private long _flushedMs = long.MinValue / 2;
        private long _retryMs;

        /// <summary>Initializes a new instance of the <see cref="StoredLog"/> class with what storage has.</summary>
        /// <param name="window">The messages in memory, none yet.</param>
        /// <param name="store">The storage.</param>
        /// <param name="wake">Set when there is something to refill the head with.</param>
        public StoredLog(OutboxWindow window, IStore store, AutoResetEvent wake)
            : base(window)
        {
            _wake = wake;
            _segments = new LogSegments(store, window.Options.Outbox, window.Options.OutboxMaxBytes);
            _unread = new UnreadMessages(_segments, window);
            DeleteDead(true);
        }

        public override bool IsKept => true;

        public override int MaxBytes => _segments.MaxBytes;

        public override int Bytes => _segments.Bytes + Window.UnwrittenBytes;

        public override bool IsFailing => _segments.IsFailing;

        public override bool IsDegraded => _isDegraded;

        public override bool IsSealed { get => _isSealed; set => _isSealed = value; }

        public override long RefillDueMs => _unread.RetryMs;

        private bool IsResting => _isSealed || (_isDegraded && Window.NowMs < _retryMs);

        private bool IsDirty => Window.Stored < Window.Buffer.Count || _segments.HasAcks;

        public override void OnLinkChanged(bool isUp)
        {
            _isLinkUp = isUp;
        }

        public override long Poll(long nowMs)
        {
            if (_isSealed)
            {
                return long.MaxValue;
            }

            Window.NowMs = nowMs;
            if (_flushDueMs == long.MaxValue)
            {
                _flushDueMs = FindFlushDueMs(nowMs);
            }

            if (nowMs >= _flushDueMs)
            {
                Flush();
            }

            return _flushDueMs;
        }

        public override bool Flush()
        {
            if (_isSealed)
            {
                return false;
            }

            _retryMs = 0; // asked for, or its time has come
            bool isWritten = TryWrite();
            MoveFromOldest();
            DeleteDead(Window.Stored == Window.Buffer.Count);
            OnWritten(isWritten);
            _flushDueMs = long.MaxValue;
            _flushedMs = Window.NowMs;
            return isWritten;
        }

        public override void Refill()
        {
            _unread.Refill();
        }

        public override bool TryMakePlace(int size)
        {
            int bytes = MessageRecord.HeaderBytes + size;
            if (Window.HasTailRoom(size) && _segments.GetPlace(Window.UnwrittenBytes + bytes) > 0)
            {
                return true;
            }

            if (IsResting)
            {
                return false;
            }

            bool isPlaced = TryWrite() && TryFree(bytes);
            OnWritten(isPlaced || !IsFailing);
            return isPlaced && Window.HasTailRoom(size);
        }

        protected override void SavePlace(long[] saved)
        {
            _segments.Save(saved);
        }

        protected override void OnRemoving(int position)
        {
            bool isStored = position < Window.Stored;
            if (isStored)
            {
                _segments.Acknowledge(Window.GetSequence(position));
            }

            int unwritten = Window.Buffer.Count - Window.Stored - (isStored ? 0 : 1);
            if (unwritten == 0 && !_segments.HasAcks)
            {
                _flushDueMs = long.MaxValue; // the next message has its own time
            }
        }

        private long FindFlushDueMs(long nowMs)
        {
            if (!IsDirty)
            {
                _isDegraded = false;
                return long.MaxValue;
            }

            // While the link is down nothing can be acknowledged in time, so the first of a burst need not wait.
            long dueMs = (_isLinkUp ? nowMs : _flushedMs) + Window.Options.OutboxFlushMs;
            dueMs = _isDegraded && dueMs < _retryMs ? _retryMs : dueMs;
            return dueMs < nowMs ? nowMs : dueMs;
        }

        private void OnWritten(bool isWhole)
        {
            _isDegraded = !isWhole;
            _retryMs = isWhole ? 0 : Window.NowMs + Outbox.StorageRetryMs;
            if (Window.Unread > 0)
            {
                _wake.Set();
            }
        }

        private bool TryWrite()
        {
            DeleteDead(Window.Stored == Window.Buffer.Count);
            Window.Buffer.Compact();
            bool isWritten = true;
            while (isWritten && Window.Stored < Window.Buffer.Count)
            {
                isWritten = TryWriteSome();
            }

            while (isWritten && _segments.HasAcks && _segments.GetPlace(MessageRecord.HeaderBytes) > 0)
            {
                isWritten = TryAppend(Window.Stored);
            }

            return isWritten;
        }

        /// <summary>Writes as much as the last segment takes, or the next one, at one go.</summary>
        private bool TryWriteSome()
        {
            MessageBuffer buffer = Window.Buffer;
            bool isFree = TryFree(GetRecordBytes(Window.Stored)) && _segments.TryAbandon(buffer.Data, buffer.End);
            if (!isFree || !TryFree(GetRecordBytes(Window.Stored)))
            {
                return false;
            }

            buffer.Compact();
            int count = Window.Stored;
            int end = buffer.GetOffset(count) + _segments.GetPlace(GetRecordBytes(count));
            int sequence = _segments.Next;
            for (; count < buffer.Count && buffer.GetOffset(count + 1) <= end; count++)
            {
                MessageRecord.Seal(buffer.Data, buffer.GetOffset(count), sequence++);
            }

            return TryAppend(count);
        }

        /// <summary>Writes the messages up to a position, and behind the last of all the acknowledgements.</summary>
        private bool TryAppend(int count)
        {
            MessageBuffer buffer = Window.Buffer;
            int first = buffer.GetOffset(Window.Stored);
            int end = buffer.GetOffset(count);
            int acksEnd = end;
            if (count == buffer.Count)
            {
                int place = first + _segments.GetPlace(end - first + MessageRecord.HeaderBytes);
                acksEnd = _segments.PutAcks(buffer.Data, end, place < buffer.Data.Length ? place : buffer.Data.Length);
            }

            if (!_segments.TryAppend(buffer.Data, first, acksEnd - first, count - Window.Stored))
            {
                return false;
            }

            _segments.OnAcksWritten(acksEnd - end);
            Window.Stored = count;
            int kept = Window.Head < count ? Window.Head : count;
            if (kept < count)
            {
                // What follows the head leaves memory. All that is behind it is not written, or nothing is.
                _unread.OnLeaving(Window.GetSequence(kept), count - kept);
                for (; Window.Stored > kept; Window.Stored--)
                {
                    buffer.RemoveAt(Window.Stored - 1);
                }
            }

            return true;
        }

        private int GetRecordBytes(int position)
        {
            return Window.Buffer.GetOffset(position + 1) - Window.Buffer.GetOffset(position);
        }

        /// <summary>Sees to it that so many bytes can be written: the oldest segment may have to go.</summary>
        private bool TryFree(int bytes)
        {
            while (_segments.GetPlace(bytes) == 0)
            {
                MoveFromOldest();
                bool isDropping = Window.Options.Overflow == OverflowPolicy.DropOldest;
                if (_segments.GetPlace(bytes) == 0 && (!isDropping || !TryDropOldest()))
                {
                    return false;
                }
            }

            return true;
        }

        private bool TryDropOldest()
        {
            if (_segments.Count < 2)
            {
                return false;
            }

            int end = _segments.EndOfOldest;
            int unread = _segments.LiveInOldest - CountBefore(end);
            if (!TryDeleteOldest())
            {
                return false;
            }

            Window.Unread -= unread;
            Window.Drops.Add(DropReason.Overflow, unread);
            for (int i = Window.Stored - 1; i >= 0; i--)
            {
                if (Window.GetSequence(i) - end < 0)
                {
                    Drop(i, DropReason.Overflow);
                }
            }

            return true;
        }

        private int CountBefore(int end)
        {
            int count = 0;
            for (int i = 0; i < Window.Stored; i++)
            {
                count += Window.GetSequence(i) - end < 0 ? 1 : 0;
            }

            return count;
        }

        /// <summary>
        /// Frees the oldest segment when the last free one has been taken and little of the oldest is left: that is
        /// written again, so that one message which stays unacknowledged does not hold up the log.
        /// </summary>
        private void MoveFromOldest()
        {
            int end = _segments.EndOfOldest;
            if (!_segments.IsFull || IsFailing || _unread.HasBefore(end) || CountBefore(end) == 0)
            {
                return;
            }

            MessageBuffer buffer = Window.Buffer;
            buffer.Compact();
            if (!_segments.TryAbandon(buffer.Data, buffer.End))
            {
                return;
            }

            int bytes = PutReplacements(end, out int moved);
            int first = _segments.Next;
            if (moved > 0
                && _segments.GetPlace(bytes) > 0
                && _segments.TryAppend(buffer.Data, buffer.End, bytes, moved))
            {
                OnMoved(end, first);
            }
        }

        /// <summary>Puts the records that replace those before a sequence behind the buffer's end.</summary>
        /// <param name="moved">How many there are, 0 when they are too many to be worth it.</param>
        /// <returns>Their bytes.</returns>
        private int PutReplacements(int endSequence, out int moved)
        {
            MessageBuffer buffer = Window.Buffer;
            int limit = buffer.Data.Length - buffer.End;
            limit = limit < MaxMovedBytes ? limit : MaxMovedBytes;
            int bytes = 0;
            moved = 0;
            for (int i = 0; i < Window.Stored; i++)
            {
                if (Window.GetSequence(i) - endSequence >= 0)
                {
                    continue;
                }

                if (bytes + GetRecordBytes(i) + MessageRecord.ReplacedBytes > limit)
                {
                    moved = 0;
                    return 0;
                }

                int sequence = _segments.Next + moved++;
                int at = buffer.End + bytes;
                bytes = MessageRecord.PutReplacement(buffer.Data, buffer.GetOffset(i), at, sequence) - buffer.End;
            }

            return bytes;
        }

        private void OnMoved(int end, int sequence)
        {
            for (int i = 0; i < Window.Stored; i++)
            {
                int before = Window.GetSequence(i);
                if (before - end < 0)
                {
                    _segments.TryRelease(before);
                    MessageRecord.PutSequence(Window.Buffer.Data, Window.Buffer.GetOffset(i), sequence++);
                }
            }

            DeleteDead(false);
        }

        /// <summary>Deletes the oldest segments in which all is acknowledged.</summary>
        /// <param name="isAll">Whether the last one may go, too: nothing is to be added to it.</param>
        private void DeleteDead(bool isAll)
        {
            bool isDeleted = _segments.TryClearStale();
            while (isDeleted && _segments.Count > (isAll ? 0 : 1) && _segments.IsOldestDead)
            {
                isDeleted = TryDeleteOldest();
            }

            _segments.ForgetIfEmpty();
        }

        private bool TryDeleteOldest()
        {
            int index = _segments.GetIndex(0);
            bool isDeleted = _segments.TryDeleteOldest();
            if (isDeleted)
            {
                _unread.OnDeleted(index);
            }

            return isDeleted;
        }
    }
}

using DeviceQueue.Connecting;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <content>
    /// The outbox's file. A message goes to memory while there is room and nothing waits unread in the file, and is written when it is outbox_flush_ms old, unless it
    /// has been acknowledged by then. Others go to the file alone, and memory is filled from it in order. Two locks: <c>_fileLock</c> for the file, taken first and
    /// held while storage is busy; <c>_lock</c> for what is in memory and for the file's unread count, never held while storage is busy.
    /// </content>
    public sealed partial class Outbox
    {
        /// <summary>How long storage that refused something is left in peace, in milliseconds.</summary>
        public const int StorageRetryMs = 10000;

        private const int Unwritten = 0;
        private const int NotKept = -1;
        private const int MaxCopiedBytes = OutboxFile.SegmentBytes / 2;

        private readonly object _fileLock = new object();
        private OutboxFile _file;
        private int _flushMs;
        private int[] _sequences;
        private SequenceRanges _acknowledged;
        private int _unwritten;
        private string _lastTopic;
        private bool _isLinkUp;
        private bool _isStorageBusy;
        private bool _isSealed;
        private long _flushDueMs = long.MaxValue;
        private long _flushedMs = long.MinValue / 2;
        private long _retryMs;
        private long _readRetryMs;

        /// <summary>Gets a value indicating whether something that should be in the file is in memory only, because storage is full or fails.</summary>
        public bool IsDegraded { get; private set; }

        /// <summary>Gets how many records a power cut or a failing write cut off; found when the file was opened.</summary>
        public int TornTails => _file == null ? 0 : _file.TornTails;

        /// <summary>Gets how many records, or pieces of the file, could not be read or were not what had been written.</summary>
        public int Damages => _file == null ? 0 : _file.Damages;

        /// <summary>Gets or sets a value indicating whether nothing is written to the file any more, because storage is being erased: what waits stays in memory.</summary>
        public bool IsSealed
        {
            get
            {
                return _isSealed;
            }

            set
            {
                lock (_fileLock)
                {
                    _isSealed = value;
                }
            }
        }

        /// <summary>Writes to the file what is due; call it now and then, at the latest when it asks for it.</summary>
        /// <param name="nowMs">The time, <see cref="IClock.NowMs"/>.</param>
        /// <returns>When to call again, or <see cref="long.MaxValue"/> when only another message makes it worth a call.</returns>
        public long Poll(long nowMs)
        {
            if (_file == null || _isSealed)
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

                if (nowMs < _flushDueMs)
                {
                    return _flushDueMs;
                }
            }

            Flush();
            lock (_lock)
            {
                return _flushDueMs;
            }
        }

        /// <summary>Writes to the file, now, what is unacknowledged and not in it yet, and notes there what has been acknowledged.</summary>
        /// <returns><see langword="false"/> when storage did not take all of it; without a file there is nothing to do.</returns>
        public bool Flush()
        {
            if (_file == null)
            {
                return true;
            }

            lock (_fileLock)
            {
                if (_isSealed)
                {
                    return false;
                }

                lock (_lock)
                {
                    _isStorageBusy = true;
                    for (int i = 0; i < _acknowledged.Count; i++)
                    {
                        _file.Acknowledge(_acknowledged.GetFirst(i), _acknowledged.GetLength(i));
                    }

                    _acknowledged.Clear();
                }

                _retryMs = 0; // asked for, or its time has come
                bool isWritten = TryPutUnwritten() && _file.TryFlush();
                CopyFromOldest();
                OnStored(isWritten);
                lock (_lock)
                {
                    _flushDueMs = long.MaxValue;
                    _flushedMs = _nowMs;
                }

                return isWritten;
            }
        }

        private bool IsStorageResting => _isSealed || (IsDegraded && _nowMs < _retryMs);

        private void OpenFile(MqttOptions options, IStore store)
        {
            if (options.Outbox.Length > 0 && options.Qos > 0 && store != null)
            {
                _flushMs = options.OutboxFlushMs;
                _sequences = new int[options.MaxMessages];
                _acknowledged = new SequenceRanges(options.MaxMessages + 1);
                _file = new OutboxFile(store, options.Outbox, options.OutboxMaxBytes, options.MaxMessageSize);
                Refill(); // not with the first link only: what is in memory can be coalesced
            }
        }

        private long FindFlushDueMs(long nowMs)
        {
            if (_unwritten == 0 && _acknowledged.Count == 0 && !_file.IsDirty)
            {
                IsDegraded = false;
                return long.MaxValue;
            }

            // While the link is down nothing can be acknowledged in time, so the first of a burst need not wait.
            long dueMs = (_isLinkUp ? nowMs : _flushedMs) + _flushMs;
            dueMs = IsDegraded && dueMs < _retryMs ? _retryMs : dueMs;
            return dueMs < nowMs ? nowMs : dueMs;
        }

        private void OnStored(bool isWritten)
        {
            lock (_lock)
            {
                _isStorageBusy = false;
                IsDegraded = !isWritten;
                _retryMs = isWritten ? 0 : _nowMs + StorageRetryMs;
            }

            if (_file.Unread > 0)
            {
                _wake.Set(); // the connection's thread did not wait for this
            }
        }

        private void OnHeld(int slot, int qos, int sequence)
        {
            if (_file != null)
            {
                _sequences[slot] = qos == 0 ? NotKept : sequence;
                _unwritten += _sequences[slot] == Unwritten ? 1 : 0;
            }
        }

        private void OnRemoved(int slot)
        {
            if (_file == null)
            {
                return;
            }

            if (_sequences[slot] > 0)
            {
                _acknowledged.Add(_sequences[slot], 1);
            }
            else if (_sequences[slot] == Unwritten)
            {
                _unwritten--;
                if (_unwritten == 0 && _acknowledged.Count == 0 && !_file.IsDirty)
                {
                    _flushDueMs = long.MaxValue; // the next message has its own time
                }
            }
        }

        /// <summary>Takes a message into memory or into the file, or drops what the overflow policy says.</summary>
        private bool TryKeep(string topic, byte[] payload, int length, int size, byte flags)
        {
            lock (_lock)
            {
                if (_file.Unread == 0 && (_overflow == OverflowPolicy.Coalesce ? TryReplace(topic, size) : _buffer.HasRoom(size)))
                {
                    Hold(topic, payload, 0, length, flags, Unwritten);
                    return true;
                }
            }

            lock (_fileLock)
            {
                bool isResting = IsStorageResting;
                _isStorageBusy = true;
                bool isStored = TryPutUnwritten() && TryMakeFit(size);
                if (isStored)
                {
                    lock (_lock)
                    {
                        _file.Put(topic, payload, 0, length, flags, true, 0);
                    }
                }

                _isStorageBusy = false;
                if (!isResting)
                {
                    OnStored(isStored || !_file.IsFailing);
                }

                return isStored || TryKeepWithoutStorage(topic, payload, length, size, flags);
            }
        }

        /// <summary>Takes a message when the file cannot: into memory, unless others wait in the file that are older.</summary>
        private bool TryKeepWithoutStorage(string topic, byte[] payload, int length, int size, byte flags)
        {
            if (_file.Unread == 0 && _file.IsFailing)
            {
                return TryHold(topic, payload, length, size, flags);
            }

            if (_overflow == OverflowPolicy.DropOldest || _overflow == OverflowPolicy.DropNewest)
            {
                lock (_lock)
                {
                    Drops.Add(DropReason.Overflow, size);
                }
            }

            return _overflow == OverflowPolicy.DropOldest;
        }

        /// <summary>Puts into the file what is in memory only.</summary>
        private bool TryPutUnwritten()
        {
            for (int size = PutFitting(); size > 0; size = PutFitting())
            {
                if (!TryMakeFit(size))
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>Puts into the file's buffer, in order, what fits.</summary>
        /// <returns>The size of the next, which does not fit, or 0.</returns>
        private int PutFitting()
        {
            lock (_lock)
            {
                for (int i = 0; i < _buffer.Count && _unwritten > 0; i++)
                {
                    int slot = _buffer.SlotAt(i);
                    if (_sequences[slot] != Unwritten)
                    {
                        continue;
                    }

                    if (!_file.Fits(_buffer.GetSize(slot)))
                    {
                        return _buffer.GetSize(slot);
                    }

                    PutHeld(slot, 0);
                    _unwritten--;
                }

                return 0;
            }
        }

        private void PutHeld(int slot, int replaced)
        {
            _sequences[slot] = _file.Put(
                _buffer.GetTopic(slot), _buffer.Data, _buffer.GetOffset(slot), _buffer.GetLength(slot), _buffer.GetFlags(slot), false, replaced);
        }

        private bool TryMakeFit(int size)
        {
            while (!_file.Fits(size))
            {
                if (size > _file.MaxSize || IsStorageResting || (_file.HasPlace() && !_file.TryWrite()))
                {
                    return false;
                }

                CopyFromOldest();
                if (!_file.Fits(size) && (_overflow != OverflowPolicy.DropOldest || !TryDropOldestSegment()))
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>
        /// Frees the oldest segment when the last free one has been taken and little of the oldest is left: that is written again, so that one message which
        /// stays unacknowledged does not hold up the file.
        /// </summary>
        private void CopyFromOldest()
        {
            if (!_file.IsFull || _file.IsFailing)
            {
                return;
            }

            lock (_lock)
            {
                int left = _file.HasUnreadInOldest ? MaxCopiedBytes : 0;
                for (int i = 0; i < _buffer.Count; i++)
                {
                    int slot = _buffer.SlotAt(i);
                    left += _file.IsInOldest(_sequences[slot]) ? OutboxFile.HeaderBytes + _buffer.GetSize(slot) : 0;
                }

                for (int i = 0; i < _buffer.Count && left < MaxCopiedBytes; i++)
                {
                    int slot = _buffer.SlotAt(i);
                    if (_file.IsInOldest(_sequences[slot]) && _file.Fits(_buffer.GetSize(slot)))
                    {
                        PutHeld(slot, _sequences[slot]);
                    }
                }
            }

            _file.TryFlush();
        }

        private bool TryDropOldestSegment()
        {
            int unread = _file.Unread;
            int bytes = _file.UnreadBytes;
            int end = _file.EndOfOldest;
            if (!_file.TryDropOldest())
            {
                return false;
            }

            lock (_lock)
            {
                for (int i = _buffer.Count - 1; i >= 0; i--)
                {
                    int sequence = _sequences[_buffer.SlotAt(i)];
                    if (sequence > 0 && sequence - end < 0)
                    {
                        Drop(i, DropReason.Overflow);
                    }
                }

                for (int i = _file.Unread; i < unread; i++)
                {
                    Drops.Add(DropReason.Overflow, i == _file.Unread ? bytes - _file.UnreadBytes : 0);
                }
            }

            return true;
        }

        /// <summary>Fills memory from the file, in order.</summary>
        private void Refill()
        {
            if (_file == null || _file.Unread == 0 || (_isStorageBusy && _buffer.Count > 0) || _nowMs < _readRetryMs)
            {
                return;
            }

            lock (_fileLock)
            {
                bool isRoom = true;
                while (isRoom && _file.Unread > 0)
                {
                    bool isFound = _file.TryRead();
                    lock (_lock)
                    {
                        bool isTooLarge = isFound && _file.Size > _buffer.MaxBytes; // the limits were wider when it was written
                        isRoom = isFound && (isTooLarge || _buffer.HasRoom(_file.Size));
                        if (isTooLarge)
                        {
                            Drops.Add(DropReason.TooLarge, _file.Size);
                            _acknowledged.Add(_file.Sequence, 1);
                            _file.Advance();
                        }
                        else if (isRoom)
                        {
                            _lastTopic = _file.GetTopic(_lastTopic);
                            Hold(_lastTopic, _file.Buffer, _file.PayloadAt, _file.PayloadLength, _file.Flags, _file.Sequence);
                            _file.Advance();
                        }
                        else if (!isFound && _file.IsReadFailing)
                        {
                            _readRetryMs = _nowMs + StorageRetryMs; // there may be no memory for it now; what is there stays there
                        }
                        else if (!isFound)
                        {
                            _file.GiveUpReading();
                        }
                    }
                }
            }
        }
    }
}

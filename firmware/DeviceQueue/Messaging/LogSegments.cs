using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The files of an outbox's log, from the oldest to the newest: segments of one flash block each, named after the
    /// log with a hexadecimal digit. Each write adds records (<see cref="MessageRecord"/>) to the last or begins
    /// another. A message gets its sequence when it is written; a write that was refused may be in storage all the
    /// same, in part or as a whole, so its sequences are never used again and are acknowledged before the next write.
    /// Not safe for concurrent use: the outbox locks.
    /// </summary>
    internal sealed class LogSegments
    {
        /// <summary>
        /// The size of a segment in bytes: one block of the flash, which littlefs copies with each append.
        /// </summary>
        public const int SegmentBytes = 4096;

        /// <summary>The most segments.</summary>
        public const int MaxSegments = 16;

        /// <summary>The largest message that fits in a segment, topic and payload, in bytes.</summary>
        public const int MaxMessageSize = SegmentBytes - (2 * MessageRecord.HeaderBytes) - MessageRecord.ReplacedBytes;

        /// <summary>The most messages that all segments hold.</summary>
        public const int MaxMessages = MaxSegments * SegmentBytes / MessageRecord.HeaderBytes;

        /// <summary>No segment.</summary>
        public const int None = -1;

        private const int MaxAckRanges = 16;
        private const string Digits = "0123456789abcdef";

        private readonly IStore _store;
        private readonly string _name;
        private readonly int _maxSegments;
        private readonly byte[] _order = new byte[MaxSegments]; // the digits from the oldest segment on

        // By a segment's digit.
        private readonly ushort[] _sizes = new ushort[MaxSegments];
        private readonly ushort[] _live = new ushort[MaxSegments]; // messages that are not acknowledged
        private readonly int[] _firsts = new int[MaxSegments]; // the first message's sequence; 0: acknowledgements only

        private readonly SequenceRanges _acks = new SequenceRanges(MaxAckRanges); // to be written
        private int _unusable; // a bit for each segment that could not be read at start; it may be after a restart
        private int _stale = None; // the segment that a refused write may have begun
        private bool _isLastTorn; // nothing is added behind a piece of a record
        private int _abandoned; // the first sequence of refused writes, or 0

        /// <summary>Initializes a new instance of the <see cref="LogSegments"/> class with no segments.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="name">The log's name, at most two characters shorter than a file's may be.</param>
        /// <param name="maxBytes">The most bytes in storage; at least two segments.</param>
        public LogSegments(IStore store, string name, int maxBytes)
        {
            _store = store;
            _name = name;
            _maxSegments = maxBytes / SegmentBytes;
        }

        public int Count { get; private set; }

        /// <summary>Gets or sets the sequence that the next message gets.</summary>
        public int Next { get; set; } = 1;

        public int Bytes
        {
            get
            {
                int bytes = 0;
                for (int i = 0; i < Count; i++)
                {
                    bytes += _sizes[_order[i]];
                }

                return bytes;
            }
        }

        public int MaxBytes => _maxSegments * SegmentBytes;

        public bool IsFailing { get; private set; }

        public bool IsFull => Count >= _maxSegments;

        /// <summary>Gets a value indicating whether acknowledgements are to be written.</summary>
        public bool HasAcks => _acks.Count > 0;

        public bool HasUnusable => _unusable != 0;

        /// <summary>Gets the sequence behind the last one in the oldest segment.</summary>
        public int EndOfOldest
        {
            get
            {
                int end = FindFirst(1);
                return end == 0 ? Next : end;
            }
        }

        /// <summary>Gets how many messages in the oldest segment are not acknowledged.</summary>
        public int LiveInOldest => Count == 0 ? 0 : _live[_order[0]];

        /// <summary>Gets a value indicating whether all in the oldest segment is acknowledged.</summary>
        public bool IsOldestDead => _live[_order[0]] == 0 && !IsUnusable(_order[0]);

        /// <summary>Gets the name that a segment has in storage.</summary>
        /// <param name="name">The log's name.</param>
        /// <param name="index">The segment's digit, below <see cref="MaxSegments"/>.</param>
        /// <returns>The name.</returns>
        public static string GetSegmentName(string name, int index)
        {
            return name + "." + Digits[index];
        }

        /// <summary>Gets the digit of the segment at a place.</summary>
        public int GetIndex(int position) => _order[position];

        public int GetSize(int index) => _sizes[index];

        public bool IsUnusable(int index) => (_unusable & (1 << index)) != 0;

        /// <summary>Gets the sequence of the first message from a place on, 0 when there is none.</summary>
        public int FindFirst(int position)
        {
            int first = 0;
            for (; position < Count && first == 0; position++)
            {
                first = _firsts[_order[position]];
            }

            return first;
        }

        /// <summary>Finds the place of a segment; -1 when it is gone.</summary>
        public int FindPosition(int index)
        {
            int position = Count - 1;
            while (position >= 0 && _order[position] != index)
            {
                position--;
            }

            return position;
        }

        /// <summary>Finds the place of the segment that a message is in; -1 when it is gone.</summary>
        public int FindSegment(int sequence)
        {
            int position = Count - 1;
            while (position >= 0 && (_firsts[_order[position]] == 0 || sequence - _firsts[_order[position]] < 0))
            {
                position--;
            }

            return position;
        }

        /// <summary>Gets how many bytes can be written at one go; storage may refuse them all the same.</summary>
        /// <returns>At least what is needed, or 0 when a segment would have to go first.</returns>
        public int GetPlace(int needed)
        {
            int left = Count == 0 || _isLastTorn ? 0 : SegmentBytes - _sizes[_order[Count - 1]];
            if (needed <= left)
            {
                return left;
            }

            return IsFull || FindFree() == None ? 0 : SegmentBytes;
        }

        /// <summary>Writes records, whose messages have the sequences from <see cref="Next"/> on.</summary>
        /// <param name="count">Their bytes; there must be place for them.</param>
        /// <param name="messages">How many of them are messages, which are in memory, too.</param>
        /// <returns><see langword="false"/> when storage refused them.</returns>
        public bool TryAppend(byte[] data, int at, int count, int messages)
        {
            int first = Next;
            Next += messages;
            int index = Count == 0 || _isLastTorn ? None : _order[Count - 1];
            bool isNew = index == None || _sizes[index] + count > SegmentBytes;
            index = isNew ? FindFree() : index;
            bool hasSegment = index != None && (!isNew || TryClear(index));
            IsFailing = !hasSegment || !_store.TryAppend(NameOf(index), data, at, count);
            if (IsFailing)
            {
                _abandoned = _abandoned == 0 && messages > 0 ? first : _abandoned;
                _stale = isNew ? index : _stale;
                _isLastTorn |= !isNew && _store.GetSize(NameOf(index)) != _sizes[index];
                return false;
            }

            if (isNew)
            {
                Adopt(Count, index, 0, 0);
                _isLastTorn = false;
            }

            _firsts[index] = _firsts[index] == 0 && messages > 0 ? first : _firsts[index];
            _sizes[index] += (ushort)count;
            _live[index] += (ushort)messages;
            return true;
        }

        /// <summary>Writes, before anything else, that what was refused before is none of the log's.</summary>
        /// <param name="at">Where there is room for a record without a body.</param>
        /// <returns><see langword="false"/> when storage refused it.</returns>
        public bool TryAbandon(byte[] data, int at)
        {
            int first = _abandoned;
            if (first == 0)
            {
                return true;
            }

            MessageRecord.PutAcknowledgement(data, at, first, Next - first);
            bool hasPlace = GetPlace(MessageRecord.HeaderBytes) > 0;
            bool isWritten = hasPlace && TryAppend(data, at, MessageRecord.HeaderBytes, 0);
            _abandoned = isWritten ? 0 : first;
            return isWritten;
        }

        /// <summary>Tells how the last segment is added to; when there is none, the first.</summary>
        public void Save(long[] saved)
        {
            bool isOpen = Count > 0 && !_isLastTorn;
            int index = isOpen ? _order[Count - 1] : FindFree();
            bool isPlain = _abandoned == 0 && _stale == None && _unusable == 0 && !IsFailing;
            saved[OutboxLog.SizeAt] = isOpen ? _sizes[index] : 0;
            saved[OutboxLog.BytesAt] = Bytes;
            saved[OutboxLog.NextAt] = Next;
            saved[OutboxLog.DigitAt] = isPlain ? index : None;
            saved[OutboxLog.MaxBytesAt] = MaxBytes;
        }

        /// <summary>Lets go of a message: its acknowledgement is to be written.</summary>
        public void Acknowledge(int sequence)
        {
            if (TryRelease(sequence))
            {
                _acks.Add(sequence, 1);
            }
        }

        /// <summary>Lets go of a message that needs no acknowledgement, unless its segment is gone.</summary>
        public bool TryRelease(int sequence)
        {
            int position = FindSegment(sequence);
            if (position != None && _live[_order[position]] > 0)
            {
                _live[_order[position]]--;
            }

            return position != None;
        }

        /// <summary>Puts acknowledgements as records into memory, to be written.</summary>
        /// <returns>The place behind them.</returns>
        public int PutAcks(byte[] data, int at, int end)
        {
            for (int i = _acks.Count - 1; i >= 0 && at + MessageRecord.HeaderBytes <= end; i--)
            {
                MessageRecord.PutAcknowledgement(data, at, _acks.GetFirst(i), _acks.GetLength(i));
                at += MessageRecord.HeaderBytes;
            }

            return at;
        }

        /// <summary>Forgets acknowledgements whose records, so many bytes, are written.</summary>
        public void OnAcksWritten(int bytes)
        {
            for (; bytes > 0; bytes -= MessageRecord.HeaderBytes)
            {
                _acks.RemoveAt(_acks.Count - 1);
            }
        }

        /// <summary>Deletes what a refused write may have begun.</summary>
        public bool TryClearStale()
        {
            return _stale == None || TryClear(_stale);
        }

        /// <summary>Deletes the oldest segment with all that is in it.</summary>
        /// <returns><see langword="false"/> when storage refused it.</returns>
        public bool TryDeleteOldest()
        {
            if (!_store.TryDelete(NameOf(_order[0])))
            {
                return false;
            }

            Count--;
            for (int i = 0; i < Count; i++)
            {
                _order[i] = _order[i + 1];
            }

            for (int i = _acks.Count - 1; i >= 0; i--)
            {
                if (FindSegment(_acks.GetFirst(i) + _acks.GetLength(i) - 1) == None)
                {
                    _acks.RemoveAt(i);
                }
            }

            return true;
        }

        /// <summary>Forgets acknowledgements when there is no segment that they are for.</summary>
        public void ForgetIfEmpty()
        {
            if (Count == 0 && _stale == None)
            {
                _acks.Clear();
                _abandoned = 0;
            }
        }

        /// <summary>Gets the size of a segment's file: -1 when there is none, -2 when storage fails.</summary>
        public int GetStoredSize(int index) => _store.GetSize(NameOf(index));

        public bool TryRead(int index, int position, byte[] data, int at, int count)
        {
            return _store.TryReadAt(NameOf(index), position, data, at, count);
        }

        /// <summary>Deletes the file of a segment that is not adopted.</summary>
        public void Delete(int index)
        {
            _store.TryDelete(NameOf(index));
        }

        /// <summary>Takes a segment into the order.</summary>
        /// <param name="first">The sequence of its first message, or 0.</param>
        public void Adopt(int position, int index, int size, int first)
        {
            for (int i = Count; i > position; i--)
            {
                _order[i] = _order[i - 1];
            }

            _order[position] = (byte)index;
            _sizes[index] = (ushort)size;
            _live[index] = 0;
            _firsts[index] = first;
            Count++;
        }

        /// <summary>Notes that a segment could not be read: it is neither used nor deleted.</summary>
        public void MarkUnusable(int index)
        {
            _unusable |= 1 << index;
        }

        /// <summary>Notes that nothing can be added to the last segment.</summary>
        public void MarkLastTorn()
        {
            _isLastTorn = true;
        }

        /// <summary>Counts a message of a segment as not acknowledged.</summary>
        public void AddLive(int sequence)
        {
            _live[_order[FindSegment(sequence)]]++;
        }

        /// <summary>Acknowledges a message that is not counted as live.</summary>
        public void AddAck(int sequence)
        {
            _acks.Add(sequence, 1);
        }

        private string NameOf(int index) => GetSegmentName(_name, index);

        /// <summary>Sees to it that a segment that is not in use has no file.</summary>
        private bool TryClear(int index)
        {
            bool isClear = _stale != index || _store.GetSize(NameOf(index)) == None || _store.TryDelete(NameOf(index));
            _stale = isClear && _stale == index ? None : _stale;
            return isClear;
        }

        private int FindFree()
        {
            for (int i = 0; i < _maxSegments && _stale == None && !IsFull; i++)
            {
                if (FindPosition(i) == None && !IsUnusable(i))
                {
                    return i;
                }
            }

            return _stale;
        }
    }
}

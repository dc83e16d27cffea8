using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The messages of an outbox in storage, in order. The log is cut into segments of one flash block each, files with
    /// the log's name and a hexadecimal digit; each write adds to the last or begins another. A segment goes when it is
    /// the oldest and all in it is acknowledged. A message gets its sequence when it is written; a write that was
    /// refused may be in storage all the same, in part or as a whole, so its sequences are never used again and are
    /// acknowledged before the next write. A record (<see cref="MessageRecord"/>) is whole or it is none. Not safe for
    /// concurrent use: the owner locks.
    /// </summary>
    internal sealed class OutboxLog
    {
        /// <summary>
        /// The size of a segment in bytes: one block of the flash, which littlefs copies with each append.
        /// </summary>
        public const int SegmentBytes = 4096;

        /// <summary>The most segments.</summary>
        public const int MaxSegments = 16;

        /// <summary>The largest message that fits in a segment, topic and payload, in bytes.</summary>
        public const int MaxMessageSize = SegmentBytes - (2 * MessageRecord.HeaderBytes) - MessageRecord.ReplacedBytes;

        private const int MaxMessages = MaxSegments * SegmentBytes / MessageRecord.HeaderBytes;
        private const int MaxAckRanges = 16;
        private const string Digits = "0123456789abcdef";
        private const int None = -1;

        private readonly IStore _store;
        private readonly string _name;
        private readonly int _maxSegments;
        private readonly int _maxMessageBytes;
        private readonly Counts _drops;
        private readonly LogReader _reader;

        // By the segment's digit, but for the order, which names the digits from the oldest on.
        private readonly byte[] _order = new byte[MaxSegments];
        private readonly ushort[] _sizes = new ushort[MaxSegments];
        private readonly ushort[] _live = new ushort[MaxSegments];
        private readonly int[] _firsts = new int[MaxSegments]; // the first message's sequence; 0: there are acknowledgements alone
        private readonly SequenceRanges _acks = new SequenceRanges(MaxAckRanges);
        private int _segments;
        private int _unusable; // a bit for each segment that could not be read at start; after a restart it may be readable
        private int _stale = None; // the segment that a refused write may have begun
        private bool _isLastTorn; // nothing is added behind a piece of a record
        private int _next = 1;
        private int _abandoned; // the first sequence of refused writes, or 0
        private int _lastRead;
        private int _firstOwn;
        private AcknowledgedSet _done; // until all that was there at start is read

        /// <summary>Initializes a new instance of the <see cref="OutboxLog"/> class with what storage has.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="name">The log's name, at most two characters shorter than a file's may be.</param>
        /// <param name="maxBytes">The most bytes in storage; at least two segments.</param>
        /// <param name="maxMessageBytes">The largest message that there is memory for; larger ones are counted and let
        /// go.</param>
        /// <param name="scratch">Memory to read with, now; it needs room for one message.</param>
        /// <param name="drops">Counts what is found torn, damaged or too large.</param>
        public OutboxLog(IStore store, string name, int maxBytes, int maxMessageBytes, byte[] scratch, Counts drops)
        {
            _store = store;
            _name = name;
            _maxSegments = maxBytes / SegmentBytes;
            _drops = drops;
            _maxMessageBytes = maxMessageBytes;
            _reader = new LogReader(store, name, maxMessageBytes);
            Open(scratch);
        }

        /// <summary>Gets how many messages are here alone: they have not been read, or left memory.</summary>
        public int Unread { get; private set; }

        /// <summary>Gets the bytes in storage.</summary>
        public int Bytes
        {
            get
            {
                int bytes = 0;
                for (int i = 0; i < _segments; i++)
                {
                    bytes += _sizes[_order[i]];
                }

                return bytes;
            }
        }

        /// <summary>Gets the most bytes in storage.</summary>
        public int MaxBytes => _maxSegments * SegmentBytes;

        /// <summary>Gets a value indicating whether storage did not take what it was last given.</summary>
        public bool IsFailing { get; private set; }

        /// <summary>Gets a value indicating whether every segment is in use.</summary>
        public bool IsFull => _segments >= _maxSegments;

        /// <summary>Gets a value indicating whether acknowledgements are to be written.</summary>
        public bool HasAcks => _acks.Count > 0;

        /// <summary>Gets the sequence that the next message gets.</summary>
        public int Next => _next;

        /// <summary>Gets the sequence behind the last one in the oldest segment.</summary>
        public int EndOfOldest
        {
            get
            {
                int position = 1;
                while (position < _segments && _firsts[_order[position]] == 0)
                {
                    position++;
                }

                return position < _segments ? _firsts[_order[position]] : _next;
            }
        }

        /// <summary>Gets how many messages in the oldest segment are not acknowledged.</summary>
        public int LiveInOldest => _segments == 0 ? 0 : _live[_order[0]];

        /// <summary>Gets a value indicating whether something in the oldest segment has not been read.</summary>
        public bool HasUnreadInOldest => Unread > 0 && _lastRead + 1 - EndOfOldest < 0;

        /// <summary>Gets the name that a segment has in storage.</summary>
        /// <param name="name">The log's name.</param>
        /// <param name="segment">Its number, below <see cref="MaxSegments"/>.</param>
        /// <returns>The name.</returns>
        public static string GetSegmentName(string name, int segment)
        {
            return name + "." + Digits[segment];
        }

        /// <summary>Gets how many bytes can be written at one go; storage may refuse them all the same.</summary>
        /// <param name="needed">How many there are to write at least.</param>
        /// <returns>The bytes, or 0 when a segment would have to go first.</returns>
        public int GetPlace(int needed)
        {
            int left = _segments == 0 || _isLastTorn ? 0 : SegmentBytes - _sizes[_order[_segments - 1]];
            if (needed <= left)
            {
                return left;
            }

            return IsFull || FindFree() == None ? 0 : SegmentBytes;
        }

        /// <summary>Writes records, whose messages have the sequences from <see cref="Next"/> on.</summary>
        /// <param name="data">Holds them.</param>
        /// <param name="at">Where they start.</param>
        /// <param name="count">How many bytes they have; there must be place for them.</param>
        /// <param name="messages">How many of them are messages, which are in memory, too.</param>
        /// <returns><see langword="false"/> when storage refused them.</returns>
        public bool TryAppend(byte[] data, int at, int count, int messages)
        {
            int first = _next;
            _next += messages;
            int index = _segments == 0 || _isLastTorn ? None : _order[_segments - 1];
            bool isNew = index == None || _sizes[index] + count > SegmentBytes;
            index = isNew ? FindFree() : index;
            IsFailing = index == None || (isNew && !TryClear(index)) || !_store.TryAppend(NameOf(index), data, at, count);
            if (IsFailing)
            {
                _abandoned = _abandoned == 0 && messages > 0 ? first : _abandoned;
                _stale = isNew ? index : _stale;
                _isLastTorn |= !isNew && _store.GetSize(NameOf(index)) != _sizes[index];
                return false;
            }

            if (isNew)
            {
                Begin(index);
            }

            _firsts[index] = _firsts[index] == 0 && messages > 0 ? first : _firsts[index];
            _sizes[index] += (ushort)count;
            _live[index] += (ushort)messages;
            _lastRead = Unread == 0 ? _next - 1 : _lastRead;
            return true;
        }

        /// <summary>Writes, before anything else, that what was refused before is none of the log's.</summary>
        /// <param name="data">Memory to write it in.</param>
        /// <param name="at">Where it has room for a record without a body.</param>
        /// <returns><see langword="false"/> when storage refused it.</returns>
        public bool TryAbandon(byte[] data, int at)
        {
            int first = _abandoned;
            if (first == 0)
            {
                return true;
            }

            MessageRecord.PutAcknowledgement(data, at, first, _next - first);
            bool isWritten = GetPlace(MessageRecord.HeaderBytes) > 0 && TryAppend(data, at, MessageRecord.HeaderBytes, 0);
            _abandoned = isWritten ? 0 : first;
            return isWritten;
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

        /// <summary>Hears that acknowledgements are written.</summary>
        /// <param name="bytes">The bytes of their records.</param>
        public void OnAcksWritten(int bytes)
        {
            for (; bytes > 0; bytes -= MessageRecord.HeaderBytes)
            {
                _acks.RemoveAt(_acks.Count - 1);
            }
        }

        /// <summary>Lets go of a message.</summary>
        public void Acknowledge(int sequence)
        {
            if (TryRelease(sequence))
            {
                _acks.Add(sequence, 1);
            }
        }

        /// <summary>Lets go of a message whose replacement is written.</summary>
        public void Replace(int sequence)
        {
            TryRelease(sequence);
        }

        /// <summary>Hears that messages have left memory, the newest that are written.</summary>
        /// <param name="first">The sequence of the first.</param>
        /// <param name="count">How many.</param>
        public void LeaveUnread(int first, int count)
        {
            if (Unread == 0)
            {
                _lastRead = first - 1;
                _reader.Start(LogReader.None);
            }

            Unread += count;
        }

        /// <summary>Deletes the oldest segments in which all is acknowledged.</summary>
        /// <param name="isAll">Whether the last one may go, too: nothing is to be added to it.</param>
        public void DeleteDead(bool isAll)
        {
            bool isDeleted = _stale == None || TryClear(_stale);
            while (isDeleted && _segments > (isAll ? 0 : 1) && _live[_order[0]] == 0 && !IsUnusable(_order[0]))
            {
                isDeleted = TryDeleteOldest();
            }

            if (_segments == 0 && _stale == None)
            {
                _acks.Clear();
                _abandoned = 0; // there is nothing that it could be taken for
            }
        }

        /// <summary>Deletes the oldest segment with whatever is in it, unless there is no newer one.</summary>
        /// <param name="inMemory">How many of its messages are in memory, whose owner lets go of them.</param>
        /// <returns>How many messages were here alone and are gone, or -1 when storage refused it.</returns>
        public int DropOldest(int inMemory)
        {
            int unread = LiveInOldest - inMemory;
            if (_segments < 2 || !TryDeleteOldest())
            {
                return None;
            }

            Unread -= unread;
            return unread;
        }

        /// <summary>Begins to read into memory that has been used for something else since.</summary>
        public void BeginReading()
        {
            _reader.Forget();
        }

        /// <summary>Finds the next unread message and reads it into memory.</summary>
        /// <param name="data">The memory.</param>
        /// <param name="free">Where what is free starts.</param>
        /// <param name="at">Where the message is.</param>
        /// <returns>What was found, a constant of <see cref="LogReader"/>.</returns>
        public int Read(byte[] data, int free, out int at)
        {
            int position = FindPosition(_reader.Segment);
            if (position == None)
            {
                position = FindSegment(_lastRead + 1);
                position = position == None ? 0 : position;
                _reader.Start(_order[position]);
            }

            int result = FindUnread(data, free);
            while ((result == LogReader.AtEnd || (result == LogReader.Failing && IsUnusable(_order[position]))) && ++position < _segments)
            {
                _reader.Start(_order[position]);
                result = FindUnread(data, free);
            }

            at = _reader.At;
            return result == LogReader.Failing && position == _segments ? LogReader.AtEnd : result;
        }

        /// <summary>Goes on behind the message that <see cref="Read"/> found, before it is changed.</summary>
        public void Advance(byte[] data)
        {
            _lastRead = MessageRecord.GetSequence(data, _reader.At);
            _reader.Advance(data);
            Unread--;
            _done = Unread == 0 ? null : _done;
        }

        /// <summary>Counts as damaged what should be there and is not.</summary>
        public void GiveUpReading()
        {
            _drops.Add(DropReason.Damaged, Unread);
            Unread = 0;
            _lastRead = _next - 1;
            _done = null;
        }

        private int FindUnread(byte[] data, int free)
        {
            int result = _reader.Find(data, free, _sizes[_reader.Segment]);
            while (result == LogReader.Found && !IsUnread(data, _reader.At))
            {
                _reader.Advance(data);
                result = _reader.Find(data, free, _sizes[_reader.Segment]);
            }

            return result;
        }

        private bool IsUnread(byte[] data, int at)
        {
            int sequence = MessageRecord.GetSequence(data, at);
            if (!MessageRecord.IsMessage(data, at) || sequence - _lastRead <= 0 || IsDone(sequence))
            {
                return false;
            }

            return !MessageRecord.IsReplacement(data, at) || sequence - _firstOwn < 0; // the owner has what it replaced in this run
        }

        private bool IsUnusable(int index)
        {
            return (_unusable & (1 << index)) != 0;
        }

        private bool IsDone(int sequence)
        {
            return _done != null && _done.Contains(sequence);
        }

        private string NameOf(int index)
        {
            return GetSegmentName(_name, index);
        }

        private void Begin(int index)
        {
            _sizes[index] = 0;
            _live[index] = 0;
            _firsts[index] = 0;
            _order[_segments++] = (byte)index;
            _isLastTorn = false;
        }

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

        private int FindPosition(int index)
        {
            int position = _segments - 1;
            while (position >= 0 && _order[position] != index)
            {
                position--;
            }

            return position;
        }

        /// <summary>Finds the place of the segment that a message is in; -1 when it is gone.</summary>
        private int FindSegment(int sequence)
        {
            int position = _segments - 1;
            while (position >= 0 && (_firsts[_order[position]] == 0 || sequence - _firsts[_order[position]] < 0))
            {
                position--;
            }

            return position;
        }

        private bool TryRelease(int sequence)
        {
            int position = FindSegment(sequence);
            if (position != None && _live[_order[position]] > 0)
            {
                _live[_order[position]]--;
            }

            return position != None;
        }

        private bool TryDeleteOldest()
        {
            int index = _order[0];
            int last = EndOfOldest - 1;
            if (!_store.TryDelete(NameOf(index)))
            {
                return false;
            }

            _lastRead = last - _lastRead > 0 ? last : _lastRead; // what has gone is not to be read any more
            _segments--;
            for (int i = 0; i < _segments; i++)
            {
                _order[i] = _order[i + 1];
            }

            if (_reader.Segment == index)
            {
                _reader.Start(LogReader.None);
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

        private void Open(byte[] scratch)
        {
            int[] keys = new int[MaxSegments];
            for (int i = 0; i < MaxSegments; i++)
            {
                int size = _store.GetSize(NameOf(i));
                if (size >= 0)
                {
                    OpenSegment(scratch, i, size, keys);
                }
                else if (size < None)
                {
                    _unusable |= 1 << i;
                }
            }

            int missing = ReadAll(scratch);
            _drops.Add(DropReason.Damaged, missing == 0 && _unusable != 0 ? 1 : missing);
            _next += _unusable == 0 ? 0 : MaxMessages; // what is in there may have these
            _firstOwn = _next;
            _reader.Start(LogReader.None);
            DeleteDead(true);
        }

        private int ReadAll(byte[] scratch)
        {
            int first = 0;
            for (int i = 0; i < _segments && first == 0; i++)
            {
                first = _firsts[_order[i]];
            }

            _done = new AcknowledgedSet(first, MaxMessages);
            Scan(scratch, true);
            int missing = Scan(scratch, false);
            _lastRead = first - 1;
            _done = Unread == 0 ? null : _done;
            return missing;
        }

        private void OpenSegment(byte[] scratch, int index, int size, int[] keys)
        {
            _sizes[index] = (ushort)(size < SegmentBytes ? size : SegmentBytes);
            _reader.Start(index);
            _firsts[index] = 0;
            int result = FindKey(scratch, index, out keys[index]);
            if (result == LogReader.Failing)
            {
                _unusable |= 1 << index;
            }
            else if (keys[index] == 0)
            {
                _drops.Add(DropReason.Torn, _reader.Skipped > 0 ? 1 : 0);
                _store.TryDelete(NameOf(index));
            }
            else
            {
                int position = _segments++;
                for (; position > 0 && keys[index] - keys[_order[position - 1]] < 0; position--)
                {
                    _order[position] = _order[position - 1];
                }

                _order[position] = (byte)index;
            }
        }

        /// <summary>
        /// Finds what puts a segment in its place: its first message, or in one that has none what its acknowledgements
        /// are for; 0: nothing does.
        /// </summary>
        private int FindKey(byte[] scratch, int index, out int key)
        {
            key = 0;
            int result = _reader.Find(scratch, 0, _sizes[index]);
            for (; result == LogReader.Found; result = _reader.Find(scratch, 0, _sizes[index]))
            {
                int sequence = MessageRecord.GetSequence(scratch, _reader.At);
                if (MessageRecord.IsMessage(scratch, _reader.At))
                {
                    key = sequence;
                    _firsts[index] = sequence;
                    return LogReader.Found;
                }

                int end = sequence + MessageRecord.GetCount(scratch, _reader.At);
                key = MessageRecord.IsAcknowledgement(scratch, _reader.At) && (key == 0 || end - key > 0) ? end : key;
                _reader.Advance(scratch);
            }

            return result;
        }

        /// <summary>Goes through all records: first for the acknowledgements, then for what is left.</summary>
        /// <returns>How many messages are missing.</returns>
        private int Scan(byte[] scratch, bool isFirst)
        {
            int last = 0;
            int missing = 0;
            for (int i = 0; i < _segments; i++)
            {
                int index = _order[i];
                _reader.Start(index);
                int result = _reader.Find(scratch, 0, _sizes[index]);
                for (; result == LogReader.Found; result = _reader.Find(scratch, 0, _sizes[index]))
                {
                    if (isFirst)
                    {
                        NoteAcknowledged(scratch, _reader.At);
                    }
                    else if (MessageRecord.IsMessage(scratch, _reader.At))
                    {
                        missing += CountMissing(last, MessageRecord.GetSequence(scratch, _reader.At));
                        last = NoteLeft(scratch, _reader.At, last);
                    }

                    _reader.Advance(scratch);
                }

                if (result == LogReader.Failing)
                {
                    _unusable |= 1 << index;
                    _isLastTorn |= i == _segments - 1;
                }
                else if (!isFirst && _reader.Skipped > 0 && i == _segments - 1)
                {
                    _drops.Add(DropReason.Torn); // those before were counted at their time, or written again
                    _isLastTorn = true;
                }
            }

            return missing;
        }

        private void NoteAcknowledged(byte[] scratch, int at)
        {
            int sequence = MessageRecord.GetSequence(scratch, at);
            if (MessageRecord.IsAcknowledgement(scratch, at))
            {
                NoteAcknowledged(sequence, MessageRecord.GetCount(scratch, at));
            }
            else if (MessageRecord.IsMessage(scratch, at))
            {
                if (MessageRecord.IsReplacement(scratch, at))
                {
                    NoteAcknowledged(MessageRecord.GetReplaced(scratch, at), 1);
                }

                _next = sequence - _next >= 0 ? sequence + 1 : _next;
            }
        }

        private void NoteAcknowledged(int first, int count)
        {
            _done.Add(first, count);
            _next = first + count - _next > 0 ? first + count : _next;
        }

        /// <summary>Counts the messages between two that are not there and were not acknowledged.</summary>
        private int CountMissing(int last, int sequence)
        {
            if (last == 0)
            {
                return _reader.Skipped > 0 ? 1 : 0; // nothing tells how many
            }

            int missing = 0;
            for (int i = last + 1; i - sequence < 0 && missing < MaxMessages; i++)
            {
                if (!IsDone(i))
                {
                    missing++;
                    if (_unusable == 0)
                    {
                        _acks.Add(i, 1); // it is counted once
                    }
                }
            }

            return missing;
        }

        /// <summary>Counts a message that is not acknowledged.</summary>
        /// <returns>The last sequence so far.</returns>
        private int NoteLeft(byte[] scratch, int at, int last)
        {
            int sequence = MessageRecord.GetSequence(scratch, at);
            if (last != 0 && sequence - last <= 0)
            {
                return last; // versions before 0.2 tried a write that failed again under the same sequences
            }

            if (!IsDone(sequence) && MessageRecord.GetMessageSize(scratch, at) > _maxMessageBytes)
            {
                _drops.Add(DropReason.Outgrown); // the limits were wider when it was written
                _done.Add(sequence, 1);
                _acks.Add(sequence, 1);
            }
            else if (!IsDone(sequence))
            {
                Unread++;
                _live[_order[FindSegment(sequence)]]++;
            }

            return sequence;
        }
    }
}

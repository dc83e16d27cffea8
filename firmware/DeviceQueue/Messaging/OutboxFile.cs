using System;
using System.Text;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The unacknowledged messages of an outbox as a log in storage, in order. The log is cut into segments of one flash block each, files with the log's name and a
    /// hexadecimal digit; what is added waits in a buffer until it is written, at one go. A segment goes when it is the oldest and all in it is acknowledged.
    /// A record (<see cref="OutboxRecord"/>) is whole or it is none: what a power cut or a worn flash left of one is skipped and counted. Not safe for concurrent use: the owner locks.
    /// </summary>
    public sealed partial class OutboxFile
    {
        /// <summary>The size of a segment in bytes: one block of the flash, which littlefs copies with each append.</summary>
        public const int SegmentBytes = 4096;

        /// <summary>The most segments.</summary>
        public const int MaxSegments = 16;

        /// <summary>What a record takes beside topic and payload, in bytes.</summary>
        public const int HeaderBytes = OutboxRecord.HeaderBytes;

        /// <summary>The largest message that fits in a segment, topic and payload, in bytes.</summary>
        public const int MaxMessageSize = SegmentBytes - (2 * HeaderBytes) - OutboxRecord.ReplacedBytes;

        private const int MinReadBytes = 1024; // so that what lower limits have made too large is still read, and counted
        private const int MaxAckRanges = 16;
        private const string Digits = "0123456789abcdef";
        private const int None = -1;
        private const int Unusable = int.MaxValue;

        private readonly IStore _store;
        private readonly int _maxSegments;
        private readonly string[] _names = new string[MaxSegments];
        private readonly int[] _sizes = new int[MaxSegments];
        private readonly int[] _starts = new int[MaxSegments];
        private readonly int[] _firsts = new int[MaxSegments];
        private readonly int[] _live = new int[MaxSegments];
        private readonly byte[] _order = new byte[MaxSegments];
        private readonly SequenceRanges _acks = new SequenceRanges(MaxAckRanges);
        private int _segments;
        private int _lastStart;
        private bool _isLastTorn; // nothing is added behind a piece of a record

        // What is not written yet, behind room for a segment's first record.
        private readonly byte[] _batch;
        private int _batchEnd = HeaderBytes;
        private int _batchFirst;
        private int _batchLive;
        private bool _hasCopies;
        private int _next = 1;

        // The record that is read next, in a piece of a segment or in what is not written yet.
        private readonly SegmentReader _reader;
        private byte[] _record;
        private int _recordAt;
        private int _readIndex = None;
        private int _readAt;
        private int _lastRead;
        private bool _isRead;
        private int _firstOwn;

        /// <summary>Initializes a new instance of the <see cref="OutboxFile"/> class with what storage has, and with all the memory that it will use.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="name">The log's name, at most two characters shorter than a file's may be.</param>
        /// <param name="maxBytes">The most bytes in storage; at least two segments.</param>
        /// <param name="maxMessageSize">The largest message, topic and payload, in bytes; at most <see cref="MaxMessageSize"/>.</param>
        public OutboxFile(IStore store, string name, int maxBytes, int maxMessageSize)
        {
            _store = store;
            _maxSegments = maxBytes / SegmentBytes;
            int buffer = HeaderBytes + OutboxRecord.ReplacedBytes + maxMessageSize;
            _reader = new SegmentReader(store, _names, buffer < MinReadBytes ? MinReadBytes : buffer);
            _batch = new byte[HeaderBytes + buffer];
            for (int i = 0; i < MaxSegments; i++)
            {
                _names[i] = GetSegmentName(name, i);
            }

            Open();
        }

        /// <summary>Gets how many messages have not been read yet.</summary>
        public int Unread { get; private set; }

        /// <summary>Gets how many bytes they take, topics and payloads.</summary>
        public int UnreadBytes { get; private set; }

        /// <summary>Gets how often the end of a segment was cut off in the middle of a record.</summary>
        public int TornTails { get; private set; }

        /// <summary>Gets how often something else was in a record's place, or could not be read.</summary>
        public int Damages { get; private set; }

        /// <summary>Gets a value indicating whether storage failed the last time that it was read: what it holds may be as it should.</summary>
        public bool IsReadFailing => _reader.IsFailing;

        /// <summary>Gets a value indicating whether storage did not take what it was last given.</summary>
        public bool IsFailing { get; private set; }

        /// <summary>Gets a value indicating whether something waits to be written.</summary>
        public bool IsDirty => _batchEnd > HeaderBytes || _acks.Count > 0;

        /// <summary>Gets a value indicating whether every segment is in use.</summary>
        public bool IsFull => _segments >= _maxSegments;

        /// <summary>Gets the sequence of the message that <see cref="TryRead"/> found.</summary>
        public int Sequence => OutboxRecord.GetSequence(_record, _recordAt);

        /// <summary>Gets its flags.</summary>
        public byte Flags => OutboxRecord.GetMessageFlags(_record, _recordAt);

        /// <summary>Gets its size, topic and payload, in bytes.</summary>
        public int Size => OutboxRecord.GetMessageSize(_record, _recordAt);

        /// <summary>Gets what holds its payload.</summary>
        public byte[] Buffer => _record;

        /// <summary>Gets where in <see cref="Buffer"/> its payload starts.</summary>
        public int PayloadAt => OutboxRecord.GetTopicAt(_record, _recordAt) + TopicLength;

        /// <summary>Gets how long its payload is in bytes.</summary>
        public int PayloadLength => Size - TopicLength;

        /// <summary>Gets the largest message that can be put, in bytes.</summary>
        public int MaxSize => _batch.Length - (2 * HeaderBytes) - OutboxRecord.ReplacedBytes;

        /// <summary>Gets the most bytes in storage.</summary>
        public int MaxBytes => _maxSegments * SegmentBytes;

        /// <summary>Gets a value indicating whether something in the oldest segment has not been read.</summary>
        public bool HasUnreadInOldest => Unread > 0 && IsInOldest(_lastRead + 1);

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

                return position < _segments ? _firsts[_order[position]] : _batchFirst != 0 ? _batchFirst : _next;
            }
        }

        private int TopicLength => OutboxRecord.GetTopicLength(_record, _recordAt);

        /// <summary>Gets the name that a segment has in storage.</summary>
        /// <param name="name">The file's name.</param>
        /// <param name="segment">Its number, below <see cref="MaxSegments"/>.</param>
        /// <returns>The name.</returns>
        public static string GetSegmentName(string name, int segment)
        {
            return name + "." + Digits[segment];
        }

        /// <summary>Gets the topic of the message that <see cref="TryRead"/> found.</summary>
        /// <param name="known">A topic that it probably has, so that none is made anew; or <see langword="null"/>.</param>
        /// <returns>The topic.</returns>
        public string GetTopic(string known)
        {
            int at = OutboxRecord.GetTopicAt(_record, _recordAt);
            int length = TopicLength;
            bool isKnown = known != null && known.Length == length;
            for (int i = 0; isKnown && i < length; i++)
            {
                isKnown = known[i] < 0x80 && known[i] == _record[at + i];
            }

            return isKnown ? known : Encoding.UTF8.GetString(_record, at, length);
        }

        /// <summary>Tells whether a message can be put: there is room for it in the buffer, and in storage for the buffer.</summary>
        /// <param name="size">Its size, topic and payload, in bytes.</param>
        /// <returns><see langword="true"/> when <see cref="Put"/> takes it.</returns>
        public bool Fits(int size)
        {
            int end = _batchEnd + HeaderBytes + OutboxRecord.ReplacedBytes + size;
            return end <= _batch.Length && HasPlace(end - HeaderBytes);
        }

        /// <summary>Tells whether the buffer can be written where it belongs; storage may refuse it all the same.</summary>
        /// <returns><see langword="false"/> when a segment would have to go first.</returns>
        public bool HasPlace()
        {
            return HasPlace(_batchEnd - HeaderBytes);
        }

        /// <summary>Adds a message to what is to be written. It must fit.</summary>
        /// <param name="topic">Its topic.</param>
        /// <param name="payload">Holds its payload.</param>
        /// <param name="offset">Where the payload starts.</param>
        /// <param name="length">How long it is.</param>
        /// <param name="flags">Three bits that the owner gives a meaning.</param>
        /// <param name="isUnread">Whether it is to be read later; otherwise the owner has it.</param>
        /// <param name="replaced">The sequence of the record that this one takes the place of, or 0.</param>
        /// <returns>Its sequence.</returns>
        public int Put(string topic, byte[] payload, int offset, int length, byte flags, bool isUnread, int replaced)
        {
            int at = _batchEnd;
            int body = at + HeaderBytes;
            if (replaced != 0)
            {
                OutboxRecord.PutInt(_batch, body, replaced);
                body += OutboxRecord.ReplacedBytes;
                flags |= OutboxRecord.ReplacesFlag;
                _hasCopies = true;
                Release(replaced);
            }

            int topicLength = Encoding.UTF8.GetBytes(topic, 0, topic.Length, _batch, body);
            Array.Copy(payload, offset, _batch, body + topicLength, length);
            _batchEnd = body + topicLength + length;
            OutboxRecord.Seal(_batch, at, flags, _next, topicLength, _batchEnd - at - HeaderBytes);
            _batchFirst = _batchFirst == 0 ? _next : _batchFirst;
            _batchLive++;
            if (isUnread)
            {
                Unread++;
                UnreadBytes += topicLength + length;
            }
            else if (Unread == 0)
            {
                _lastRead = _next;
            }

            return _next++;
        }

        /// <summary>Lets go of messages.</summary>
        /// <param name="first">The sequence of the first.</param>
        /// <param name="count">How many.</param>
        public void Acknowledge(int first, int count)
        {
            bool isKnown = false;
            for (int i = 0; i < count; i++)
            {
                isKnown |= Release(first + i);
            }

            if (isKnown)
            {
                _acks.Add(first, count);
            }
        }

        /// <summary>Writes what waits, and deletes what is acknowledged.</summary>
        /// <returns><see langword="false"/> when storage refused it or has no place for it: it waits on.</returns>
        public bool TryFlush()
        {
            DeleteDead();
            while (_acks.Count > 0 && (Fits(0) || (HasPlace() && TryWrite() && Fits(0))))
            {
                int first = _acks.GetFirst(_acks.Count - 1);
                int count = _acks.GetLength(_acks.Count - 1);
                _acks.RemoveLast();
                if (IsInBatch(first + count - 1) || FindSegment(first + count - 1) != None)
                {
                    OutboxRecord.Seal(_batch, _batchEnd, OutboxRecord.AckFlag, first, count, 0);
                    _batchEnd += HeaderBytes;
                }
            }

            bool isWritten = TryWrite();
            DeleteDead();
            return isWritten;
        }

        /// <summary>Writes what waits.</summary>
        /// <returns><see langword="false"/> when storage refused it or has no place for it: it waits on.</returns>
        public bool TryWrite()
        {
            int count = _batchEnd - HeaderBytes;
            if (count == 0)
            {
                return true;
            }

            int index = _segments == 0 ? None : _order[_segments - 1];
            bool isNew = index == None || _isLastTorn || _sizes[index] + count > SegmentBytes;
            index = isNew ? FindFree() : index;
            if (index == None)
            {
                return false;
            }

            IsFailing = !(isNew ? TryStart(index) : _store.TryAppend(_names[index], _batch, HeaderBytes, count));
            if (IsFailing)
            {
                _isLastTorn |= !isNew && _store.GetSize(_names[index]) != _sizes[index];
                return false;
            }

            _sizes[index] += count;
            _firsts[index] = _firsts[index] == 0 ? _batchFirst : _firsts[index];
            _live[index] += _batchLive;
            ClearBatch();
            return true;
        }

        /// <summary>Finds the next unread message.</summary>
        /// <returns><see langword="false"/> when no more can be read, whatever <see cref="Unread"/> says: <see cref="GiveUpReading"/>.</returns>
        public bool TryRead()
        {
            int position = _isRead ? MaxSegments : FindSegment(_lastRead + 1);
            _reader.IsFailing = false;
            for (position = position < 0 ? 0 : position; position < _segments && !_isRead && !IsReadFailing; position++)
            {
                if (_readIndex != _order[position])
                {
                    _readIndex = _order[position];
                    _readAt = 0;
                }

                while (!_isRead && TryFind(_readIndex, ref _readAt, false))
                {
                    _isRead = IsUnread();
                    _readAt += _isRead ? 0 : RecordBytes();
                }
            }

            for (int at = HeaderBytes; at < _batchEnd && !_isRead && !IsReadFailing; at += RecordBytes())
            {
                _record = _batch;
                _recordAt = at;
                _isRead = IsUnread();
            }

            return _isRead;
        }

        /// <summary>Goes on behind the message that <see cref="TryRead"/> found.</summary>
        public void Advance()
        {
            _lastRead = Sequence;
            _readAt += _record == _reader.Data ? RecordBytes() : 0;
            _isRead = false;
            Unread--;
            UnreadBytes -= Size;
        }

        /// <summary>Counts as damaged what should be there and cannot be read.</summary>
        public void GiveUpReading()
        {
            Damages += Unread;
            Unread = 0;
            UnreadBytes = 0;
            _lastRead = _next - 1;
        }

        /// <summary>Tells whether a message is in the oldest segment.</summary>
        /// <param name="sequence">Its sequence.</param>
        /// <returns><see langword="true"/> when it is there, and there is a newer segment.</returns>
        public bool IsInOldest(int sequence)
        {
            return sequence > 0 && _segments > 1 && sequence - EndOfOldest < 0 && FindSegment(sequence) == 0;
        }

        /// <summary>Deletes the oldest segment with whatever is in it, unless there is no newer one.</summary>
        /// <returns><see langword="false"/> when storage refused it; then everything is as it was.</returns>
        public bool TryDropOldest()
        {
            if (_hasCopies && !TryWrite())
            {
                return false; // the originals of copies that are in memory alone may be in it
            }

            int lastRead = _lastRead;
            int unread = Unread;
            int unreadBytes = UnreadBytes;
            while (HasUnreadInOldest && TryRead() && IsInOldest(Sequence))
            {
                Advance();
            }

            if (_segments > 1 && TryDeleteOldest())
            {
                return true;
            }

            _lastRead = lastRead;
            Unread = unread;
            UnreadBytes = unreadBytes;
            _isRead = false;
            _readIndex = None;
            return false;
        }

        private bool TryStart(int index)
        {
            int start = ++_lastStart; // one that was refused may stand in the flash all the same
            OutboxRecord.Seal(_batch, 0, OutboxRecord.StartFlag, start, 0, 0);
            if (!_store.TryWrite(_names[index], _batch, _batchEnd))
            {
                return false;
            }

            _starts[index] = start;
            _sizes[index] = HeaderBytes;
            _firsts[index] = 0;
            _live[index] = 0;
            _order[_segments++] = (byte)index;
            _isLastTorn = false;
            return true;
        }

        private void ClearBatch()
        {
            _batchEnd = HeaderBytes;
            _batchFirst = 0;
            _batchLive = 0;
            _hasCopies = false;
            _isRead = false; // what was found may have been in it
        }

        private bool HasPlace(int count)
        {
            return !IsFull || (_segments > 0 && !_isLastTorn && _sizes[_order[_segments - 1]] + count <= SegmentBytes);
        }

        private int FindFree()
        {
            for (int i = 0; i < _maxSegments && !IsFull; i++)
            {
                int position = 0;
                while (position < _segments && _order[position] != i)
                {
                    position++;
                }

                if (position == _segments && _sizes[i] != Unusable)
                {
                    return i;
                }
            }

            return None;
        }

        /// <summary>Finds the segment that a message is in, by its place; -1 when it is gone.</summary>
        private int FindSegment(int sequence)
        {
            int position = _segments - 1;
            while (position >= 0 && (_firsts[_order[position]] == 0 || sequence - _firsts[_order[position]] < 0))
            {
                position--;
            }

            return position;
        }

        private bool IsInBatch(int sequence)
        {
            return _batchFirst != 0 && sequence - _batchFirst >= 0;
        }

        private bool Release(int sequence)
        {
            if (IsInBatch(sequence))
            {
                _batchLive--;
                return true;
            }

            int position = FindSegment(sequence);
            if (position >= 0)
            {
                _live[_order[position]]--;
            }

            return position >= 0;
        }

        private void DeleteDead()
        {
            bool isPossible = !_hasCopies; // they are not written yet
            while (isPossible && _segments > 0 && _live[_order[0]] <= 0 && (_segments > 1 || _batchLive == 0))
            {
                isPossible = TryDeleteOldest();
            }

            if (_segments == 0 && _batchLive == 0)
            {
                ClearBatch();
                _acks.Clear();
            }
        }

        private bool TryDeleteOldest()
        {
            int index = _order[0];
            int last = EndOfOldest - 1;
            if (!_store.TryDelete(_names[index]))
            {
                return false;
            }

            _lastRead = last - _lastRead > 0 ? last : _lastRead; // what has gone is not to be read any more
            _segments--;
            Array.Copy(_order, 1, _order, 0, _segments);
            _isRead &= _readIndex != index;
            _readIndex = _readIndex == index ? None : _readIndex;
            _reader.Forget();
            return true;
        }

        private bool IsUnread()
        {
            bool isMessage = OutboxRecord.IsMessage(_record, _recordAt);
            bool isOwnCopy = isMessage && OutboxRecord.GetReplaced(_record, _recordAt) != 0 && Sequence - _firstOwn >= 0; // the owner has what it was copied from
            return isMessage && !isOwnCopy && Sequence - _lastRead > 0 && !IsDone(Sequence);
        }

        private int RecordBytes()
        {
            return OutboxRecord.GetSize(_record, _recordAt);
        }

        /// <summary>Finds the next whole record of a segment, past whatever else is there.</summary>
        private bool TryFind(int index, ref int at, bool isCounted)
        {
            int start = at;
            for (; at + HeaderBytes <= _sizes[index]; at++)
            {
                bool isLoaded = TryLoad(index, at, HeaderBytes);
                if (isLoaded && OutboxRecord.IsPlausible(_record, _recordAt) && TryLoad(index, at, RecordBytes()) && OutboxRecord.IsWhole(_record, _recordAt))
                {
                    Damages += isCounted && at > start ? 1 : 0;
                    return true;
                }

                if (_reader.IsFailing)
                {
                    Damages += isCounted ? 1 : 0;
                    _live[index] += isCounted ? 1 : 0; // not to be deleted: after a restart it may be readable
                    return false;
                }
            }

            _isLastTorn |= isCounted && start < _sizes[index] && index == _order[_segments - 1];
            TornTails += isCounted && start < _sizes[index] ? 1 : 0;
            at = _sizes[index];
            return false;
        }

        private bool TryLoad(int index, int at, int count)
        {
            _record = _reader.Data;
            return _reader.TryLoad(index, _sizes[index], at, count, out _recordAt);
        }
    }
}

using DeviceQueue.Diagnostics;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Finds at start what storage has of an outbox's log: puts the segments in order, and counts what is left in them
    /// and what is torn, damaged or too large by now. Needed once.
    /// </summary>
    internal sealed class LogOpening
    {
        private readonly LogSegments _segments;
        private readonly LogReader _reader;
        private readonly OutboxWindow _window;
        private readonly byte[] _scratch;
        private AcknowledgedSet _done;

        /// <summary>Initializes a new instance of the <see cref="LogOpening"/> class.</summary>
        /// <param name="segments">Receive the files.</param>
        /// <param name="reader">Reads them.</param>
        /// <param name="window">Counts what is left and what is lost; its buffer, empty yet, is used to read.</param>
        public LogOpening(LogSegments segments, LogReader reader, OutboxWindow window)
        {
            _segments = segments;
            _reader = reader;
            _window = window;
            _scratch = window.Buffer.Data;
        }

        /// <summary>Opens the log.</summary>
        /// <returns>What is acknowledged, or <see langword="null"/> when no message is left.</returns>
        public AcknowledgedSet Open()
        {
            int[] keys = new int[LogSegments.MaxSegments];
            for (int i = 0; i < LogSegments.MaxSegments; i++)
            {
                int size = _segments.GetStoredSize(i);
                if (size >= 0)
                {
                    OpenSegment(i, size < LogSegments.SegmentBytes ? size : LogSegments.SegmentBytes, keys);
                }
                else if (size != LogSegments.None)
                {
                    _segments.MarkUnusable(i);
                }
            }

            _done = new AcknowledgedSet(_segments.FindFirst(0), LogSegments.MaxMessages);
            Scan(true);
            int missing = Scan(false);
            _window.Drops.Add(DropReason.Damaged, missing == 0 && _segments.HasUnusable ? 1 : missing);
            _segments.Next += _segments.HasUnusable ? LogSegments.MaxMessages : 0; // what is in there may have these
            return _window.Unread == 0 ? null : _done;
        }

        private void OpenSegment(int index, int size, int[] keys)
        {
            _reader.Start(index);
            int result = FindKey(index, size, keys, out int first);
            if (result == LogReader.Failing)
            {
                _segments.MarkUnusable(index);
            }
            else if (keys[index] == 0)
            {
                _window.Drops.Add(DropReason.Torn, _reader.Skipped > 0 ? 1 : 0);
                _segments.Delete(index);
            }
            else
            {
                int position = _segments.Count;
                while (position > 0 && keys[index] - keys[_segments.GetIndex(position - 1)] < 0)
                {
                    position--;
                }

                _segments.Adopt(position, index, size, first);
            }
        }

        /// <summary>
        /// Finds what puts a segment in its place: its first message, or in one that has none what its acknowledgements
        /// are for; 0: nothing does.
        /// </summary>
        private int FindKey(int index, int size, int[] keys, out int first)
        {
            int key = 0;
            first = 0;
            int result = _reader.Find(_scratch, 0, size);
            while (result == LogReader.Found && first == 0)
            {
                int sequence = MessageRecord.GetSequence(_scratch, _reader.At);
                int end = sequence + MessageRecord.GetCount(_scratch, _reader.At);
                if (MessageRecord.IsMessage(_scratch, _reader.At))
                {
                    first = sequence;
                    key = sequence;
                }
                else
                {
                    bool isAck = MessageRecord.IsAcknowledgement(_scratch, _reader.At);
                    key = isAck && (key == 0 || end - key > 0) ? end : key;
                    _reader.Advance(_scratch);
                    result = _reader.Find(_scratch, 0, size);
                }
            }

            keys[index] = key;
            return result;
        }

        /// <summary>Goes through all records: first for the acknowledgements, then for what is left.</summary>
        /// <returns>How many messages are missing.</returns>
        private int Scan(bool isFirst)
        {
            int last = 0;
            int missing = 0;
            for (int i = 0; i < _segments.Count; i++)
            {
                int index = _segments.GetIndex(i);
                int size = _segments.GetSize(index);
                _reader.Start(index);
                int result = _reader.Find(_scratch, 0, size);
                for (; result == LogReader.Found; result = _reader.Find(_scratch, 0, size))
                {
                    if (isFirst)
                    {
                        NoteAcknowledged(_reader.At);
                    }
                    else if (MessageRecord.IsMessage(_scratch, _reader.At))
                    {
                        missing += CountMissing(last, MessageRecord.GetSequence(_scratch, _reader.At));
                        last = NoteLeft(_reader.At, last);
                    }

                    _reader.Advance(_scratch);
                }

                NoteEnd(i, result, isFirst);
            }

            return missing;
        }

        private void NoteEnd(int position, int result, bool isFirst)
        {
            bool isTorn = !isFirst && _reader.Skipped > 0;
            bool isLast = position == _segments.Count - 1;
            if (result == LogReader.Failing)
            {
                _segments.MarkUnusable(_segments.GetIndex(position));
            }
            else if (isTorn && isLast)
            {
                // Those before were counted at their time, or written again. What is written now ends the torn one.
                _window.Drops.Add(DropReason.Torn);
                _segments.AddAck(_segments.Next++);
            }

            if (isLast && (isTorn || result == LogReader.Failing))
            {
                _segments.MarkLastTorn();
            }
        }

        private void NoteAcknowledged(int at)
        {
            int sequence = MessageRecord.GetSequence(_scratch, at);
            if (MessageRecord.IsAcknowledgement(_scratch, at))
            {
                NoteAcknowledged(sequence, MessageRecord.GetCount(_scratch, at));
            }
            else if (MessageRecord.IsMessage(_scratch, at))
            {
                if (MessageRecord.IsReplacement(_scratch, at))
                {
                    NoteAcknowledged(MessageRecord.GetReplaced(_scratch, at), 1);
                }

                NoteUsed(sequence + 1);
            }
        }

        private void NoteAcknowledged(int first, int count)
        {
            _done.Add(first, count);
            NoteUsed(first + count);
        }

        private void NoteUsed(int end)
        {
            _segments.Next = end - _segments.Next > 0 ? end : _segments.Next;
        }

        /// <summary>Counts the messages between two that are not there and were not acknowledged.</summary>
        private int CountMissing(int last, int sequence)
        {
            if (last == 0)
            {
                return _reader.Skipped > 0 ? 1 : 0; // nothing tells how many
            }

            int missing = 0;
            for (int i = last + 1; i - sequence < 0 && missing < LogSegments.MaxMessages; i++)
            {
                if (_done.Contains(i))
                {
                    continue;
                }

                missing++;
                if (!_segments.HasUnusable)
                {
                    _segments.AddAck(i); // it is counted once
                }
            }

            return missing;
        }

        /// <summary>Counts a message that is not acknowledged.</summary>
        /// <returns>The last sequence so far.</returns>
        private int NoteLeft(int at, int last)
        {
            int sequence = MessageRecord.GetSequence(_scratch, at);
            if (last != 0 && sequence - last <= 0)
            {
                return last; // versions before 0.2 tried a write that failed again under the same sequences
            }

            if (_done.Contains(sequence))
            {
                return sequence;
            }

            if (MessageRecord.GetMessageSize(_scratch, at) > _window.Options.MaxBytes)
            {
                _window.Drops.Add(DropReason.Outgrown); // the limits were wider when it was written
                _done.Add(sequence, 1);
                _segments.AddAck(sequence);
            }
            else
            {
                _window.Unread++;
                _segments.AddLive(sequence);
            }

            return sequence;
        }
    }
}

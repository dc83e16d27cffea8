namespace DeviceQueue.Messaging
{
    /// <content>What is found in storage at start: which segments there are, and what in them is not acknowledged.</content>
    public sealed partial class OutboxFile
    {
        private const int NoFile = -1;

        private AcknowledgedSet _done; // null when there was nothing
        private int _scanned;

        private void Open()
        {
            for (int i = 0; i < MaxSegments; i++)
            {
                _reader.IsFailing = false;
                _sizes[i] = _store.GetSize(_names[i]);
                bool isReadable = _sizes[i] >= 0 && (_sizes[i] < HeaderBytes || TryLoad(i, 0, HeaderBytes));
                if (_sizes[i] < NoFile || (_sizes[i] >= 0 && !isReadable))
                {
                    Damages++;
                    _sizes[i] = Unusable; // until a restart
                }
                else if (isReadable && (_sizes[i] < HeaderBytes || !TryInsert(i)))
                {
                    TornTails += _sizes[i] > 0 && _sizes[i] < HeaderBytes ? 1 : 0;
                    Damages += _sizes[i] < HeaderBytes ? 0 : 1;
                    _store.TryDelete(_names[i]);
                }
            }

            if (_segments > 0)
            {
                Scan(true);
                Scan(false);
                _readIndex = None;
                DeleteDead();
            }

            _firstOwn = _next;
        }

        private bool TryInsert(int index)
        {
            bool isStart = OutboxRecord.IsPlausible(_record, _recordAt) && OutboxRecord.IsStart(_record, _recordAt) && OutboxRecord.IsWhole(_record, _recordAt);
            if (!isStart && !TryFindMessage(index))
            {
                return false;
            }

            int sequence = Sequence;
            int position = _segments;
            for (; position > 0 && IsBefore(isStart, sequence, _order[position - 1]); position--)
            {
                _order[position] = _order[position - 1];
            }

            // The number of a damaged start is that of the segment before and one more; the scan counts the damage.
            _starts[index] = isStart ? sequence : position > 0 ? _starts[_order[position - 1]] + 1 : 0;
            _lastStart = _segments == 0 || _starts[index] - _lastStart > 0 ? _starts[index] : _lastStart;
            _order[position] = (byte)index;
            _segments++;
            return true;
        }

        /// <summary>Tells whether a segment belongs before another: by the numbers of their starts, or by their messages when this one has lost its start.</summary>
        private bool IsBefore(bool isStart, int sequence, int other)
        {
            return isStart ? _starts[other] - sequence > 0 : TryFindMessage(other) && Sequence - sequence > 0;
        }

        /// <summary>Finds the first message of a segment.</summary>
        private bool TryFindMessage(int index)
        {
            int at = 0;
            bool isFound = TryFind(index, ref at, false);
            for (; isFound && !OutboxRecord.IsMessage(_record, _recordAt); isFound = TryFind(index, ref at, false))
            {
                at += RecordBytes();
            }

            return isFound;
        }

        /// <summary>Goes through all records: first for the acknowledgements, then for what is left.</summary>
        private void Scan(bool isFirst)
        {
            _scanned = 0;
            for (int i = 0; i < _segments; i++)
            {
                int at = 0;
                _reader.IsFailing = false;
                for (; TryFind(_order[i], ref at, isFirst); at += RecordBytes())
                {
                    if (OutboxRecord.IsAcknowledgement(_record, _recordAt) && isFirst)
                    {
                        Finish(Sequence, OutboxRecord.GetCount(_record, _recordAt));
                    }
                    else if (OutboxRecord.IsMessage(_record, _recordAt))
                    {
                        Scan(_order[i], isFirst);
                    }
                }
            }
        }

        private void Scan(int index, bool isFirst)
        {
            int sequence = Sequence;
            bool isNew = _scanned == 0 || sequence - _scanned > 0; // else a write that failed was tried again
            _scanned = isNew ? sequence : _scanned;
            if (isFirst)
            {
                if (_done == null)
                {
                    _done = new AcknowledgedSet(sequence, MaxSegments * SegmentBytes / HeaderBytes);
                    _lastRead = sequence - 1;
                }

                _firsts[index] = _firsts[index] == 0 ? sequence : _firsts[index];
                _next = sequence - _next >= 0 ? sequence + 1 : _next;
                int replaced = OutboxRecord.GetReplaced(_record, _recordAt);
                if (replaced != 0)
                {
                    Finish(replaced, 1);
                }
            }
            else if (isNew && !IsDone(sequence))
            {
                Unread++;
                UnreadBytes += Size;
                _live[_order[FindSegment(sequence)]]++;
            }
        }

        private void Finish(int first, int count)
        {
            _next = first + count - _next > 0 ? first + count : _next;
            if (_done != null)
            {
                _done.Add(first, count);
            }
        }

        private bool IsDone(int sequence)
        {
            return _done != null && _done.Contains(sequence);
        }
    }
}

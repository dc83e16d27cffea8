using System;
using DeviceQueue.Diagnostics;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The messages that only the log has, those from before the start and those that left memory: reads them, in
    /// order, into the head of an outbox's window as room becomes free.
    /// </summary>
    internal sealed class UnreadMessages
    {
        private readonly LogSegments _segments;
        private readonly OutboxWindow _window;
        private readonly LogReader _reader;
        private readonly int _firstOwn; // the first sequence of this run
        private AcknowledgedSet _done; // until all that was there at start is read
        private int _lastRead;

        /// <summary>Initializes a new instance of the <see cref="UnreadMessages"/> class.</summary>
        /// <param name="segments">Receive the files that storage has.</param>
        /// <param name="window">Where the messages go; its buffer is empty yet.</param>
        public UnreadMessages(LogSegments segments, OutboxWindow window)
        {
            _segments = segments;
            _window = window;
            _reader = new LogReader(segments, window.Options.MaxBytes);
            LogOpening opening = new LogOpening(segments, _reader, window);
            _done = opening.Open();
            _lastRead = segments.FindFirst(0) - 1;
            _firstOwn = segments.Next;
            _reader.Start(LogReader.None);
        }

        /// <summary>Gets when to read again after storage has failed.</summary>
        public long RetryMs { get; private set; }

        /// <summary>Tells whether a message before a sequence has not been read.</summary>
        public bool HasBefore(int sequence)
        {
            return _window.Unread > 0 && _lastRead + 1 - sequence < 0;
        }

        /// <summary>Notes that messages leave memory, the newest that are written.</summary>
        /// <param name="first">The sequence of the first.</param>
        /// <param name="count">How many.</param>
        public void OnLeaving(int first, int count)
        {
            if (_window.Unread == 0)
            {
                _lastRead = first - 1;
                _reader.Start(LogReader.None);
            }

            _window.Unread += count;
        }

        /// <summary>Notes that a segment is gone: its digit may name another.</summary>
        public void OnDeleted(int index)
        {
            if (_reader.Segment == index)
            {
                _reader.Start(LogReader.None);
            }
        }

        /// <summary>Fills the head of the window, in order.</summary>
        public void Refill()
        {
            if (_window.NowMs < RetryMs || !_window.HasHeadPlace)
            {
                return;
            }

            _window.Buffer.Compact();
            _reader.Forget(); // its memory has been used for something else since
            int result = LogReader.Found;
            while (result == LogReader.Found && _window.Unread > 0 && _window.HasHeadPlace)
            {
                result = Read();
                if (result == LogReader.Found && !TryHold())
                {
                    return;
                }
            }

            if (result == LogReader.AtEnd)
            {
                _window.Drops.Add(DropReason.Damaged, _window.Unread); // they should be there
                _window.Unread = 0;
                _done = null;
            }
            else if (result == LogReader.Failing)
            {
                RetryMs = _window.NowMs + Outbox.StorageRetryMs; // there may be no memory now; what is there stays
            }

            _window.ExtendHead();
        }

        /// <summary>Finds the next unread message and reads it to the end of the buffer.</summary>
        /// <returns>What was found, a constant of <see cref="LogReader"/>.</returns>
        private int Read()
        {
            int position = _segments.FindPosition(_reader.Segment);
            if (position == LogSegments.None)
            {
                position = _segments.FindSegment(_lastRead + 1);
                position = position == LogSegments.None ? 0 : position;
                _reader.Start(_segments.GetIndex(position));
            }

            int result = FindUnread();
            while (IsEndOf(position, result) && ++position < _segments.Count)
            {
                _reader.Start(_segments.GetIndex(position));
                result = FindUnread();
            }

            return result == LogReader.Failing && position == _segments.Count ? LogReader.AtEnd : result;
        }

        private bool IsEndOf(int position, int result)
        {
            return result == LogReader.AtEnd
                || (result == LogReader.Failing && _segments.IsUnusable(_segments.GetIndex(position)));
        }

        private int FindUnread()
        {
            MessageBuffer buffer = _window.Buffer;
            int size = _segments.GetSize(_reader.Segment);
            int result = _reader.Find(buffer.Data, buffer.End, size);
            while (result == LogReader.Found && !IsUnread(buffer.Data, _reader.At))
            {
                _reader.Advance(buffer.Data);
                result = _reader.Find(buffer.Data, buffer.End, size);
            }

            return result;
        }

        private bool IsUnread(byte[] data, int at)
        {
            int sequence = MessageRecord.GetSequence(data, at);
            bool isDone = sequence - _lastRead <= 0 || (_done != null && _done.Contains(sequence));
            if (isDone || !MessageRecord.IsMessage(data, at))
            {
                return false;
            }

            // What a record of this run replaces is in memory.
            return !MessageRecord.IsReplacement(data, at) || sequence - _firstOwn < 0;
        }

        /// <summary>Takes the message that was read into the head, and goes on behind it.</summary>
        /// <returns><see langword="false"/> when there is no room.</returns>
        private bool TryHold()
        {
            MessageBuffer buffer = _window.Buffer;
            int at = _reader.At;
            int size = MessageRecord.GetMessageSize(buffer.Data, at);
            bool isWithinLimit = _window.HeadBytes + size <= _window.Options.MaxBytes;
            if (!isWithinLimit || !buffer.HasRoom(size + OutboxWindow.SpareBytes))
            {
                return false;
            }

            _lastRead = MessageRecord.GetSequence(buffer.Data, at);
            _reader.Advance(buffer.Data);
            _window.Unread--;
            _done = _window.Unread == 0 ? null : _done;
            if (at > buffer.End)
            {
                Array.Copy(buffer.Data, at, buffer.Data, buffer.End, MessageRecord.GetSize(buffer.Data, at));
            }

            _window.AddToHead();
            return true;
        }
    }
}

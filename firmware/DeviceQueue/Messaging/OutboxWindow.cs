using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// The messages of an outbox that are in memory, in order, and what has become of each on the link. First comes the
    /// head, which may be sent, then a gap of messages that only the log has, then the tail, which is not written yet.
    /// Not safe for concurrent use: the outbox locks.
    /// </summary>
    internal sealed class OutboxWindow
    {
        public const int None = -1; // no position

        /// <summary>What is kept free for acknowledgements, in bytes.</summary>
        public const int SpareBytes = 2 * MessageRecord.HeaderBytes;

        private const int AttemptBits = 3;
        private const int PacketIdBits = 16;
        private const int AttemptMask = (1 << AttemptBits) - 1;
        private const int PacketIdMask = (1 << PacketIdBits) - 1;

        // By a message's position, from the lowest bit: attempts without an answer, packet id while it is in flight,
        // and when it may be sent. One word takes the least memory.
        private readonly long[] _states;

        private readonly MessageBuffer _buffer;
        private readonly QueueOptions _options;
        private readonly ushort[] _orphans; // packet ids of messages that left memory while in flight
        private int _orphanCount;
        private int _head;
        private int _stored;
        private int _unread;
        private int _inflight; // those that have left memory included
        private int _taken = None;
        private int _maxInflight;
        private int _silence; // how often in a row nothing was answered
        private long _repeatDueMs; // when a link that answers nothing may have a repeat
        private long _nowMs;

        /// <summary>Initializes a new instance of the <see cref="OutboxWindow"/> class.</summary>
        /// <param name="options">Limit the head.</param>
        /// <param name="hasLog">Whether there is to be room for a tail.</param>
        /// <param name="drops">Counts what is lost.</param>
        public OutboxWindow(QueueOptions options, bool hasLog, Counts drops)
        {
            int places = options.MaxMessages + (hasLog ? 1 : 0);
            int bytes = options.MaxBytes + (hasLog ? options.MaxMessageSize + SpareBytes : 0);
            _options = options;
            _buffer = new MessageBuffer(places, bytes);
            _states = new long[places];
            _orphans = new ushort[options.MaxInflight];
            _maxInflight = options.MaxInflight;
            Drops = drops;
        }

        public QueueOptions Options => _options;

        public Counts Drops { get; }

        public MessageBuffer Buffer => _buffer;

        /// <summary>Gets how many messages may be sent: the first ones.</summary>
        public int Head => _head;

        /// <summary>Gets or sets how many messages are in the log, too: the first ones.</summary>
        public int Stored { get => _stored; set => _stored = value; }

        /// <summary>Gets or sets how many messages only the log has: those between the head and the tail.</summary>
        public int Unread { get => _unread; set => _unread = value; }

        /// <summary>Gets or sets the time when the outbox was last told it.</summary>
        public long NowMs { get => _nowMs; set => _nowMs = value; }

        /// <summary>Gets a value indicating whether one more message in the head is within the limits.</summary>
        public bool HasHeadPlace => _head < _options.MaxMessages && _buffer.Count < _buffer.MaxMessages;

        /// <summary>Gets the size of the messages in the head, in bytes.</summary>
        public int HeadBytes => _buffer.GetOffset(_head) - _buffer.GetOffset(0) - (_head * MessageRecord.HeaderBytes);

        /// <summary>Gets the bytes of the records that are not written.</summary>
        public int UnwrittenBytes => _buffer.End - _buffer.GetOffset(_stored);

        /// <summary>Tells whether the head takes one more message, where all messages are in the head.</summary>
        /// <param name="size">The message's size less that of those that it replaces, in bytes.</param>
        /// <param name="replaced">How many it replaces.</param>
        public bool HasHeadRoom(int size, int replaced)
        {
            return _buffer.Count - replaced < _options.MaxMessages && size <= _options.MaxBytes - _buffer.Bytes;
        }

        /// <summary>Tells whether the tail takes one more message and leaves room to refill the head.</summary>
        public bool HasTailRoom(int size)
        {
            int tailBytes = _buffer.Bytes - HeadBytes;
            return _buffer.HasRoom(size + SpareBytes)
                && _buffer.Count - _head < _options.MaxMessages
                && size <= _options.MaxBytes - tailBytes;
        }

        /// <summary>Gets a message's sequence in the log.</summary>
        public int GetSequence(int position)
        {
            return MessageRecord.GetSequence(_buffer.Data, _buffer.GetOffset(position));
        }

        /// <summary>Tells whether an attempt to send a message stayed without an answer.</summary>
        public bool IsRepeated(int position)
        {
            return GetAttempts(position) > 0;
        }

        /// <summary>Notes that the buffer has a new message at its end.</summary>
        public void OnAdded()
        {
            OnInserted(_buffer.Count - 1);
            ExtendHead();
        }

        /// <summary>Makes the record that was read to the end of the buffer the last message of the head.</summary>
        public void AddToHead()
        {
            _buffer.Insert(_head, MessageRecord.Unseal(_buffer.Data, _buffer.End));
            OnInserted(_head);
            _head++;
            _stored++;
        }

        /// <summary>Makes the tail a part of the head, as far as there is no gap and the limits allow.</summary>
        public void ExtendHead()
        {
            while (_head < _buffer.Count
                && _unread == 0
                && _head < _options.MaxMessages
                && HeadBytes + _buffer.GetSize(_head) <= _options.MaxBytes)
            {
                _head++;
            }
        }

        /// <summary>Removes and counts a message.</summary>
        /// <param name="position">Its position.</param>
        /// <param name="reason">Why, a constant of <see cref="DropReason"/>.</param>
        public void Drop(int position, int reason)
        {
            bool wasSent = GetAttempts(position) > 0 || GetPacketId(position) != 0 || position == _taken;
            Drops.Add(wasSent && reason != DropReason.Replaced ? DropReason.Unconfirmed : reason);
            Remove(position);
        }

        public void Remove(int position)
        {
            if (GetPacketId(position) != 0)
            {
                AddOrphan(GetPacketId(position)); // it counts until it is answered: the client library still has it
            }

            _taken = _taken == position ? None : _taken > position ? _taken - 1 : _taken;
            _head -= position < _head ? 1 : 0;
            _stored -= position < _stored ? 1 : 0;
            _buffer.RemoveAt(position);
            Array.Copy(_states, position + 1, _states, position, _buffer.Count - position);
            ExtendHead();
        }

        /// <summary>
        /// Takes the oldest message that may be sent in its order, else of those that may be repeated the one with the
        /// fewest attempts.
        /// </summary>
        /// <returns>Its position, or <see cref="None"/>.</returns>
        public int Take()
        {
            _taken = _inflight < _maxInflight ? FindNext() : None;
            return _taken;
        }

        /// <summary>Notes what became of the message that was taken.</summary>
        /// <param name="packetId">The link's id, 0 when the link was down: it is unsent.</param>
        /// <param name="qos">Its quality of service; at 0 it is done.</param>
        /// <returns>The position of a message that is done, or <see cref="None"/>.</returns>
        public int OnHandedOver(int packetId, int qos)
        {
            int position = _taken;
            _taken = None;
            if (packetId == 0 || qos == 0)
            {
                return packetId == 0 ? None : position;
            }

            _inflight++;
            if (position == None)
            {
                AddOrphan(packetId); // dropped meanwhile by the overflow policy
            }
            else
            {
                _states[position] |= (long)packetId << AttemptBits;
            }

            return None;
        }

        /// <summary>Notes that the client library refused the message that was taken.</summary>
        public void OnRefused()
        {
            OnUnanswered(_taken);
            _taken = None;
        }

        /// <summary>Notes the fate of a message that the link had.</summary>
        /// <param name="done">The position of a message that is done, or <see cref="None"/>.</param>
        /// <returns><see langword="false"/> when it is no message of this outbox.</returns>
        public bool TryEndFlight(int packetId, bool isPublished, long nowMs, out int done)
        {
            int position = FindInflight(packetId);
            done = isPublished ? position : None;
            if (position == None && !TryForgetOrphan(packetId))
            {
                return false;
            }

            _nowMs = nowMs;
            _inflight--;
            if (position != None)
            {
                _states[position] &= ~((long)PacketIdMask << AttemptBits);
            }

            if (isPublished)
            {
                OnLinkAnswers();
                _maxInflight += _maxInflight < _options.MaxInflight ? 1 : 0;
            }
            else
            {
                OnUnanswered(position);
            }

            return true;
        }

        /// <summary>Notes that the link answers, or is new.</summary>
        public void OnLinkAnswers()
        {
            _silence = 0;
            _repeatDueMs = 0;
        }

        /// <summary>Makes what the link had unsent again.</summary>
        public void OnLinkDown()
        {
            for (int i = 0; i < _head; i++)
            {
                if (GetPacketId(i) != 0)
                {
                    Rest(i);
                }

                if (GetAttempts(i) < RetryPolicy.OrderedAttempts)
                {
                    _states[i] &= AttemptMask; // at once
                }
            }

            _inflight = 0;
            _orphanCount = 0;
        }

        /// <summary>Gets when the next message may be sent, or <see cref="long.MaxValue"/>.</summary>
        public long GetDueMs()
        {
            long due = long.MaxValue;
            for (int i = SkipInflight(); i < _head && due > 0; i++)
            {
                if (GetPacketId(i) == 0)
                {
                    long ownDue = GetOwnDueMs(i);
                    ownDue = GetAttempts(i) > 0 && ownDue < _repeatDueMs ? _repeatDueMs : ownDue;
                    due = ownDue < due ? ownDue : due;
                }
            }

            return due;
        }

        private int FindNext()
        {
            int repeat = None;
            for (int i = SkipInflight(); i < _head; i++)
            {
                if (GetPacketId(i) != 0 || GetOwnDueMs(i) > _nowMs)
                {
                    continue;
                }

                int attempts = GetAttempts(i);
                if (attempts == 0 || (_silence == 0 && attempts < RetryPolicy.OrderedAttempts))
                {
                    return i;
                }

                repeat = repeat == None || attempts < GetAttempts(repeat) ? i : repeat;
            }

            return _nowMs < _repeatDueMs ? None : repeat;
        }

        private void OnUnanswered(int position)
        {
            _maxInflight = _maxInflight > 1 ? _maxInflight / 2 : 1;
            if (_nowMs >= _repeatDueMs)
            {
                _repeatDueMs = _nowMs + RetryPolicy.GetDelayMs(_silence);
                _silence = RetryPolicy.CountUp(_silence);
            }

            if (position != None)
            {
                Rest(position);
            }
        }

        /// <summary>Counts an attempt without an answer: the message is sent again later.</summary>
        private void Rest(int position)
        {
            int attempts = GetAttempts(position);
            long dueMs = _nowMs + RetryPolicy.GetDelayMs(attempts);
            _states[position] = (dueMs << (AttemptBits + PacketIdBits)) | RetryPolicy.CountUp(attempts);
        }

        private void OnInserted(int position)
        {
            for (int i = _buffer.Count - 1; i > position; i--)
            {
                _states[i] = _states[i - 1];
            }

            _states[position] = 0;
        }

        private int GetAttempts(int position)
        {
            return (int)_states[position] & AttemptMask;
        }

        private int GetPacketId(int position)
        {
            return (int)(_states[position] >> AttemptBits) & PacketIdMask;
        }

        private long GetOwnDueMs(int position)
        {
            return _states[position] >> (AttemptBits + PacketIdBits);
        }

        /// <summary>
        /// Finds where to look for what waits without a search in the usual case: what was never sent stands behind all
        /// that was.
        /// </summary>
        /// <returns>The number of those in flight when they all stand first, else 0.</returns>
        private int SkipInflight()
        {
            int count = _inflight - _orphanCount;
            return count == _head || (_states[count] & ((1 << (AttemptBits + PacketIdBits)) - 1)) == 0 ? count : 0;
        }

        private int FindInflight(int packetId)
        {
            int position = 0;
            while (position < _head && GetPacketId(position) != packetId)
            {
                position++;
            }

            return position < _head ? position : None;
        }

        private void AddOrphan(int packetId)
        {
            _orphans[_orphanCount++] = (ushort)packetId;
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
    }
}

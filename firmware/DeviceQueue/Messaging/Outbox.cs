using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;
using DeviceQueue.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// Messages on their way out, bounded, first deliveries in order. A message leaves at its PUBACK, and at QoS 0 when
    /// the link has it. One that stays unanswered may have arrived or not: it is kept and sent again, later each time
    /// (<see cref="RetryPolicy"/>), and fewer messages are sent at once. While the link answers nothing at all, first
    /// deliveries go before repeats and repeats are few: TCP delivers what it was given or ends the link, so that a
    /// repeat can only fetch an answer. What is in memory is the window; what is in storage, the log. Safe to call from
    /// any thread.
    /// </summary>
    public sealed class Outbox : IPublishSource
    {
        /// <summary>How long storage that refused something is left in peace, in milliseconds.</summary>
        public const int StorageRetryMs = 10000;

        private const int None = OutboxWindow.None;
        private const byte QosMask = 3;

        private readonly OutboxWindow _window; // the lock, too
        private readonly OutboxLog _log;
        private readonly AutoResetEvent _wake;
        private int _takenQos;
        private string _topic; // of the message before, which the next one has in most cases

        /// <summary>
        /// Initializes a new instance of the <see cref="Outbox"/> class, with all the memory that it will use.
        /// </summary>
        /// <param name="options">Its limits: max_messages, max_bytes, max_inflight and overflow.</param>
        /// <param name="wake">Set when there is something to publish.</param>
        /// <param name="store">Holds the log of options.outbox, or <see langword="null"/>: all stays in memory.</param>
        /// <param name="drops">Counts what is lost, or <see langword="null"/> for counts of its own.</param>
        public Outbox(QueueOptions options, AutoResetEvent wake, IStore store = null, Counts drops = null)
        {
            bool hasLog = options.Outbox.Length > 0 && options.Qos > 0 && store != null;
            _wake = wake;
            _window = new OutboxWindow(options, hasLog, drops ?? new Counts(DropReason.Names));
            _log = hasLog ? new StoredLog(_window, store, wake) : new OutboxLog(_window);
            _log.Refill(); // not with the first link only: what is in memory can be coalesced
        }

        /// <summary>Gets what was lost, by <see cref="DropReason"/>.</summary>
        public Counts Drops => _window.Drops;

        /// <summary>Gets the most messages; with a log, those of the smallest size.</summary>
        public int MaxMessages => _log.IsKept ? MaxBytes / (MessageRecord.HeaderBytes + 1) : Options.MaxMessages;

        /// <summary>Gets the most bytes; with a log, those in storage, where each message takes 14 more.</summary>
        public int MaxBytes => _log.MaxBytes;

        /// <summary>Gets how many messages wait or are unacknowledged, in memory or only in the log.</summary>
        public int Count
        {
            get
            {
                lock (_window)
                {
                    return _window.Buffer.Count + _window.Unread;
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
                lock (_window)
                {
                    return _log.Bytes;
                }
            }
        }

        /// <summary>Gets a value indicating whether messages wait in memory because storage is full or fails.</summary>
        public bool IsDegraded => _log.IsDegraded;

        /// <summary>
        /// Gets or sets what chooses the topics of messages when they are first sent, or <see langword="null"/>.
        /// </summary>
        public ITopicRule TopicRule { get; set; }

        /// <summary>Gets or sets a value indicating whether nothing is written any more: storage is erased.</summary>
        public bool IsSealed
        {
            get => _log.IsSealed;
            set
            {
                lock (_window)
                {
                    _log.IsSealed = value;
                }
            }
        }

        internal OutboxLog Log => _log;

        private QueueOptions Options => _window.Options;

        /// <summary>
        /// Takes a message, or drops what the overflow policy says; with a log that holds for memory and log as one.
        /// </summary>
        /// <param name="payload">Has the payload at the start; copied.</param>
        /// <param name="length">The payload's bytes.</param>
        /// <returns><see langword="false"/> when there is no room and the policy is to refuse.</returns>
        public bool TryAdd(string topic, byte[] payload, int length, int qos, bool retain)
        {
            lock (_window)
            {
                if (!MakeRoom(topic, MessageBuffer.SizeOf(topic, length)))
                {
                    return IsDropped();
                }

                _window.Buffer.Add(topic, payload, 0, length, MessageRecord.MakeFlags(qos, retain));
                _window.OnAdded();
            }

            return _wake.Set(); // without the lock, which the thread that wakes up wants at once
        }

        /// <summary>
        /// Takes a message whose payload is written where it is to stand, or drops what the overflow policy says.
        /// </summary>
        /// <param name="isTooLarge">Whether it is larger than max_message_size; then it is not taken.</param>
        /// <returns><see langword="false"/> when it is not taken and the policy is to refuse.</returns>
        internal bool TryAdd(string topic, IPayloadWriter payload, int qos, bool retain, out bool isTooLarge)
        {
            lock (_window)
            {
                MessageBuffer buffer = _window.Buffer;
                int maxSize = Options.MaxMessageSize;
                int at = buffer.Begin(topic, maxSize);
                int length = at < 0 ? None : payload.Write(buffer.Data, at);
                bool isWritten = length >= 0;
                if (!isWritten)
                {
                    length = payload.Write(new byte[maxSize], 0); // memory is nearly full: how long is it?
                }

                int size = MessageBuffer.SizeOf(topic, length);
                isTooLarge = length < 0 || size > maxSize;
                if (isTooLarge)
                {
                    return false;
                }

                if (!isWritten || Options.Overflow == OverflowPolicy.Coalesce || !IsOpen(size))
                {
                    if (!MakeRoom(topic, size))
                    {
                        return IsDropped();
                    }

                    // Once more: what was there has been moved. With another length, as when the clock is set just
                    // now, it may not fit.
                    at = buffer.Begin(topic, length);
                    if (payload.Write(buffer.Data, at) != length)
                    {
                        return IsDropped();
                    }
                }

                buffer.Complete(at, length, MessageRecord.MakeFlags(qos, retain));
                _window.OnAdded();
            }

            return _wake.Set(); // without the lock, which the thread that wakes up wants at once
        }

        /// <summary>
        /// Drops the older half of the messages, because memory runs short, but for those that storage has: they wait
        /// there. The list itself was allocated at start; what this saves is the copies of each on its way through the
        /// client library.
        /// </summary>
        public void Shed()
        {
            lock (_window)
            {
                for (int i = ((_window.Buffer.Count + 1) / 2) - 1; i >= _window.Stored; i--)
                {
                    _log.Drop(i, DropReason.Memory);
                }
            }
        }

        /// <summary>Writes to the log what is due.</summary>
        /// <param name="nowMs">The time, <see cref="IClock.NowMs"/>.</param>
        /// <returns>When to call again at the latest; <see cref="long.MaxValue"/>: after another message.</returns>
        public long Poll(long nowMs)
        {
            if (!_log.IsKept)
            {
                return long.MaxValue;
            }

            lock (_window)
            {
                return _log.Poll(nowMs);
            }
        }

        /// <summary>Writes to the log, now, what is not in it yet, messages and acknowledgements.</summary>
        /// <returns><see langword="false"/> when storage did not take all of it.</returns>
        public bool Flush()
        {
            lock (_window)
            {
                return _log.Flush();
            }
        }

        /// <inheritdoc/>
        public bool TryTake(long nowMs, PublishRequest request)
        {
            lock (_window)
            {
                _window.NowMs = nowMs;
                if (_window.Unread > 0)
                {
                    _log.Refill();
                }

                int position = _window.Take();
                if (position == None)
                {
                    return false;
                }

                byte flags = _window.Buffer.GetFlags(position);
                _topic = _window.Buffer.GetTopic(position, _topic);
                request.Payload = _window.Buffer.CopyPayload(position);
                request.Topic = ChooseTopic(position, request.Payload) ?? _topic;
                request.Qos = flags & QosMask;
                request.Retain = (flags & MessageRecord.RetainFlag) != 0;
                _takenQos = request.Qos;
                return true;
            }
        }

        /// <inheritdoc/>
        public void OnHandedOver(int packetId)
        {
            lock (_window)
            {
                RemoveDone(_window.OnHandedOver(packetId, _takenQos));
            }
        }

        /// <inheritdoc/>
        public void OnRefused(long nowMs)
        {
            lock (_window)
            {
                _window.NowMs = nowMs;
                _window.OnRefused();
            }
        }

        /// <inheritdoc/>
        public bool OnPublished(int packetId, bool isPublished, long nowMs)
        {
            lock (_window)
            {
                bool isOwn = _window.TryEndFlight(packetId, isPublished, nowMs, out int done);
                RemoveDone(done);
                return isOwn;
            }
        }

        /// <inheritdoc/>
        public void OnLinkUp()
        {
            lock (_window)
            {
                _window.OnLinkAnswers();
                _log.OnLinkChanged(true);
            }
        }

        /// <inheritdoc/>
        public void OnLinkDown()
        {
            lock (_window)
            {
                _log.OnLinkChanged(false);
                _window.OnLinkDown();
            }
        }

        /// <inheritdoc/>
        public long GetDueMs()
        {
            lock (_window)
            {
                long sendDue = _window.GetDueMs();
                return _window.Unread > 0 && _log.RefillDueMs < sendDue ? _log.RefillDueMs : sendDue;
            }
        }

        /// <summary>Asks the rule for a topic when a message is first sent, and keeps to its word.</summary>
        private string ChooseTopic(int position, byte[] payload)
        {
            byte[] data = _window.Buffer.Data;
            int at = _window.Buffer.GetOffset(position);
            if (TopicRule == null || (_window.IsRepeated(position) && !MessageRecord.IsRuled(data, at)))
            {
                return null;
            }

            string topic = TopicRule.ChooseTopic(payload);
            if (topic != null)
            {
                MessageRecord.MarkRuled(data, at);
            }

            return topic;
        }

        private void RemoveDone(int position)
        {
            if (position != None)
            {
                _log.Remove(position);
            }
        }

        /// <summary>Counts a message that there is no room for, if the policy is to drop it.</summary>
        private bool IsDropped()
        {
            // With drop_oldest: those in the log are older, and cannot be dropped now.
            bool isDropped = Options.Overflow == OverflowPolicy.DropNewest
                || (_log.IsKept && Options.Overflow == OverflowPolicy.DropOldest);
            Drops.Add(DropReason.Overflow, isDropped ? 1 : 0);
            return isDropped;
        }

        /// <summary>Tells whether the head takes a message as things are.</summary>
        private bool IsOpen(int size)
        {
            return size <= Options.MaxBytes && _window.Unread == 0 && _window.HasHeadRoom(size, 0);
        }

        private bool MakeRoom(string topic, int size)
        {
            if (size > Options.MaxBytes)
            {
                return false;
            }

            int older = Options.Overflow == OverflowPolicy.Coalesce && _window.Unread == 0 ? FindOlder(topic) : None;
            if (older != None && _window.HasHeadRoom(size - _window.Buffer.GetSize(older), 1))
            {
                _log.Drop(older, DropReason.Replaced); // only when the newer one fits in then
                return true;
            }

            return IsOpen(size)
                || _log.TryMakePlace(size)
                || (_log.IsFailing && _window.Unread == 0 && TryDropFor(size));
        }

        private int FindOlder(string topic)
        {
            int older = _window.Buffer.Count - 1;
            while (older >= 0 && _window.Buffer.GetTopic(older, topic) != topic)
            {
                older--;
            }

            return older;
        }

        private bool TryDropFor(int size)
        {
            while (Options.Overflow == OverflowPolicy.DropOldest && !_window.HasHeadRoom(size, 0))
            {
                _log.Drop(0, DropReason.Overflow);
            }

            return _window.HasHeadRoom(size, 0);
        }
    }
}

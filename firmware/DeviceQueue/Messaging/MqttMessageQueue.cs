using System;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Connecting;
using DeviceQueue.Diagnostics;
using DeviceQueue.Platform;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A message queue on an MQTT topic, after the component of that name in Pip.Services, with limits: what is sent
    /// waits in a bounded outbox until the broker has it, what arrives waits in a bounded inbox until it is taken. The
    /// outbox is allocated when the queue gets its connection, the inbox at the first subscription. The connection is
    /// one of its own, or shared with other queues; a queue stays with it for good.
    /// </summary>
    public sealed class MqttMessageQueue : IMessageQueue, IMessageSink, IPayloadWriter, IConfigurable, IReferenceable
    {
        /// <summary>How long listening pauses after its receiver has put a message back, in milliseconds.</summary>
        public const int AbandonPauseMs = 1000;

        /// <summary>
        /// The most messages handed over by the connection's thread before it looks after the link again.
        /// </summary>
        public const int MaxDeliveries = 4;

        private readonly object _openLock = new object();
        private readonly object _sendLock = new object();
        private readonly AutoResetEvent _arrived = new AutoResetEvent(false);
        private readonly string _givenName;
        private MqttConnection _connection;
        private QueueOptions _options;
        private string _topic;
        private IClock _clock;
        private IRandom _random;
        private MessageIds _ids;
        private Inbox _inbox; // from the first subscription on
        private Listening _listening; // from the first on that listens
        private EnvelopeCodec _codec;
        private MessageEnvelope _sending;
        private bool _isOpen;
        private QueueComponent _component; // null on a connection that another opens and drives
        private bool _isSubscribed;
        private bool _isDegraded;

        /// <summary>
        /// Initializes a new instance of the <see cref="MqttMessageQueue"/> class, to be configured and given
        /// references.
        /// </summary>
        /// <param name="name">The queue's name, or <see langword="null"/> for the configuration's <c>name</c> or
        /// <c>id</c>.</param>
        public MqttMessageQueue(string name = null)
            : this(name, null)
        {
        }

        /// <summary>
        /// Initializes a new instance of the <see cref="MqttMessageQueue"/> class on a connection that somebody else
        /// opens and drives.
        /// </summary>
        /// <param name="name">The queue's name.</param>
        /// <param name="topic">The topic to send to and to subscribe to, or <see langword="null"/> for the
        /// name.</param>
        /// <param name="connection">The connection, which several queues may share.</param>
        /// <param name="options">The queue's limits and ways.</param>
        /// <param name="clock">The time, for sent_time.</param>
        /// <param name="random">Chance, for message_id.</param>
        /// <param name="store">Holds the file that options.outbox names; <see langword="null"/> when it names
        /// none.</param>
        /// <param name="drops">Counts what is lost, or <see langword="null"/> for counts of its own.</param>
        public MqttMessageQueue(
            string name,
            string topic,
            MqttConnection connection,
            QueueOptions options,
            IClock clock,
            IRandom random,
            IStore store = null,
            Counts drops = null)
            : this(name, drops)
        {
            _topic = topic ?? name;
            _options = options;
            Bind(connection, clock, random, store);
        }

        private MqttMessageQueue(string name, Counts drops)
        {
            _givenName = name;
            Name = name;
            Drops = drops ?? new Counts(DropReason.Names);
        }

        /// <inheritdoc/>
        public string Name { get; private set; }

        /// <inheritdoc/>
        public bool IsOpen => _isOpen;

        /// <summary>Gets the topic that is sent to and subscribed to, which may be a filter.</summary>
        /// <remarks>
        /// With <c>clean_session</c> false what the broker kept for it comes at connect, before anybody has subscribed,
        /// and is taken too.
        /// </remarks>
        public string Topic => _topic;

        /// <summary>
        /// Gets a value indicating whether there is a link to the broker and every subscription on it has been
        /// answered.
        /// </summary>
        public bool IsConnected => _isOpen && _connection.IsConnected;

        /// <summary>Gets what is on its way out; <see langword="null"/> before the queue has a connection.</summary>
        public Outbox Outbox { get; private set; }

        /// <summary>Gets what was lost both ways, by <see cref="DropReason"/>.</summary>
        public Counts Drops { get; }

        /// <summary>Gets how many messages a receiver threw at, and that are gone for that.</summary>
        public int ReceiverFaults => _listening == null ? 0 : _listening.Faults;

        /// <summary>
        /// Gets or sets an event to set whenever a message arrives, for an owner that waits for more than this queue.
        /// </summary>
        public AutoResetEvent Notify { get; set; }

        /// <summary>Gets the name of the file that keeps unsent messages; empty: none does.</summary>
        internal string OutboxName => _options.Outbox;

        /// <summary>Gets what takes what the queue has to say.</summary>
        internal ILogger Logger => _connection.Logger;

        /// <inheritdoc/>
        public string Filter => _isSubscribed ? _topic : null;

        /// <inheritdoc/>
        public int FilterQos => _options.Qos;

        /// <inheritdoc/>
        public void Configure(ConfigParams config)
        {
            CheckUnused();
            ConfigProblems problems = new ConfigProblems();
            QueueOptions options = QueueOptions.Read(config, problems);
            string name = _givenName ?? config.Get("name") ?? config.Get("id");
            string topic = config.Get("topic") ?? name;
            if (!TopicFilter.IsValid(topic))
            {
                problems.AddError("topic", topic, "a topic of at most " + TopicFilter.MaxLength.ToString() + " characters is needed, here or as the queue's name");
            }

            if (problems.ErrorCount > 0)
            {
                throw ConfigException.From(problems);
            }

            GetComponent().Config = config;
            _options = options;
            _topic = topic;
            Name = name ?? topic;
        }

        /// <inheritdoc/>
        public void SetReferences(References references)
        {
            CheckUnused();
            GetComponent().References = references;
        }

        /// <inheritdoc/>
        public void UnsetReferences()
        {
            if (_component != null)
            {
                _component.ForgetReferences();
            }
        }

        /// <inheritdoc/>
        public void Open(string correlationId)
        {
            lock (_openLock)
            {
                if (_isOpen)
                {
                    return;
                }

                if (_connection == null)
                {
                    FindConnection(correlationId);
                }

                if (_component != null)
                {
                    _component.CheckOutbox(this);
                }

                bool wasSubscribed = _isSubscribed;
                if (_options.Autosubscribe)
                {
                    Subscribe(correlationId);
                }

                try
                {
                    if (_component != null)
                    {
                        _component.Open(correlationId);
                    }

                    _isOpen = true;
                }
                finally
                {
                    _isSubscribed = _isOpen ? _isSubscribed : wasSubscribed;
                }
            }
        }

        /// <inheritdoc/>
        /// <remarks>
        /// With <c>clean_session</c> false the subscription stays: the broker keeps what comes, and while a shared
        /// connection is up the inbox takes it.
        /// </remarks>
        public void Close(string correlationId)
        {
            lock (_openLock)
            {
                if (!_isOpen)
                {
                    return;
                }

                _isOpen = false;
                EndListening();
                if (_component != null)
                {
                    _component.Close(correlationId);
                }

                if (!_connection.IsSessionKept)
                {
                    Unsubscribe();
                }

                _arrived.Set();
                Flush();
            }
        }

        /// <summary>
        /// Writes to the outbox's file, now, what is unacknowledged and not in it yet: before a reboot, or whenever a
        /// message must not wait.
        /// </summary>
        /// <returns><see langword="false"/> when storage did not take all of it; without options.outbox there is
        /// nothing to do.</returns>
        public bool Flush()
        {
            return Outbox == null || Outbox.Flush();
        }

        /// <inheritdoc/>
        public void Clear(string correlationId)
        {
            if (_inbox != null)
            {
                _inbox.Clear();
            }
        }

        /// <inheritdoc/>
        public MessagingCapabilities GetCapabilities()
        {
            return new MessagingCapabilities
            {
                CanMessageCount = true,
                CanSend = true,
                CanReceive = true,
                CanPeek = true,
                CanPeekBatch = true,
                CanAbandon = true,
                CanClear = true,
            };
        }

        /// <inheritdoc/>
        public int ReadMessageCount()
        {
            return _inbox == null ? 0 : _inbox.Count;
        }

        /// <summary>Subscribes to the topic, now or as soon as there is a link.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <exception cref="InvalidStateException">The queue has never been open, so it has no connection.</exception>
        public void Subscribe(string correlationId)
        {
            if (_connection == null)
            {
                CheckOpen();
            }

            if (!_isSubscribed)
            {
                GetInbox();
                _isSubscribed = true;
                _connection.Wake.Set();
            }
        }

        /// <inheritdoc/>
        public void Send(string correlationId, MessageEnvelope message)
        {
            CheckOpen();
            if (message == null)
            {
                throw new ArgumentNullException(nameof(message));
            }

            string topic = message.Topic ?? _topic;
            if (!TopicFilter.IsTopic(topic))
            {
                throw new QueueException(QueueException.BadTopic, "cannot send to topic '" + topic + "'");
            }

            lock (_sendLock)
            {
                bool isTooLarge;
                bool isTaken;
                if (_options.SerializeEnvelope)
                {
                    _sending = message;
                    isTaken = Outbox.TryAdd(topic, this, _options.Qos, _options.Retain, out isTooLarge);
                    _sending = null;
                }
                else
                {
                    byte[] payload = message.Payload ?? new byte[0];
                    isTooLarge = MessageBuffer.SizeOf(topic, message.PayloadLength) > _options.MaxMessageSize;
                    isTaken = !isTooLarge && Outbox.TryAdd(topic, payload, message.PayloadLength, _options.Qos, _options.Retain);
                }

                if (isTooLarge)
                {
                    throw new QueueException(QueueException.TooLarge, "a message to " + topic + " exceeds max_message_size " + _options.MaxMessageSize.ToString());
                }

                if (!isTaken)
                {
                    throw new QueueException(QueueException.Full, "queue " + Name + " is full");
                }
            }

            PollOutbox(_clock.NowMs);
            Count(".sent_messages");
        }

        /// <inheritdoc/>
        public void SendAsObject(string correlationId, string messageType, string message)
        {
            Send(correlationId, new MessageEnvelope(correlationId, messageType, message));
        }

        /// <inheritdoc/>
        public MessageEnvelope Peek(string correlationId)
        {
            MessageEnvelope[] first = PeekBatch(correlationId, 1);
            return first.Length == 0 ? null : first[0];
        }

        /// <inheritdoc/>
        public MessageEnvelope[] PeekBatch(string correlationId, int messageCount)
        {
            CheckOpen();
            Subscribe(correlationId);
            return _inbox.Peek(messageCount);
        }

        /// <inheritdoc/>
        public MessageEnvelope Receive(string correlationId, int waitMs)
        {
            CheckOpen();
            Subscribe(correlationId);
            long deadlineMs = _clock.NowMs + waitMs;
            while (_isOpen)
            {
                MessageEnvelope message = Take();
                if (message != null)
                {
                    WakeNext();
                    return message;
                }

                long leftMs = deadlineMs - _clock.NowMs;
                if (leftMs <= 0)
                {
                    return null;
                }

                _arrived.WaitOne((int)leftMs, false);
            }

            _arrived.Set(); // for the next one that waits
            return null;
        }

        /// <inheritdoc/>
        public void Complete(MessageEnvelope message)
        {
            message.Received = null;
        }

        /// <inheritdoc/>
        public void Abandon(MessageEnvelope message)
        {
            CheckOpen();
            if (message?.Received == null)
            {
                throw new InvalidStateException(InvalidStateException.NotReceived, "only a message that was received can be put back");
            }

            if (!_inbox.TryPutBack(message))
            {
                throw new QueueException(QueueException.Full, "newer messages fill queue " + Name);
            }

            message.Received = null;
            if (_listening != null)
            {
                _listening.OnAbandoned();
            }

            OnInboxFilled();
            _connection.Wake.Set();
        }

        /// <inheritdoc/>
        public void RenewLock(MessageEnvelope message, int lockTimeoutMs)
        {
        }

        /// <inheritdoc/>
        /// <remarks>
        /// Pip.Services does nothing here. That would lose the message unseen, for MQTT has no queue to keep it in; it
        /// is better refused, as <see cref="GetCapabilities"/> says beforehand.
        /// </remarks>
        public void MoveToDeadLetter(MessageEnvelope message)
        {
            throw new NotSupportedException();
        }

        /// <inheritdoc/>
        public void Listen(string correlationId, IMessageReceiver receiver)
        {
            Listening listening = GetListening();
            listening.Run(listening.Begin(correlationId, receiver, false), receiver);
        }

        /// <inheritdoc/>
        public void BeginListen(string correlationId, IMessageReceiver receiver)
        {
            GetListening().Begin(correlationId, receiver, true);
            _connection.Wake.Set();
        }

        /// <inheritdoc/>
        public void EndListen(string correlationId)
        {
            if (EndListening() && !_options.Autosubscribe)
            {
                Unsubscribe();
            }
        }

        /// <inheritdoc/>
        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            GetInbox().Add(topic, payload, isRetained);
            OnInboxFilled();
        }

        /// <inheritdoc/>
        public long Deliver(long nowMs)
        {
            long flushMs = PollOutbox(nowMs);
            long listenMs = _listening == null ? long.MaxValue : _listening.Deliver(nowMs);
            return flushMs < listenMs ? flushMs : listenMs;
        }

        /// <summary>
        /// Writes to the outbox's file what is due, and says when storage stops to take it and when it takes it again.
        /// The connection's thread calls it; so may an owner who cannot wait for that while a connect blocks.
        /// </summary>
        /// <param name="nowMs">The time, <see cref="IClock.NowMs"/>.</param>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long PollOutbox(long nowMs)
        {
            long dueMs = Outbox.Poll(nowMs);
            bool isDegraded = Outbox.IsDegraded;
            if (isDegraded != _isDegraded)
            {
                _isDegraded = isDegraded;
                Logger.Log(
                    isDegraded ? LogLevel.Error : LogLevel.Info,
                    null,
                    "outbox of queue " + Name + (isDegraded ? ": storage is full or fails, messages wait in memory only" : " is whole again"));
            }

            return dueMs;
        }

        /// <summary>Refuses what a queue that is not open cannot do.</summary>
        /// <exception cref="InvalidStateException">It is not open.</exception>
        internal void CheckOpen()
        {
            if (!_isOpen)
            {
                throw new InvalidStateException(InvalidStateException.NotOpened, "queue " + Name + " is not open");
            }
        }

        /// <summary>Takes the next message and counts it.</summary>
        /// <returns><see langword="null"/> when there is none.</returns>
        internal MessageEnvelope Take()
        {
            MessageEnvelope message = _inbox == null ? null : _inbox.Take();
            if (message != null)
            {
                Count(".received_messages");
            }

            return message;
        }

        private void CheckUnused()
        {
            if (_connection != null)
            {
                throw new InvalidStateException(InvalidStateException.AlreadyOpened, "queue " + Name + " has its connection and stays with it");
            }
        }

        private void FindConnection(string correlationId)
        {
            if (_options == null)
            {
                Configure(new ConfigParams());
            }

            ConnectionComponent found = _component.FindConnection(Name, correlationId);
            Bind(found.Connection, found.Platform.Clock, found.Platform.Random, found.Platform.Store);
        }

        private void Bind(MqttConnection connection, IClock clock, IRandom random, IStore store)
        {
            if (_options.Outbox.Length > 0 && store == null)
            {
                throw new InvalidStateException(InvalidStateException.NoPlatform, "options.outbox of queue " + Name + " needs a platform with a store");
            }

            if (_options.Qos == 2 && connection.IsSessionKept)
            {
                ConfigProblems problems = new ConfigProblems();
                problems.AddError("options.qos", "2", QueueOptions.NoQos2); // a shared connection has its own clean_session
                throw ConfigException.From(problems);
            }

            _clock = clock;
            if (_options.SerializeEnvelope)
            {
                _ids = new MessageIds(random);
                _codec = new EnvelopeCodec();
            }

            _random = random;
            Outbox = new Outbox(_options, connection.Wake, store, Drops);
            connection.Attach(Outbox);
            connection.Attach(this);
            _connection = connection;
        }

        private void Unsubscribe()
        {
            _isSubscribed = false;
            _connection.Wake.Set();
        }

        private void OnInboxFilled()
        {
            _arrived.Set();
            AutoResetEvent notify = Notify;
            if (notify != null)
            {
                notify.Set();
            }
        }

        private void WakeNext()
        {
            if (_inbox.Count > 0)
            {
                _arrived.Set();
            }
        }

        private void Count(string counter)
        {
            if (_component != null)
            {
                _component.Count(Name, counter);
            }
        }

        private QueueComponent GetComponent()
        {
            _component = _component ?? new QueueComponent();
            return _component;
        }

        private Inbox GetInbox()
        {
            lock (_sendLock)
            {
                _inbox = _inbox ?? new Inbox(_options, _codec, _random, Drops);
                return _inbox;
            }
        }

        private Listening GetListening()
        {
            lock (_openLock)
            {
                _listening = _listening ?? new Listening(this, _arrived);
                return _listening;
            }
        }

        private bool EndListening()
        {
            return _listening != null && _listening.End();
        }

        /// <inheritdoc/>
        int IPayloadWriter.Write(byte[] buffer, int offset)
        {
            DateTime sentTime = _sending.SentTime;
            if (sentTime == DateTime.MinValue && _clock.TryGetUtc(out DateTime now))
            {
                sentTime = now;
            }

            return _sending.MessageId == null
                ? _codec.Encode(_sending, _ids.Next(), sentTime, buffer, offset)
                : _codec.Encode(_sending, _sending.MessageId, sentTime, buffer, offset);
        }
    }
}

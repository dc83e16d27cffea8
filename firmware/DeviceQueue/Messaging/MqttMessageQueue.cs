using System;
using System.Threading;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A message queue on an MQTT topic, after the component of that name in Pip.Services, with limits: what is sent
    /// waits in a bounded outbox until the broker has it, what arrives waits in a bounded inbox until it is taken. The
    /// outbox is allocated when the queue gets its connection, which it keeps, the inbox at the first subscription.
    /// </summary>
    public sealed class MqttMessageQueue : IMessageQueue, IMessageSink, IConfigurable, IReferenceable
    {
        /// <summary>How long listening pauses after its receiver has put a message back, in milliseconds.</summary>
        public const int AbandonPauseMs = 1000;

        private MqttConnection _connection;
        private QueueSender _sender; // the lock of the receiver, too
        private QueueReceiver _receiver; // from the first subscription on
        private QueueComponent _component; // null on a connection that its owner opens and polls
        private bool _isSubscribed;

        /// <summary>Makes a queue to be configured and given references.</summary>
        /// <param name="name">Its name, or <see langword="null"/> for the configuration's <c>name</c> or
        /// <c>id</c>.</param>
        public MqttMessageQueue(string name = null)
        {
            Name = name;
            Drops = new Counts(DropReason.Names);
        }

        /// <summary>Makes a queue on a connection that its owner opens and polls, and may share.</summary>
        /// <param name="topic">What to send to and to subscribe to, or <see langword="null"/> for the name.</param>
        /// <param name="platform">Has clock, random and, when options.outbox names a file, a store.</param>
        public MqttMessageQueue(
            string name, string topic, MqttConnection connection, QueueOptions options, MqttPlatform platform)
        {
            Name = name;
            Topic = topic ?? name;
            Options = options;
            Drops = platform.Drops ?? new Counts(DropReason.Names);
            Bind(connection, platform);
        }

        /// <inheritdoc/>
        public string Name { get; private set; }

        /// <inheritdoc/>
        public bool IsOpen { get; private set; }

        /// <summary>Gets the topic that is sent to and subscribed to, which may be a filter.</summary>
        public string Topic { get; private set; }

        /// <summary>Gets a value indicating whether there is a link, with its subscriptions answered.</summary>
        public bool IsConnected => IsOpen && _connection.IsConnected;

        /// <summary>Gets what is on its way out; <see langword="null"/> before the queue has a connection.</summary>
        public Outbox Outbox { get; private set; }

        /// <summary>Gets what was lost both ways, by <see cref="DropReason"/>.</summary>
        public Counts Drops { get; }

        /// <summary>Gets how many messages a receiver threw at, and that are gone for that.</summary>
        public int ReceiverFaults => _receiver == null ? 0 : _receiver.Faults;

        /// <summary>Gets or sets an event to set, too, when a message arrives.</summary>
        public AutoResetEvent Notify { get; set; }

        internal QueueOptions Options { get; private set; }

        internal ILogger Logger => _connection.Logger;

        /// <inheritdoc/>
        public string Filter => _isSubscribed ? Topic : null;

        /// <inheritdoc/>
        public int FilterQos => Options.Qos;

        /// <inheritdoc/>
        public void Configure(ConfigParams config)
        {
            CheckUnused();
            _component ??= new QueueComponent(Name);
            Options = _component.Configure(config);
            Topic = _component.Topic;
            Name = _component.Name;
        }

        /// <inheritdoc/>
        public void SetReferences(References references)
        {
            CheckUnused();
            _component ??= new QueueComponent(Name);
            _component.References = references;
        }

        /// <inheritdoc/>
        public void UnsetReferences()
        {
            _component?.ForgetReferences();
        }

        /// <inheritdoc/>
        public void Open(string correlationId)
        {
            lock (this)
            {
                if (IsOpen)
                {
                    return;
                }

                if (_connection == null)
                {
                    if (Options == null)
                    {
                        Configure(new ConfigParams());
                    }

                    ConnectionComponent found = _component.FindConnection(Name, correlationId);
                    Bind(found.Connection, found.Platform);
                }

                _component?.CheckOutbox(this);
                bool wasSubscribed = _isSubscribed;
                if (Options.Autosubscribe)
                {
                    Subscribe(correlationId);
                }

                try
                {
                    _component?.Open(correlationId);
                    IsOpen = true;
                }
                finally
                {
                    _isSubscribed = IsOpen ? _isSubscribed : wasSubscribed;
                }
            }
        }

        /// <inheritdoc/>
        /// <remarks>With <c>clean_session</c> false the subscription stays, and the inbox takes what comes.</remarks>
        public void Close(string correlationId)
        {
            lock (this)
            {
                if (!IsOpen)
                {
                    return;
                }

                IsOpen = false;
                _receiver?.Close();
                _component?.Close(correlationId);
                if (!_connection.IsSessionKept)
                {
                    Unsubscribe();
                }

                Flush();
            }
        }

        /// <summary>Writes to the outbox's file, now, what is not in it yet, as before a reboot.</summary>
        /// <returns><see langword="false"/> when storage did not take all of it.</returns>
        public bool Flush()
        {
            return Outbox == null || Outbox.Flush();
        }

        /// <inheritdoc/>
        public void Clear(string correlationId)
        {
            _receiver?.Inbox.Clear();
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
            return _receiver == null ? 0 : _receiver.Inbox.Count;
        }

        /// <summary>Subscribes to the topic, now or as soon as there is a link.</summary>
        /// <exception cref="InvalidStateException">The queue has never been open.</exception>
        public void Subscribe(string correlationId)
        {
            if (_connection == null)
            {
                CheckOpen();
            }
            else if (!_isSubscribed)
            {
                GetReceiver();
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

            string topic = message.Topic ?? Topic;
            if (!TopicFilter.IsTopic(topic))
            {
                throw new QueueException(QueueException.BadTopic, "cannot send to topic '" + topic + "'");
            }

            _sender.Send(topic, message);
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
            return _receiver.Inbox.Peek(messageCount);
        }

        /// <inheritdoc/>
        public MessageEnvelope Receive(string correlationId, int waitMs)
        {
            CheckOpen();
            Subscribe(correlationId);
            return _receiver.Receive(_sender.Platform.Clock, waitMs);
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
                string text = "only a message that was received can be put back";
                throw new InvalidStateException(InvalidStateException.NotReceived, text);
            }

            if (!_receiver.TryPutBack(message))
            {
                throw new QueueException(QueueException.Full, "newer messages fill queue " + Name);
            }

            _connection.Wake.Set();
        }

        /// <inheritdoc/>
        public void RenewLock(MessageEnvelope message, int lockTimeoutMs)
        {
        }

        /// <inheritdoc/>
        /// <remarks>Always throws: MQTT has no queue to keep the message in.</remarks>
        public void MoveToDeadLetter(MessageEnvelope message)
        {
            throw new NotSupportedException();
        }

        /// <inheritdoc/>
        public void Listen(string correlationId, IMessageReceiver receiver)
        {
            CheckOpen();
            Listening listening = GetReceiver().GetListening();
            listening.Run(listening.Begin(correlationId, receiver, false), receiver);
        }

        /// <inheritdoc/>
        public void BeginListen(string correlationId, IMessageReceiver receiver)
        {
            CheckOpen();
            GetReceiver().GetListening().Begin(correlationId, receiver, true);
            _connection.Wake.Set();
        }

        /// <inheritdoc/>
        public void EndListen(string correlationId)
        {
            if (_receiver != null && _receiver.EndListening() && !Options.Autosubscribe)
            {
                Unsubscribe();
            }
        }

        /// <inheritdoc/>
        public void OnMessage(string topic, byte[] payload, bool isRetained)
        {
            GetReceiver().OnMessage(topic, payload, isRetained);
        }

        /// <inheritdoc/>
        public long Deliver(long nowMs)
        {
            long flushMs = _sender.PollOutbox(nowMs);
            long listenMs = _receiver == null ? long.MaxValue : _receiver.Deliver(nowMs);
            return flushMs < listenMs ? flushMs : listenMs;
        }

        /// <summary>Writes to the outbox's file what is due: a connect may block the connection's thread.</summary>
        /// <returns>When to call again, or <see cref="long.MaxValue"/>.</returns>
        public long PollOutbox(long nowMs)
        {
            return _sender.PollOutbox(nowMs);
        }

        internal void CheckOpen()
        {
            if (!IsOpen)
            {
                throw new InvalidStateException(InvalidStateException.NotOpened, "queue " + Name + " is not open");
            }
        }

        internal void Count(string counter)
        {
            _component?.Count(Name, counter);
        }

        private void CheckUnused()
        {
            if (_connection != null)
            {
                string text = "queue " + Name + " has its connection and stays with it";
                throw new InvalidStateException(InvalidStateException.AlreadyOpened, text);
            }
        }

        private void Bind(MqttConnection connection, MqttPlatform platform)
        {
            Options.Check(Name, connection.IsSessionKept, platform.Store);
            _sender = new QueueSender(this, platform);
            Outbox = new Outbox(Options, connection.Wake, platform.Store, Drops);
            connection.Attach(Outbox);
            connection.Attach(this);
            _connection = connection;
        }

        private void Unsubscribe()
        {
            _isSubscribed = false;
            _connection.Wake.Set();
        }

        private QueueReceiver GetReceiver()
        {
            lock (_sender)
            {
                _receiver ??= new QueueReceiver(this, _sender.Codec, _sender.Platform.Random);
                return _receiver;
            }
        }
    }
}

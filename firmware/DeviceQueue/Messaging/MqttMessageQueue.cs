using System;
using System.Threading;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// A message queue on an MQTT topic, after the component of that name in Pip.Services, with limits: what is sent
    /// waits in a bounded outbox until the broker has it, what arrives waits in a bounded inbox until it is taken. The
    /// outbox is allocated when the queue gets its connection, which it keeps, the inbox at the first subscription.
    /// The one that is configured and finds its connection itself is in DeviceQueue.Components.
    /// </summary>
    public class MqttMessageQueue : IMessageQueue, IMessageSink
    {
        /// <summary>How long listening pauses after its receiver has put a message back, in milliseconds.</summary>
        public const int AbandonPauseMs = 1000;

        private MqttConnection _connection;
        private QueueSender _sender; // the lock of the receiver, too
        private QueueReceiver _receiver; // from the first subscription on
        private bool _isSubscribed;

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

        /// <summary>Makes a queue that is told options and topic, and bound, before it is opened.</summary>
        internal MqttMessageQueue(string name)
        {
            Name = name;
            Drops = new Counts(DropReason.Names);
        }

        /// <inheritdoc/>
        public string Name { get; internal set; }

        /// <inheritdoc/>
        public bool IsOpen { get; private set; }

        /// <summary>Gets the topic that is sent to and subscribed to, which may be a filter.</summary>
        public string Topic { get; internal set; }

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

        internal QueueOptions Options { get; set; }

        internal ILogger Logger => _connection.Logger;

        /// <inheritdoc/>
        public string Filter => _isSubscribed ? Topic : null;

        /// <inheritdoc/>
        public int FilterQos => Options.Qos;

        /// <inheritdoc/>
        public virtual void Open(string correlationId)
        {
            lock (this)
            {
                if (!IsOpen && Options.Autosubscribe)
                {
                    Subscribe(correlationId);
                }

                IsOpen = true;
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
                CloseConnection(correlationId);
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
        public virtual void Send(string correlationId, MessageEnvelope message)
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

        /// <summary>Hears of each message that the program is given.</summary>
        internal virtual void OnReceived()
        {
        }

        /// <summary>Ends the connection's link while the queue is closed, if nothing else uses it.</summary>
        internal virtual void CloseConnection(string correlationId)
        {
        }

        /// <summary>Gives the queue its connection, once, after its options.</summary>
        internal void Bind(MqttConnection connection, MqttPlatform platform)
        {
            Options.Check(Name, connection.IsSessionKept, platform.Store);
            _sender = new QueueSender(this, platform);
            Outbox = new Outbox(Options, connection.Wake, platform.Store, Drops);
            connection.Attach(Outbox);
            connection.Attach(this);
            _connection = connection;
        }

        internal void Unsubscribe()
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

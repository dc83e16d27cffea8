using System.Collections;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Components
{
    /// <summary>
    /// A queue that is configured, finds what it needs by reference, and has a connection of its own unless its
    /// references have one to share: the message queue of Pip.Services on MQTT.
    /// </summary>
    public sealed class MqttQueueComponent : MqttMessageQueue, IConfigurable, IReferenceable
    {
        // The queues that have a file and are open or about to be, of all platforms.
        private static readonly ArrayList Stored = new ArrayList();

        private readonly string _givenName;
        private ConfigParams _config;
        private References _references;
        private ConnectionComponent _own;
        private ICounters _counters;
        private MqttPlatform _platform; // from when the queue has its connection

        /// <summary>Initializes a new instance of the <see cref="MqttQueueComponent"/> class.</summary>
        /// <param name="name">Its name, or <see langword="null"/> for the configuration's <c>name</c> or
        /// <c>id</c>.</param>
        public MqttQueueComponent(string name = null)
            : base(name)
        {
            _givenName = name;
        }

        /// <inheritdoc/>
        public void Configure(ConfigParams config)
        {
            CheckUnused();
            ConfigProblems problems = new ConfigProblems();
            QueueOptions options = QueueConfig.ReadOptions(config, problems);
            string name = _givenName ?? config.Get("name") ?? config.Get("id");
            string topic = config.Get("topic") ?? name;
            if (!QueueTopic.IsValid(topic))
            {
                string most = TopicFilter.MaxLength.ToString();
                string reason = "a topic of at most " + most + " characters is needed, here or as the queue's name";
                problems.AddError("topic", topic, reason);
            }

            if (problems.ErrorCount > 0)
            {
                throw ConfigException.From(problems);
            }

            _config = config;
            Options = options;
            Topic = topic;
            Name = name ?? topic;
        }

        /// <inheritdoc/>
        public void SetReferences(References references)
        {
            CheckUnused();
            _references = references;
        }

        /// <inheritdoc/>
        public void UnsetReferences()
        {
            _references = null;
            _counters = null;
        }

        /// <inheritdoc/>
        public override void Open(string correlationId)
        {
            lock (this)
            {
                if (IsOpen)
                {
                    return;
                }

                if (_platform == null)
                {
                    FindConnection(correlationId);
                }

                CheckOutbox();
                bool wasSubscribed = Filter != null;
                try
                {
                    if (Options.Autosubscribe)
                    {
                        Subscribe(correlationId); // before the link: it is open when its subscriptions are answered
                    }

                    _own?.Open(correlationId);
                    base.Open(correlationId);
                }
                finally
                {
                    if (!IsOpen)
                    {
                        LeaveFile();
                        if (!wasSubscribed)
                        {
                            Unsubscribe();
                        }
                    }
                }
            }
        }

        /// <inheritdoc/>
        public override void Send(string correlationId, MessageEnvelope message)
        {
            base.Send(correlationId, message);
            Count(".sent_messages");
        }

        /// <inheritdoc/>
        internal override void OnReceived()
        {
            Count(".received_messages");
        }

        /// <inheritdoc/>
        internal override void CloseConnection(string correlationId)
        {
            LeaveFile();
            _own?.Close(correlationId);
        }

        private void Count(string counter)
        {
            ICounters counters = _counters;
            if (counters != null)
            {
                counters.IncrementOne("queue." + Name + counter);
            }
        }

        private void CheckUnused()
        {
            if (_platform != null)
            {
                string text = "queue " + Name + " has its connection and stays with it";
                throw new InvalidStateException(InvalidStateException.AlreadyOpened, text);
            }
        }

        // Takes the shared connection that the references have, else makes one.
        private void FindConnection(string correlationId)
        {
            if (Options == null)
            {
                Configure(new ConfigParams());
            }

            ConnectionComponent shared = _references?.GetOptional(Locators.Connection) as ConnectionComponent;
            if (shared != null && !shared.IsOpen)
            {
                string text = "the connection that queue " + Name + " shares is not open";
                throw new InvalidStateException(InvalidStateException.NoConnection, text);
            }

            ConnectionComponent found = shared ?? MakeOwn(correlationId);
            if (shared != null)
            {
                ConfigProblems problems = new ConfigProblems();
                QueueConfig.WarnOfUnknown(_config, problems);
                ConnectionComponent.LogWarnings(problems, shared.Connection.Logger, correlationId);
            }

            Bind(found.Connection, found.Platform);
            _platform = found.Platform;
            _counters = _references?.GetOptional(Locators.Counters) as ICounters;
        }

        private ConnectionComponent MakeOwn(string correlationId)
        {
            ConnectionComponent own = new ConnectionComponent(Name);
            own.Configure(_config);
            own.SetReferences(_references);
            own.Prepare(correlationId);
            _own = own;
            return own;
        }

        // Refuses a log that another open queue has: two queues would write over one another.
        private void CheckOutbox()
        {
            MqttQueueComponent rival = Options.Outbox.Length > 0 ? FindRival() : null;
            if (rival != null)
            {
                ConfigProblems problems = new ConfigProblems();
                string reason = "queue " + rival.Name + " has this file; each queue needs one of its own";
                problems.AddError("options.outbox", Options.Outbox, reason);
                throw ConfigException.From(problems);
            }
        }

        // The file is a queue's until that is closed.
        private MqttQueueComponent FindRival()
        {
            lock (Stored)
            {
                for (int i = 0; i < Stored.Count; i++)
                {
                    MqttQueueComponent other = (MqttQueueComponent)Stored[i];
                    if (other._platform == _platform && other.Options.Outbox == Options.Outbox)
                    {
                        return other;
                    }
                }

                Stored.Add(this);
                return null;
            }
        }

        private void LeaveFile()
        {
            lock (Stored)
            {
                Stored.Remove(this);
            }
        }
    }
}

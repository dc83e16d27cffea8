using System.Collections;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// What a queue has beside itself when it is used as a component: its configuration, its references, and a
    /// connection that these name.
    /// </summary>
    internal sealed class QueueComponent
    {
        private readonly string _givenName;
        private ConnectionComponent _own;
        private ICounters _counters;
        private MqttPlatform _platform;

        /// <summary>Initializes a new instance of the <see cref="QueueComponent"/> class.</summary>
        /// <param name="givenName">The queue's name, or <see langword="null"/> for the configuration's.</param>
        public QueueComponent(string givenName)
        {
            _givenName = givenName;
        }

        public ConfigParams Config { get; private set; }

        public References References { get; set; }

        /// <summary>Gets the queue's name by the configuration.</summary>
        public string Name { get; private set; }

        /// <summary>Gets the queue's topic by the configuration.</summary>
        public string Topic { get; private set; }

        /// <summary>Reads name, topic and options.</summary>
        /// <exception cref="ConfigException">A value is not allowed.</exception>
        public QueueOptions Configure(ConfigParams config)
        {
            ConfigProblems problems = new ConfigProblems();
            QueueOptions options = QueueOptions.Read(config, problems);
            string name = _givenName ?? config.Get("name") ?? config.Get("id");
            string topic = config.Get("topic") ?? name;
            if (!TopicFilter.IsValid(topic))
            {
                string most = TopicFilter.MaxLength.ToString();
                string reason = "a topic of at most " + most + " characters is needed, here or as the queue's name";
                problems.AddError("topic", topic, reason);
            }

            if (problems.ErrorCount > 0)
            {
                throw ConfigException.From(problems);
            }

            Config = config;
            Name = name ?? topic;
            Topic = topic;
            return options;
        }

        /// <summary>Takes the shared connection that the references have, else makes one.</summary>
        public ConnectionComponent FindConnection(string queue, string correlationId)
        {
            ConnectionComponent shared = References?.GetOptional(Locators.Connection) as ConnectionComponent;
            if (shared != null && !shared.IsOpen)
            {
                string text = "the connection that queue " + queue + " shares is not open";
                throw new InvalidStateException(InvalidStateException.NoConnection, text);
            }

            ConnectionComponent found = shared ?? MakeOwn(queue, correlationId);
            if (shared != null)
            {
                ConfigProblems problems = new ConfigProblems();
                KnownKeys.Check(Config, problems);
                ConnectionComponent.LogWarnings(problems, shared.Connection.Logger, correlationId);
            }

            _platform = found.Platform;
            _counters = References?.GetOptional(Locators.Counters) as ICounters;
            return found;
        }

        public void ForgetReferences()
        {
            References = null;
            _counters = null;
        }

        /// <summary>Opens the connection, if it is the queue's own.</summary>
        public void Open(string correlationId)
        {
            if (_own != null)
            {
                _own.Open(correlationId);
            }
        }

        /// <summary>Closes the connection, if it is the queue's own.</summary>
        public void Close(string correlationId)
        {
            if (_own != null)
            {
                _own.Close(correlationId);
            }
        }

        /// <summary>Refuses a log that another open queue has.</summary>
        /// <exception cref="ConfigException">One has.</exception>
        public void CheckOutbox(MqttMessageQueue queue)
        {
            bool hasFile = _platform != null && queue.Options.Outbox.Length > 0;
            MqttMessageQueue rival = hasFile ? FindRival(queue) : null;
            if (rival != null)
            {
                ConfigProblems problems = new ConfigProblems();
                string reason = "queue " + rival.Name + " has this file; each queue needs one of its own";
                problems.AddError("options.outbox", queue.Options.Outbox, reason);
                throw ConfigException.From(problems);
            }
        }

        public void Count(string queue, string counter)
        {
            ICounters counters = _counters;
            if (counters != null)
            {
                counters.IncrementOne("queue." + queue + counter);
            }
        }

        // Two queues would write over one another; the file is a queue's until that is closed.
        private MqttMessageQueue FindRival(MqttMessageQueue queue)
        {
            lock (_platform)
            {
                _platform.StoredQueues ??= new ArrayList();
                ArrayList queues = _platform.StoredQueues;
                for (int i = queues.Count - 1; i >= 0; i--)
                {
                    MqttMessageQueue other = (MqttMessageQueue)queues[i];
                    if (other != queue && other.IsOpen && other.Options.Outbox == queue.Options.Outbox)
                    {
                        return other;
                    }

                    if (other == queue || !other.IsOpen)
                    {
                        queues.RemoveAt(i);
                    }
                }

                queues.Add(queue);
                return null;
            }
        }

        private ConnectionComponent MakeOwn(string queue, string correlationId)
        {
            ConnectionComponent own = new ConnectionComponent(queue);
            own.Configure(Config);
            own.SetReferences(References);
            own.Prepare(correlationId);
            _own = own;
            return own;
        }
    }
}

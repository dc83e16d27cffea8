using System.Collections;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Connecting;
using DeviceQueue.Platform;
using DeviceQueue.Settings;

namespace DeviceQueue.Messaging
{
    /// <summary>
    /// What a queue has beside itself when it is used as a component: its configuration, its references, and a
    /// connection that these name.
    /// </summary>
    internal sealed class QueueComponent
    {
        private ConnectionComponent _own;
        private ICounters _counters;
        private MqttPlatform _platform;

        public ConfigParams Config { get; set; }

        public References References { get; set; }

        /// <summary>Takes the shared connection that the references have, else makes one.</summary>
        public ConnectionComponent FindConnection(string queue, string correlationId)
        {
            ConnectionComponent shared = References?.GetOptional(Locators.Connection) as ConnectionComponent;
            if (shared != null && !shared.IsOpen)
            {
                throw new InvalidStateException(InvalidStateException.NoConnection, "the connection that queue " + queue + " shares is not open");
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
            MqttMessageQueue rival = _platform == null || queue.OutboxName.Length == 0 ? null : FindRival(queue);
            if (rival != null)
            {
                ConfigProblems problems = new ConfigProblems();
                string reason = "queue " + rival.Name + " has this file; each queue needs one of its own";
                problems.AddError("options.outbox", queue.OutboxName, reason);
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
                    if (other != queue && other.IsOpen && other.OutboxName == queue.OutboxName)
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

using System;
using System.Text;
using DeviceQueue.Configuration;
using DeviceQueue.Storage;

namespace DeviceQueue.Components
{
    /// <summary>
    /// Makes queues and shared connections, with the configuration and the references that it has itself.
    /// </summary>
    public sealed class MqttQueueFactory : IConfigurable, IReferenceable
    {
        /// <summary>The descriptor of the factory itself.</summary>
        public static Descriptor FactoryDescriptor => Descriptor.FromString("pip-services:queue-factory:mqtt:*:1.0");

        /// <summary>The descriptor of the queues that it makes.</summary>
        public static Descriptor QueueDescriptor => Descriptor.FromString("pip-services:message-queue:mqtt:*:1.0");

        /// <summary>The descriptor of the connections that it makes.</summary>
        public static Descriptor ConnectionDescriptor => Descriptor.FromString("pip-services:connection:mqtt:*:1.0");

        private const string Any = "*";

        private ConfigParams _config;
        private References _references;

        /// <inheritdoc/>
        public void Configure(ConfigParams config)
        {
            _config = config;
        }

        /// <inheritdoc/>
        public void SetReferences(References references)
        {
            _references = references;
        }

        /// <inheritdoc/>
        public void UnsetReferences()
        {
            _references = null;
        }

        /// <summary>Tells whether the factory makes a component.</summary>
        /// <param name="descriptor">The component's descriptor.</param>
        /// <returns><see langword="true"/> for queues and connections of MQTT.</returns>
        public bool CanCreate(Descriptor descriptor)
        {
            return QueueDescriptor.Matches(descriptor) || ConnectionDescriptor.Matches(descriptor);
        }

        /// <summary>Makes a component, named as its descriptor is.</summary>
        /// <param name="descriptor">The component's descriptor.</param>
        /// <returns>A <see cref="MqttQueueComponent"/> or a <see cref="ConnectionComponent"/>, not open.</returns>
        /// <exception cref="ArgumentException">The factory makes no such component.</exception>
        /// <exception cref="ConfigException">A value of the configuration is not allowed.</exception>
        public object Create(Descriptor descriptor)
        {
            string name = descriptor.Name == Any ? null : descriptor.Name;
            if (QueueDescriptor.Matches(descriptor))
            {
                return CreateQueue(name);
            }

            if (!ConnectionDescriptor.Matches(descriptor))
            {
                throw new ArgumentException(descriptor.ToString());
            }

            ConnectionComponent connection = new ConnectionComponent(name);
            Equip(connection, connection, _config);
            return connection;
        }

        /// <summary>Makes a queue.</summary>
        /// <param name="name">Its name, or <see langword="null"/> for the configuration's.</param>
        /// <returns>The queue, not open.</returns>
        /// <exception cref="ConfigException">A value of the configuration is not allowed.</exception>
        public MqttQueueComponent CreateQueue(string name)
        {
            MqttQueueComponent queue = new MqttQueueComponent(name);
            Equip(queue, queue, MakeOwn(name));
            return queue;
        }

        // Queues of one configuration would write one file: each gets its own, by the checksum of its name.
        private ConfigParams MakeOwn(string name)
        {
            string outbox = _config?.Get("options.outbox");
            if (string.IsNullOrEmpty(outbox) || name == null)
            {
                return _config;
            }

            byte[] bytes = Encoding.UTF8.GetBytes(name);
            string own = outbox + "-" + Crc32.Compute(bytes, 0, bytes.Length).ToString("x8");
            return _config.Override(ConfigParams.FromTuples("options.outbox", own));
        }

        private void Equip(IConfigurable configurable, IReferenceable referenceable, ConfigParams config)
        {
            if (config != null)
            {
                configurable.Configure(config);
            }

            if (_references != null)
            {
                referenceable.SetReferences(_references);
            }
        }
    }
}

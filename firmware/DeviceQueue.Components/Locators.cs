using DeviceQueue.Diagnostics;

namespace DeviceQueue.Components
{
    /// <summary>The descriptors by which queues and connections look for what they need.</summary>
    // Made when they are used: kept in static fields they took 1.8 KB.
    public static class Locators
    {
        /// <summary>Finds an <see cref="ILogger"/>; without one the platform's is used.</summary>
        public static Descriptor Logger => Descriptor.FromString("*:logger:*:*:1.0");

        /// <summary>Finds an <see cref="ICounters"/>.</summary>
        public static Descriptor Counters => Descriptor.FromString("*:counters:*:*:1.0");

        /// <summary>Finds an <see cref="IDiscovery"/>.</summary>
        public static Descriptor Discovery => Descriptor.FromString("*:discovery:*:*:1.0");

        /// <summary>Finds an <see cref="ICredentialStore"/>.</summary>
        public static Descriptor CredentialStore => Descriptor.FromString("*:credential-store:*:*:1.0");

        /// <summary>Finds a <see cref="ConnectionComponent"/> that several queues share.</summary>
        public static Descriptor Connection => Descriptor.FromString("*:connection:mqtt:*:1.0");

        /// <summary>
        /// Finds a <see cref="DeviceQueue.Mqtt.MqttPlatform"/>: what a connection needs of the board or the
        /// desktop.
        /// </summary>
        public static Descriptor Platform => Descriptor.FromString("*:platform:*:*:1.0");
    }
}

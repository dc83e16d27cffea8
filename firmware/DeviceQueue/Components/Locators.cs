namespace DeviceQueue.Components
{
    /// <summary>The descriptors by which queues and connections look for what they need.</summary>
    public static class Locators
    {
        /// <summary>Finds an <see cref="ILogger"/>; without one the platform's is used.</summary>
        public static readonly Descriptor Logger = Descriptor.FromString("*:logger:*:*:1.0");

        /// <summary>Finds an <see cref="ICounters"/>.</summary>
        public static readonly Descriptor Counters = Descriptor.FromString("*:counters:*:*:1.0");

        /// <summary>Finds an <see cref="IDiscovery"/>.</summary>
        public static readonly Descriptor Discovery = Descriptor.FromString("*:discovery:*:*:1.0");

        /// <summary>Finds an <see cref="ICredentialStore"/>.</summary>
        public static readonly Descriptor CredentialStore = Descriptor.FromString("*:credential-store:*:*:1.0");

        /// <summary>Finds a <see cref="Connecting.ConnectionComponent"/> that several queues share.</summary>
        public static readonly Descriptor Connection = Descriptor.FromString("*:connection:mqtt:*:1.0");

        /// <summary>Finds a <see cref="DeviceQueue.Platform.MqttPlatform"/>: what a connection needs of the board or the desktop.</summary>
        public static readonly Descriptor Platform = Descriptor.FromString("*:platform:*:*:1.0");
    }
}

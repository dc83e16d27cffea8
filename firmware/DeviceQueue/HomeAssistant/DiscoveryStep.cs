namespace DeviceQueue.HomeAssistant
{
    /// <summary>What is under way; each step ends when the broker has acknowledged all of it.</summary>
    internal enum DiscoveryStep
    {
        /// <summary>The broker has what is so.</summary>
        Settled = 0,

        /// <summary>All announcements are emptied.</summary>
        Withdrawing = 1,

        /// <summary>Parts are taken back.</summary>
        Removing = 2,

        /// <summary>The device is announced, then its diagnostic entities, one at a time.</summary>
        Announcing = 3,
    }
}

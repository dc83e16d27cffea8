
namespace DeviceQueue.Health
{
    /// <summary>How the device is, as its status LED and its console say it: of several the first.</summary>
    public enum DeviceState
    {
        /// <summary>There are no settings that can be used.</summary>
        NoConfiguration = 0,

        /// <summary>Boots failed again and again: the device runs on little more than its connection.</summary>
        SafeMode = 1,

        /// <summary>There is no network.</summary>
        NoWifi = 2,

        /// <summary>There is a network and no broker.</summary>
        NoBroker = 3,

        /// <summary>There is a broker, and commands do not arrive.</summary>
        NoCommands = 4,

        /// <summary>The sensor does not measure.</summary>
        SensorFault = 5,

        /// <summary>All is well.</summary>
        Well = 6,
    }
}

namespace DeviceQueue.Connecting
{
    /// <summary>The topics of a device, all below <c>sensor/&lt;id&gt;/</c>, and what its status topic says.</summary>
    public sealed class DeviceTopics
    {
        /// <summary>The status after each connect.</summary>
        public const string Online = "online";

        /// <summary>The status before a clean close, and as the last will.</summary>
        public const string Offline = "offline";

        private readonly string _root;

        /// <summary>Initializes a new instance of the <see cref="DeviceTopics"/> class.</summary>
        /// <param name="deviceId">The device id.</param>
        public DeviceTopics(string deviceId)
        {
            _root = "sensor/" + deviceId + "/";
            Temperature = _root + "temperature";
            Status = _root + "status";
            Command = _root + "command";
            Response = _root + "response";
            Health = _root + "health";
        }

        /// <summary>Gets the topic of readings.</summary>
        public string Temperature { get; }

        /// <summary>Gets the topic of <see cref="Online"/> and <see cref="Offline"/>, retained.</summary>
        public string Status { get; }

        /// <summary>Gets the topic that operators publish commands to.</summary>
        public string Command { get; }

        /// <summary>Gets the topic of the answers.</summary>
        public string Response { get; }

        /// <summary>Gets the topic of health reports.</summary>
        public string Health { get; }

        /// <summary>Names the topic of an output's state, retained.</summary>
        /// <param name="name">The output's name.</param>
        /// <returns>The topic.</returns>
        public string OfOutput(string name)
        {
            return _root + "output/" + name;
        }
    }
}

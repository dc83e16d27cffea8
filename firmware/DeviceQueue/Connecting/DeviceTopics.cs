namespace DeviceQueue.Connecting
{
    /// <summary>The topics of a device, nearly all below <c>sensor/&lt;id&gt;/</c>, and the words that it says and hears on them.</summary>
    public sealed class DeviceTopics
    {
        /// <summary>The status after each connect.</summary>
        public const string Online = "online";

        /// <summary>The status before a clean close, and as the last will.</summary>
        public const string Offline = "offline";

        /// <summary>The state of an output that is on, and the wish for it.</summary>
        public const string On = "ON";

        /// <summary>The state of an output that is off, and the wish for it.</summary>
        public const string Off = "OFF";

        /// <summary>What follows an output's topic where home automation publishes its wishes.</summary>
        public const string SetSuffix = "/set";

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
            Discovery = "homeassistant/device/" + deviceId + "/config";
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

        /// <summary>Gets the topic of Home Assistant's device discovery, retained; the one outside of <c>sensor/&lt;id&gt;/</c>.</summary>
        public string Discovery { get; }

        /// <summary>Tells whether a payload is a text.</summary>
        /// <param name="payload">The payload.</param>
        /// <param name="text">The text, in ASCII.</param>
        /// <returns><see langword="true"/> when it is, to the byte.</returns>
        public static bool IsText(byte[] payload, string text)
        {
            bool isSame = payload.Length == text.Length;
            for (int i = 0; isSame && i < payload.Length; i++)
            {
                isSame = payload[i] == text[i];
            }

            return isSame;
        }

        /// <summary>Names the topic of an output's state, retained.</summary>
        /// <param name="name">The output's name.</param>
        /// <returns>The topic.</returns>
        public string OfOutput(string name)
        {
            return _root + "output/" + name;
        }
    }
}

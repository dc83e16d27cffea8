
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// The topics of a device, nearly all below <c>sensor/&lt;id&gt;/</c>, and the words that it says and hears on
    /// them. Each is made when it is asked for.
    /// </summary>
    public sealed class DeviceTopics
    {
        /// <summary>The status after each connect.</summary>
        public const string Online = "online";

        /// <summary>The status before a clean close, and as the last will.</summary>
        public const string Offline = "offline";

        /// <summary>The status before a sleep.</summary>
        public const string Asleep = "asleep";

        /// <summary>The state of an output that is on, and the wish for it.</summary>
        public const string On = "ON";

        /// <summary>The state of an output that is off, and the wish for it.</summary>
        public const string Off = "OFF";

        /// <summary>What follows an output's topic where home automation publishes its wishes.</summary>
        public const string SetSuffix = "/set";

        /// <summary>Initializes a new instance of the <see cref="DeviceTopics"/> class.</summary>
        /// <param name="deviceId">The device id.</param>
        public DeviceTopics(string deviceId)
        {
            Id = deviceId;
        }

        /// <summary>Gets the device id.</summary>
        public string Id { get; }

        /// <summary>Gets the topic of readings.</summary>
        public string Temperature => Root + "temperature";

        /// <summary>Gets the topic of readings that are late.</summary>
        public string LateTemperature => Temperature + "/late";

        /// <summary>Gets the topic of <see cref="Online"/> and <see cref="Offline"/>, retained.</summary>
        public string Status => Root + "status";

        /// <summary>Gets the topic that operators publish commands to.</summary>
        public string Command => Root + "command";

        /// <summary>Gets the topic of the answers.</summary>
        public string Response => Root + "response";

        /// <summary>Gets the topic of health reports.</summary>
        public string Health => Root + "health";

        /// <summary>Gets the topic of Home Assistant's device discovery, retained.</summary>
        public string Discovery => "homeassistant/device/" + Id + "/config";

        private string Root => "sensor/" + Id + "/";

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

        /// <summary>Names the topic of a diagnostic entity of Home Assistant's, retained.</summary>
        /// <param name="name">The entity's name.</param>
        /// <returns>The topic.</returns>
        public string OfDiagnostic(string name)
        {
            return "homeassistant/sensor/" + Id + "/" + name + "/config";
        }

        /// <summary>Names the topic of an output's state, retained.</summary>
        /// <param name="name">The output's name.</param>
        /// <returns>The topic.</returns>
        public string OfOutput(string name)
        {
            return Root + "output/" + name;
        }
    }
}

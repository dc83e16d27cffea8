using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Mqtt
{
    /// <summary>All that a queue needs of the board or the desktop it runs on.</summary>
    public class MqttPlatform
    {
        /// <summary>
        /// Gets or sets the device id, from which client ids are made; <see langword="null"/> when configurations name
        /// it.
        /// </summary>
        public string DeviceId { get; set; }

        /// <summary>Gets or sets the clock.</summary>
        public IClock Clock { get; set; }

        /// <summary>Gets or sets the source of chance.</summary>
        public IRandom Random { get; set; }

        /// <summary>Gets or sets the storage, or <see langword="null"/> when no setting names a file.</summary>
        public IStore Store { get; set; }

        /// <summary>Gets or sets the console.</summary>
        public ILogger Logger { get; set; }

        /// <summary>Gets or sets the MQTT client library.</summary>
        public IMqttLinkFactory Links { get; set; }

        /// <summary>Gets or sets the network below it, or <see langword="null"/> when that is always there.</summary>
        public INetwork Network { get; set; }

        /// <summary>
        /// Gets what counts the messages that are lost, or <see langword="null"/>: each queue has counts of its own.
        /// </summary>
        public virtual Counts Drops => null;

        /// <summary>Gets or sets what keeps faults, or <see langword="null"/> when nothing does.</summary>
        public IFaultRecorder Faults { get; set; }
    }
}

using DeviceQueue.Diagnostics;
using DeviceQueue.Mqtt;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Time;

namespace DeviceQueue.Health
{
    /// <summary>All that a node needs of the board it runs on.</summary>
    public sealed class DevicePlatform : MqttPlatform
    {
        /// <summary>Gets or sets the view of the heap.</summary>
        public IMemory Memory { get; set; }

        /// <summary>
        /// Gets or sets the code with the command key, or <see langword="null"/> when the device has none and takes
        /// unsigned commands.
        /// </summary>
        public ICommandMac CommandMac { get; set; }

        /// <summary>Gets or sets the sensor.</summary>
        public ISensor Sensor { get; set; }

        /// <summary>Gets or sets the pin of the battery; needed when the settings name one.</summary>
        public IAnalogInput BatteryInput { get; set; }

        /// <summary>Gets or sets what the device remembers of how it fared.</summary>
        public Journal Journal
        {
            get => (Journal)Faults;
            set => Faults = value;
        }

        /// <inheritdoc/>
        public override Counts Drops => Journal.Dropped;

        /// <summary>Gets or sets the calendar.</summary>
        public ICalendar Calendar { get; set; }

        /// <summary>Gets or sets the board's deep sleep.</summary>
        public IDeepSleep DeepSleep { get; set; }

        /// <summary>Gets or sets what restarts the board.</summary>
        public IRestarter Restarter { get; set; }
    }
}

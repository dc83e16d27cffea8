using DeviceQueue.Connecting;
using DeviceQueue.Platform;

namespace DeviceQueue.Configuring
{
    /// <summary>Where a node connects to and how its two queues behave: the part of the configuration outside <c>device</c>.</summary>
    public sealed class ConnectionSettings
    {
        private ConnectionSettings()
        {
        }

        /// <summary>Gets the brokers, in the order in which they are tried.</summary>
        public MqttLinkOptions[] Endpoints { get; private set; }

        /// <summary>Gets the options of the queue of readings, which are the connection's too.</summary>
        public MqttOptions Readings { get; private set; }

        /// <summary>Gets the options of the queue of commands and answers.</summary>
        public MqttOptions Commands { get; private set; }

        /// <summary>Gets the firmware's own values for what a configuration leaves out; what commands can change is always among the settings, so that they can show it.</summary>
        /// <returns>The values.</returns>
        public static ConfigParams GetDefaults()
        {
            return ConfigParams.FromTuples(
                "device.interval_ms", "60000",
                "device.report_delta", "0",
                "device.report_at_least_ms", "3600000",
                "device.health_interval_ms", "300000",
                "device.max_step", "0",
                "device.temperature_offset", "0",
                "device.discovery", "false",
                "options.qos", "1",
                "options.keepalive_timeout", "15000",
                "options.serialize_envelope", "false",
                "options.overflow", "drop_oldest",
                "options.max_messages", "12", // the window over the outbox's file: what is in flight and as much again
                "options.max_bytes", "2560",
                "options.max_message_size", "512", // the longest reading with the longest device id takes 290
                "options.outbox", "outbox");
        }

        /// <summary>Reads the settings.</summary>
        /// <param name="config">The configuration, <see cref="GetDefaults"/> included.</param>
        /// <param name="deviceId">The device id, the default client id and part of the will's topic.</param>
        /// <param name="store">Holds the files that <c>tls.*</c> names.</param>
        /// <param name="problems">Takes what is wrong.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public static ConnectionSettings Read(ConfigParams config, string deviceId, IStore store, ConfigProblems problems)
        {
            int errors = problems.ErrorCount;
            ConnectionSettings settings = new ConnectionSettings();
            settings.Readings = MqttOptions.Read(config, problems);
            if (settings.Readings == null)
            {
                return null;
            }

            settings.Commands = MqttOptions.Read(config.Override(CommandOptions()), problems);
            WillParams will = new WillParams(new DeviceTopics(deviceId).Status, DeviceTopics.Offline, 1, true);
            settings.Endpoints = new ConnectionResolver(store, null, null).Resolve(null, config, settings.Readings, deviceId, will, problems);
            return problems.ErrorCount == errors ? settings : null;
        }

        private static ConfigParams CommandOptions()
        {
            return ConfigParams.FromTuples(
                "options.qos", "1",
                "options.retain", "false",
                "options.serialize_envelope", "true",
                "options.autosubscribe", "true",
                "options.overflow", "reject",
                "options.max_messages", "12",
                "options.max_bytes", "2560",
                "options.max_message_size", "2048",
                "options.outbox", string.Empty); // an answer that a reboot loses is asked for again, with the same message_id
        }
    }
}

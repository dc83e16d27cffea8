using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue
{
    /// <summary>How a node is, and what it says of that on the console.</summary>
    internal static class NodeStatus
    {
        /// <summary>Finds how a node is, in short.</summary>
        public static DeviceState Find(Journal journal, MqttConnection connection, Sampler sampler)
        {
            if (journal.IsSafeMode)
            {
                return DeviceState.SafeMode;
            }

            if (!connection.IsConnected)
            {
                return connection.IsWithoutNetwork ? DeviceState.NoWifi : DeviceState.NoBroker;
            }

            if (connection.SubscriptionFault != null)
            {
                return DeviceState.NoCommands;
            }

            return sampler.State == SensorState.Ok ? DeviceState.Well : DeviceState.SensorFault;
        }

        /// <summary>Says what is wrong from the start.</summary>
        /// <param name="platform">The board.</param>
        /// <param name="bootRecord">The count of this boot.</param>
        /// <param name="outputs">The outputs.</param>
        /// <param name="openTopic">The topic of the commands that need no key, or <see langword="null"/>.</param>
        /// <param name="history">The record of the last commands.</param>
        public static void SayWhatIsWrong(
            DevicePlatform platform,
            BootRecord bootRecord,
            OutputBank outputs,
            string openTopic,
            CommandHistory history)
        {
            ILogger logger = platform.Logger;
            if (openTopic != null)
            {
                const string Open = "no device.command_key: every client that may publish to ";
                logger.Log(LogLevel.Warn, null, Open + openTopic + " can command this device");
            }

            if (!bootRecord.IsStored)
            {
                const string Unstored = "the numbers of readings cannot be stored and may repeat after a reboot";
                logger.Log(LogLevel.Error, null, Unstored);
            }

            for (int i = 0; i < outputs.Count; i++)
            {
                if (!outputs.IsUsable(i))
                {
                    const string Unusable = " cannot be used: its pin could not be opened";
                    logger.Log(LogLevel.Error, null, "output " + outputs.GetName(i) + Unusable);
                }
            }

            if (platform.Journal.IsSafeMode)
            {
                const string Limits = " failed boots: outputs stay safe, only device.info and config.set are taken";
                string boots = platform.Journal.FailedBoots.ToString();
                logger.Log(LogLevel.Error, null, "safe mode after " + boots + Limits);
            }

            if (history.IsUnknown)
            {
                const string Unknown = "the record of the last commands cannot be read: ";
                logger.Log(LogLevel.Error, null, Unknown + "changes are refused while one in it could be repeated");
            }
        }

        /// <summary>Says how the node is, when that is something else than at the last call.</summary>
        public static void SayState(
            ILogger logger, MqttConnection connection, DeviceState state, ref DeviceState said, ref string saidFault)
        {
            string fault = connection.SubscriptionFault;
            if (!connection.IsConnecting && (state != said || fault != saidFault))
            {
                said = state;
                saidFault = fault;
                string text = state == DeviceState.NoCommands ? "commands: " + fault : StatusLed.Describe(state);
                logger.Log(LogLevel.Info, null, "status: " + text);
            }
        }

        /// <summary>Writes what the node says of itself in a health report.</summary>
        /// <param name="source">Where the settings come from.</param>
        public static void WriteHealth(JsonWriter writer, DevicePlatform platform, string source)
        {
            writer.Name("version");
            writer.WriteText(FirmwareDefaults.Version);
            writer.Name("free_memory");
            writer.WriteNumber(platform.Memory.GetFreeBytes());
            writer.Name("settings");
            writer.WriteText(source);
            if (platform.CommandMac == null)
            {
                writer.Name("unsigned");
                writer.WriteBoolean(true);
            }
        }

        /// <summary>Says once that the clock is set to a time before its floor.</summary>
        /// <param name="logger">The console.</param>
        /// <param name="clock">The clock.</param>
        /// <param name="wasBehind">Whether it was so at the last call.</param>
        /// <returns>Whether it is so.</returns>
        public static bool SayBehind(ILogger logger, TrustedClock clock, bool wasBehind)
        {
            long behindMs = clock.BehindMs;
            if (behindMs <= 0 || wasBehind)
            {
                return behindMs > 0;
            }

            string days = (behindMs / DeviceSettings.DayMs).ToString();
            string floor = clock.Floor.ToString("yyyy-MM-dd");
            logger.Log(
                LogLevel.Error,
                null,
                "the clock is set to " + days + " days before " + floor
                + ", the lowest time (utc.0, utc.1): signed commands are refused");
            return true;
        }
    }
}

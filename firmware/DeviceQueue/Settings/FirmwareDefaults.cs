using DeviceQueue.Configuration;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// The firmware's own values for what a configuration leaves out. The first of them are the settings that a running
    /// device takes other values for.
    /// </summary>
    public sealed class FirmwareDefaults : ConfigReader
    {
        /// <summary>How many there are.</summary>
        public const int Count = 15;

        /// <summary>How many of them, from the first, a running device takes other values for.</summary>
        public const int ChangeableCount = 7;

        private int _next;

        /// <summary>Initializes a reader before the first key.</summary>
        /// <param name="problems">Takes what is not allowed.</param>
        public FirmwareDefaults(ConfigProblems problems)
            : base(problems)
        {
        }

        /// <inheritdoc/>
        public override string Key => GetKey(_next - 1);

        /// <inheritdoc/>
        public override string Value => GetValue(_next - 1);

        /// <summary>Gets a key.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The whole key.</returns>
        public static string GetKey(int index)
        {
            switch (index)
            {
                case 0:
                    return "device.interval_ms";
                case 1:
                    return "device.report_delta";
                case 2:
                    return "device.report_at_least_ms";
                case 3:
                    return "device.health_interval_ms";
                case 4:
                    return "device.max_step";
                case 5:
                    return "device.temperature_offset";
                case 6:
                    return "device.discovery";
                case 7:
                    return "options.qos";
                case 8:
                    return "options.keepalive_timeout";
                case 9:
                    return "options.serialize_envelope";
                case 10:
                    return "options.overflow";
                case 11:
                    return "options.max_messages";
                case 12:
                    return "options.max_bytes";
                case 13:
                    return "options.max_message_size";
                default:
                    return "options.outbox";
            }
        }

        /// <summary>Gets the place of a key.</summary>
        /// <param name="key">The whole key.</param>
        /// <returns>The place, or -1 when there is no such key among them.</returns>
        public static int IndexOf(string key)
        {
            switch (key)
            {
                case "device.interval_ms":
                    return 0;
                case "device.report_delta":
                    return 1;
                case "device.report_at_least_ms":
                    return 2;
                case "device.health_interval_ms":
                    return 3;
                case "device.max_step":
                    return 4;
                case "device.temperature_offset":
                    return 5;
                case "device.discovery":
                    return 6;
                case "options.qos":
                    return 7;
                case "options.keepalive_timeout":
                    return 8;
                case "options.serialize_envelope":
                    return 9;
                case "options.overflow":
                    return 10;
                case "options.max_messages":
                    return 11;
                case "options.max_bytes":
                    return 12;
                case "options.max_message_size":
                    return 13;
                case "options.outbox":
                    return 14;
                default:
                    return -1;
            }
        }

        /// <summary>Gets the value of a key.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The value as text.</returns>
        public static string GetValue(int index)
        {
            switch (index)
            {
                case 0:
                    return "60000";
                case 2:
                    return "3600000";
                case 3:
                    return "300000";
                case 6:
                case 9:
                    return "false";
                case 7:
                    return "1";
                case 8:
                    return "15000";
                case 10:
                    return "drop_oldest";
                case 11:
                    return "12"; // the window over the outbox's file: what is in flight and half as much again
                case 12:
                    return "2560";
                case 13:
                    return "512"; // the longest reading with the longest device id takes 290
                case 14:
                    return "outbox";
                default:
                    return "0";
            }
        }

        /// <inheritdoc/>
        public override bool Read()
        {
            return _next++ < Count;
        }
    }
}

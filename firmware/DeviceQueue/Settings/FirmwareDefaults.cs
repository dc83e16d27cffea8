using System;
using DeviceQueue.Configuration;
using DeviceQueue.Text;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// The firmware's version, and its own values for what a configuration leaves out. Those below <c>device</c> come
    /// first; a running device takes other values for them.
    /// </summary>
    public sealed class FirmwareDefaults : ConfigReader
    {
        /// <summary>The firmware's version.</summary>
        public const string Version = "0.2.0";

        /// <summary>
        /// When this version was built, the lowest time that the calendar can show; set with <see cref="Version"/>.
        /// </summary>
        public static readonly DateTime BuildDate = new DateTime(2026, 11, 1);

        /// <summary>How many there are.</summary>
        public const int Count = 17;

        /// <summary>The place of <c>device.discovery</c>.</summary>
        public const int Discovery = 6;

        /// <summary>How many of them, from the first, a running device takes other values for.</summary>
        public const int ChangeableCount = 9;

        /// <summary>How many of these a device that does not sleep has.</summary>
        public const int ChangeableAwakeCount = 7;

        // The names once more, to be found without a text for each.
        private const string DeviceNames =
            "interval_ms,report_delta,report_at_least_ms,health_interval_ms,max_step,temperature_offset,discovery,"
            + "connect_every,awake_ms";

        private const string OptionNames =
            "qos,keepalive_timeout,serialize_envelope,overflow,max_messages,max_bytes,max_message_size,outbox";

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
                case Discovery:
                    return "device.discovery";
                case 7:
                    return "device.connect_every";
                case 8:
                    return "device.awake_ms";
                case 9:
                    return "options.qos";
                case 10:
                    return "options.keepalive_timeout";
                case 11:
                    return "options.serialize_envelope";
                case 12:
                    return "options.overflow";
                case 13:
                    return "options.max_messages";
                case 14:
                    return "options.max_bytes";
                case 15:
                    return "options.max_message_size";
                default:
                    return "options.outbox";
            }
        }

        /// <summary>Gets the place of the first key of a section.</summary>
        /// <param name="section">The section.</param>
        /// <param name="end">The place after its last key; the first place when there is none.</param>
        /// <returns>The first place.</returns>
        public static int GetFirst(string section, out int end)
        {
            bool isDevice = section == "device";
            end = isDevice ? ChangeableCount : Count;
            return isDevice ? 0 : section == "options" ? ChangeableCount : Count;
        }

        /// <summary>Gets the place of a key.</summary>
        /// <param name="first">The place of the first key of its section, see <see cref="GetFirst"/>.</param>
        /// <param name="text">Holds its name, in UTF-8.</param>
        /// <param name="offset">Where the name starts.</param>
        /// <param name="count">How many bytes it has.</param>
        /// <returns>The place, or -1 when there is no such key among them.</returns>
        public static int IndexOf(int first, byte[] text, int offset, int count)
        {
            string names = first == 0 ? DeviceNames : OptionNames;
            int index = first == Count ? -1 : WordList.IndexOf(names, text, offset, count);
            return index < 0 ? -1 : first + index;
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
                case Discovery:
                case 11:
                    return "false";
                case 7:
                case 9:
                    return "1";
                case 8:
                    return "1000";
                case 10:
                    return "15000";
                case 12:
                    return "drop_oldest";
                case 13:
                    return "8"; // the window over the log: what is in flight
                case 14:
                    return "1024";
                case 15:
                    return "320"; // the longest reading with the longest device id takes 307
                case 16:
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

using DeviceQueue.Configuration;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// The firmware's own values for what a configuration leaves out. Those below <c>device</c> come
    /// first; a running device takes other values for them.
    /// </summary>
    public sealed class FirmwareDefaults : ConfigReader
    {
        /// <summary>How many there are.</summary>
        public const int Count = 15;

        /// <summary>How many of them, from the first, a running device takes other values for.</summary>
        public const int ChangeableCount = 7;

        private const string DevicePrefix = "device.";
        private const string OptionsPrefix = "options.";
        private const string DeviceNames =
            "interval_ms,report_delta,report_at_least_ms,health_interval_ms,max_step,temperature_offset,discovery";

        private const string OptionNames =
            "qos,keepalive_timeout,serialize_envelope,overflow,max_messages,max_bytes,max_message_size,outbox";

        private string _key;
        private int _next;

        /// <summary>Initializes a reader before the first key.</summary>
        /// <param name="problems">Takes what is not allowed.</param>
        public FirmwareDefaults(ConfigProblems problems)
            : base(problems)
        {
        }

        /// <inheritdoc/>
        public override string Key => _key ??= GetKey(_next - 1);

        /// <inheritdoc/>
        public override string Value => GetValue(_next - 1);

        /// <summary>Gets a key.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The whole key.</returns>
        public static string GetKey(int index)
        {
            return (index < ChangeableCount ? DevicePrefix : OptionsPrefix) + GetName(index);
        }

        /// <summary>Gets a key without its section.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The name.</returns>
        public static string GetName(int index)
        {
            bool isOption = index >= ChangeableCount;
            return Words.Get(isOption ? OptionNames : DeviceNames, isOption ? index - ChangeableCount : index);
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
            int index = first == Count ? -1 : Words.IndexOf(first == 0 ? DeviceNames : OptionNames, text, offset, count);
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
            _key = null;
            return _next++ < Count;
        }
    }
}

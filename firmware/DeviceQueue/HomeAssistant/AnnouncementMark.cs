using System.Text;
using DeviceQueue.Readings;
using DeviceQueue.Storage;

namespace DeviceQueue.HomeAssistant
{
    /// <summary>
    /// What the broker may keep of the device's announcements, as a file remembers it: a line with the device id, and
    /// one for each part with its kind's first letter, as in <c>s temperature</c> and <c>w o_relay1</c>.
    /// </summary>
    internal static class AnnouncementMark
    {
        public const char Device = 'd';
        public const char Sensor = 's';
        public const char Switch = 'w';
        public const char BinarySensor = 'b';

        private const int KindLength = 2;
        private const int MaxBytes = 2048;

        /// <summary>Reads the mark; one of an earlier version says no more than that there is one.</summary>
        /// <returns>The mark, or <see langword="null"/> when there is none that can be read.</returns>
        public static byte[] Read(IStore store)
        {
            int size = store.GetSize(DeviceDiscovery.MarkName);
            if (size <= 0 || size > MaxBytes)
            {
                return null;
            }

            byte[] mark = new byte[size];
            return store.TryRead(DeviceDiscovery.MarkName, mark, out int count) && count == size ? mark : null;
        }

        /// <summary>Writes the mark, unless it is there already.</summary>
        public static bool TryWrite(IStore store, string text)
        {
            byte[] mark = Encoding.UTF8.GetBytes(text);
            byte[] stored = Read(store);
            bool isSame = stored != null && stored.Length == mark.Length;
            for (int i = 0; isSame && i < mark.Length; i++)
            {
                isSame = stored[i] == mark[i];
            }

            return isSame || store.TryWrite(DeviceDiscovery.MarkName, mark, mark.Length);
        }

        /// <summary>Gets the quantities that a mark has, as in a reading.</summary>
        public static int GetQuantities(byte[] mark)
        {
            int quantities = 0;
            int position = 0;
            while (TryNext(mark, ref position, out char kind, out string name))
            {
                for (int quantity = 0; kind == Sensor && quantity < Quantity.Count; quantity++)
                {
                    quantities |= Quantity.NameOf(quantity) == name ? 1 << quantity : 0;
                }
            }

            return quantities;
        }

        /// <summary>Adds a line.</summary>
        public static void Add(StringBuilder mark, char kind, string name)
        {
            mark.Append(kind).Append(' ').Append(name).Append('\n');
        }

        /// <summary>Takes the next line that can be understood.</summary>
        /// <param name="position">Where to start; receives where the next line starts.</param>
        /// <returns><see langword="false"/> when there is none.</returns>
        public static bool TryNext(byte[] mark, ref int position, out char kind, out string name)
        {
            kind = default;
            name = null;
            while (name == null && position < mark.Length)
            {
                int end = position;
                while (end < mark.Length && mark[end] != (byte)'\n')
                {
                    end++;
                }

                if (end < mark.Length && end - position > KindLength && mark[position + 1] == (byte)' ')
                {
                    kind = (char)mark[position];
                    name = Encoding.UTF8.GetString(mark, position + KindLength, end - position - KindLength);
                }

                position = end + 1;
            }

            return name != null;
        }

        /// <summary>Names the platform of a kind.</summary>
        public static string PlatformOf(char kind)
        {
            return kind == Switch ? "switch" : kind == BinarySensor ? "binary_sensor" : "sensor";
        }
    }
}

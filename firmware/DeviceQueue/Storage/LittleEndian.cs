
namespace DeviceQueue.Storage
{
    /// <summary>Numbers in stored records, lowest byte first.</summary>
    public static class LittleEndian
    {
        /// <summary>Reads a number.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where its lowest byte stands.</param>
        /// <param name="size">How many bytes it has, 1 to 8.</param>
        /// <returns>The number; with fewer than 8 bytes never negative.</returns>
        public static long Get(byte[] data, int offset, int size)
        {
            long value = 0;
            for (int i = size - 1; i >= 0; i--)
            {
                value = (value << 8) | data[offset + i];
            }

            return value;
        }

        /// <summary>Writes a number.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where its lowest byte goes.</param>
        /// <param name="size">How many bytes it has, 1 to 8.</param>
        /// <param name="value">The number; what does not fit into its bytes is left out.</param>
        public static void Set(byte[] data, int offset, int size, long value)
        {
            for (int i = 0; i < size; i++)
            {
                data[offset + i] = (byte)(value >> (8 * i));
            }
        }
    }
}

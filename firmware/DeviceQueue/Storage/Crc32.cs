
namespace DeviceQueue.Storage
{
    /// <summary>CRC-32 of IEEE 802.3: reflected polynomial 0xEDB88320, start and final inversion 0xFFFFFFFF.</summary>
    public static class Crc32
    {
        // Half a byte at a time: 64 bytes of table in place of 1,024.
        private static readonly uint[] Table =
        {
            0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
            0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
        };

        /// <summary>Computes the checksum of bytes.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        /// <returns>The checksum; 0 for no bytes.</returns>
        public static uint Compute(byte[] data, int offset, int count)
        {
            return Append(0, data, offset, count);
        }

        /// <summary>Goes on with a checksum over more bytes.</summary>
        /// <param name="crc">The checksum of the bytes before, 0 at the start.</param>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        /// <returns>The checksum of all bytes so far.</returns>
        public static uint Append(uint crc, byte[] data, int offset, int count)
        {
            uint[] table = Table;
            crc = ~crc;
            for (int i = offset; i < offset + count; i++)
            {
                crc ^= data[i];
                crc = (crc >> 4) ^ table[crc & 0x0F];
                crc = (crc >> 4) ^ table[crc & 0x0F];
            }

            return ~crc;
        }
    }
}

using System.Text;

namespace DeviceQueue.Json
{
    /// <summary>Bytes as lower-case hexadecimal text.</summary>
    public static class Hex
    {
        private const string Digits = "0123456789abcdef";

        /// <summary>Writes bytes as text.</summary>
        /// <param name="bytes">The bytes.</param>
        /// <returns>Two digits for each.</returns>
        public static string ToText(byte[] bytes)
        {
            byte[] text = new byte[bytes.Length * 2];
            Write(bytes, text);
            return Encoding.UTF8.GetString(text, 0, text.Length);
        }

        /// <summary>Writes bytes as text in UTF-8.</summary>
        /// <param name="bytes">The bytes.</param>
        /// <param name="text">Takes two digits for each.</param>
        public static void Write(byte[] bytes, byte[] text)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                text[i * 2] = (byte)Digits[bytes[i] >> 4];
                text[(i * 2) + 1] = (byte)Digits[bytes[i] & 15];
            }
        }
    }
}

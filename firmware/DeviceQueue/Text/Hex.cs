using System.Text;

namespace DeviceQueue.Text
{
    /// <summary>Bytes as hexadecimal text, written in lower case.</summary>
    public static class Hex
    {
        /// <summary>Writes bytes as text.</summary>
        /// <param name="bytes">The bytes.</param>
        /// <returns>Two digits for each.</returns>
        public static string ToText(byte[] bytes)
        {
            byte[] text = new byte[bytes.Length * 2];
            Write(bytes, text);
            return Encoding.UTF8.GetString(text, 0, text.Length);
        }

        /// <summary>Says what a digit stands for.</summary>
        /// <param name="character">A character; upper case counts too.</param>
        /// <returns>0 to 15, or -1 when it is no digit.</returns>
        internal static int ValueOf(int character)
        {
            return character >= '0' && character <= '9' ? character - '0'
                : character >= 'a' && character <= 'f' ? character - 'a' + 10
                : character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
        }

        /// <summary>Writes bytes as text in UTF-8.</summary>
        /// <param name="bytes">The bytes.</param>
        /// <param name="text">Takes two digits for each.</param>
        public static void Write(byte[] bytes, byte[] text)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                Write(bytes[i], text, i * 2);
            }
        }

        /// <summary>Writes a byte as two digits.</summary>
        internal static void Write(byte value, byte[] text, int offset)
        {
            int high = value >> 4;
            int low = value & 15;
            text[offset] = (byte)(high < 10 ? '0' + high : 'a' + high - 10);
            text[offset + 1] = (byte)(low < 10 ? '0' + low : 'a' + low - 10);
        }
    }
}

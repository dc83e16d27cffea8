using System.Text;

namespace DeviceQueue.Text
{
    /// <summary>Text with percent escapes (RFC 3986, section 2.1).</summary>
    internal static class PercentText
    {
        /// <summary>Resolves the escapes.</summary>
        /// <param name="text">The text.</param>
        /// <returns>The text meant, or <see langword="null"/> when an escape is wrong or stands for a control character
        /// or for what is not UTF-8.</returns>
        public static string Decode(string text)
        {
            if (text.Length == 0)
            {
                return text;
            }

            byte[] bytes = Encoding.UTF8.GetBytes(text);
            int count = 0;
            for (int i = 0; i < bytes.Length; i++)
            {
                byte value = bytes[i];
                if (value == '%')
                {
                    int high = i + 2 < bytes.Length ? Hex.ValueOf(bytes[i + 1]) : -1;
                    int low = i + 2 < bytes.Length ? Hex.ValueOf(bytes[i + 2]) : -1;
                    if (high < 0 || low < 0)
                    {
                        return null;
                    }

                    value = (byte)((high << 4) | low);
                    i += 2;
                }

                bytes[count++] = value;
            }

            return IsText(bytes, count) ? Encoding.UTF8.GetString(bytes, 0, count) : null;
        }

        private static bool IsText(byte[] bytes, int count)
        {
            int position = 0;
            while (position < count)
            {
                int length = Utf8.SequenceLength(bytes, position, count);
                if (length == 0 || bytes[position] < 0x20)
                {
                    return false;
                }

                position += length;
            }

            return true;
        }
    }
}

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
            char[] text = new char[bytes.Length * 2];
            for (int i = 0; i < bytes.Length; i++)
            {
                text[i * 2] = Digits[bytes[i] >> 4];
                text[(i * 2) + 1] = Digits[bytes[i] & 15];
            }

            return new string(text);
        }
    }
}

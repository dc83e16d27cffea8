namespace DeviceQueue.Diagnostics
{
    /// <summary>Texts of unknown origin, such as those of exceptions, made fit for records and reports.</summary>
    public static class PlainText
    {
        /// <summary>
        /// Replaces control characters by spaces and cuts a text at a number of bytes, never within a character.
        /// </summary>
        /// <param name="text">The text, or <see langword="null"/>.</param>
        /// <param name="maxBytes">The most bytes that the result takes in UTF-8.</param>
        /// <returns>The text, or <see langword="null"/> for <see langword="null"/>.</returns>
        public static string Cut(string text, int maxBytes)
        {
            if (text == null)
            {
                return null;
            }

            char[] chars = text.ToCharArray();
            int end = 0;
            for (int bytes = 0; end < chars.Length; end++)
            {
                char unit = chars[end];
                bool isPair = unit >= 0xD800 && unit <= 0xDBFF && end + 1 < chars.Length;
                bytes += isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
                if (bytes > maxBytes)
                {
                    break;
                }

                chars[end] = unit < ' ' || unit == 0x7F ? ' ' : unit;
                end += isPair ? 1 : 0;
            }

            return new string(chars, 0, end < chars.Length ? end : chars.Length);
        }
    }
}


namespace DeviceQueue.Text
{
    /// <summary>
    /// Names, and texts of unknown origin made fit for records and reports, such as those of exceptions.
    /// </summary>
    public static class PlainText
    {
        /// <summary>How long the names of devices and outputs may be.</summary>
        public const int MaxNameLength = 32;

        internal const string NameRule = "1 to 32 of A-Z a-z 0-9 _ - are allowed";

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

        /// <summary>Says whether a text can name a device or an output.</summary>
        /// <param name="name">The text, or <see langword="null"/>.</param>
        /// <returns><see langword="true"/> for 1 to 32 of <c>A-Z a-z 0-9 _ -</c>.</returns>
        public static bool IsName(string name)
        {
            int length = name == null ? 0 : name.Length;
            for (int i = 0; i < length; i++)
            {
                char c = name[i];
                bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                if (!isLetter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
                {
                    return false;
                }
            }

            return length > 0 && length <= MaxNameLength;
        }
    }
}


namespace DeviceQueue.Text
{
    /// <summary>
    /// UTF-8 over byte arrays, without a string or an array of its own. The Unicode Standard 15, section 3.9, says
    /// which bytes are well formed.
    /// </summary>
    public static class Utf8
    {
        private const int Replacement = 0xFFFD;

        /// <summary>Counts the bytes of a text.</summary>
        /// <param name="text">The text, or <see langword="null"/>.</param>
        /// <returns>The number of bytes; a lone surrogate counts as U+FFFD, <see langword="null"/> as
        /// nothing.</returns>
        public static int GetByteCount(string text)
        {
            int length = text == null ? 0 : text.Length;
            int count = 0;
            int index = 0;
            while (index < length)
            {
                count += SizeOf(NextCodePoint(text, length, ref index));
            }

            return count;
        }

        /// <summary>Writes a text.</summary>
        /// <param name="text">The text, or <see langword="null"/> for nothing.</param>
        /// <param name="buffer">Where to.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The place after the last byte, or -1 when the text does not fit.</returns>
        public static int Write(string text, byte[] buffer, int offset)
        {
            int length = text == null ? 0 : text.Length;
            int index = 0;
            while (index < length)
            {
                int codePoint = NextCodePoint(text, length, ref index);
                if (offset + SizeOf(codePoint) > buffer.Length)
                {
                    return -1;
                }

                offset = Write(codePoint, buffer, offset);
            }

            return offset;
        }

        /// <summary>Reads the code point at a place of a text.</summary>
        /// <param name="text">The text.</param>
        /// <param name="length">Its length, which the device counts at each call.</param>
        /// <param name="index">The place, moved past what was read.</param>
        /// <returns>The code point; U+FFFD for a lone surrogate.</returns>
        internal static int NextCodePoint(string text, int length, ref int index)
        {
            int unit = text[index++];
            if (unit < 0xD800 || unit > 0xDFFF)
            {
                return unit;
            }

            if (unit > 0xDBFF || index == length)
            {
                return Replacement;
            }

            int low = text.ToCharArray(index, 1)[0]; // on the interpreter text[index] is the first half once more
            if (low < 0xDC00 || low > 0xDFFF)
            {
                return Replacement;
            }

            index++;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }

        /// <summary>Decodes the character at a place of well-formed bytes, and moves the place past it.</summary>
        internal static int NextCodePoint(byte[] data, ref int position)
        {
            int lead = data[position++];
            if (lead < 0x80)
            {
                return lead;
            }

            int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
            int codePoint = lead & (0x3F >> more);
            for (; more > 0; more--)
            {
                codePoint = (codePoint << 6) | (data[position++] & 0x3F);
            }

            return codePoint;
        }

        /// <summary>Says how many bytes a code point takes.</summary>
        /// <param name="codePoint">The code point.</param>
        /// <returns>1 to 4.</returns>
        internal static int SizeOf(int codePoint)
        {
            return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
        }

        /// <summary>Writes a code point; there must be room for it.</summary>
        /// <param name="codePoint">The code point, no surrogate.</param>
        /// <param name="buffer">Where to.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The place after it.</returns>
        internal static int Write(int codePoint, byte[] buffer, int offset)
        {
            int size = SizeOf(codePoint);
            if (size == 1)
            {
                buffer[offset] = (byte)codePoint;
                return offset + 1;
            }

            for (int i = size - 1; i > 0; i--)
            {
                buffer[offset + i] = (byte)(0x80 | (codePoint & 0x3F));
                codePoint >>= 6;
            }

            int lead = size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0;
            buffer[offset] = (byte)(lead | codePoint);
            return offset + size;
        }

        /// <summary>Measures the character at a place.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="position">The place.</param>
        /// <param name="end">The end of the bytes.</param>
        /// <returns>1 to 4 bytes, or 0 when they are not well formed (table 3-7 of the standard).</returns>
        internal static int SequenceLength(byte[] data, int position, int end)
        {
            int lead = data[position];
            if (lead < 0x80)
            {
                return 1;
            }

            int size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
            if (size == 0 || position + size > end)
            {
                return 0;
            }

            int lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            int highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            int second = data[position + 1];
            if (second < lowest || second > highest)
            {
                return 0;
            }

            for (int i = 2; i < size; i++)
            {
                if ((data[position + i] & 0xC0) != 0x80)
                {
                    return 0;
                }
            }

            return size;
        }
    }
}

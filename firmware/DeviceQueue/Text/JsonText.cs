namespace DeviceQueue.Text
{
    /// <summary>
    /// The characters between a text's quotation marks (RFC 8259, section 7): bytes of UTF-8 and escapes, measured,
    /// decoded, compared and written. What is decoded must have been measured before, so that it is well formed.
    /// </summary>
    internal static class JsonText
    {
        /// <summary>The most bytes of one character: a pair of surrogates, escaped.</summary>
        public const int MaxCharacterBytes = 12;

        private const int EscapedUnitBytes = 6;

        /// <summary>Measures the character at a place.</summary>
        /// <returns>Its length in bytes, or 0 when it is not well formed.</returns>
        public static int Measure(byte[] data, int position, int end)
        {
            byte lead = data[position];
            return lead == '\\' ? MeasureEscape(data, position, end)
                : lead < 0x20 ? 0 : Utf8.SequenceLength(data, position, end);
        }

        /// <summary>Decodes the character at a place, and moves the place past it.</summary>
        public static int Next(byte[] data, ref int position)
        {
            if (data[position] != '\\')
            {
                return Utf8.NextCodePoint(data, ref position);
            }

            byte kind = data[position + 1];
            if (kind != 'u')
            {
                position += 2;
                return kind == 'b' ? '\b' : kind == 'f' ? '\f' : kind == 'n' ? '\n'
                    : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
            }

            int unit = ReadUnit(data, position, data.Length);
            position += EscapedUnitBytes;
            if (unit < 0xD800 || unit > 0xDFFF)
            {
                return unit;
            }

            int low = ReadUnit(data, position, data.Length);
            position += EscapedUnitBytes;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }

        /// <summary>Measures characters once they are decoded, in bytes of UTF-8.</summary>
        public static int GetDecodedLength(byte[] data, int start, int end)
        {
            int length = 0;
            while (start < end)
            {
                length += Utf8.SizeOf(Next(data, ref start));
            }

            return length;
        }

        /// <summary>Decodes characters; where they stand, too, because none becomes longer.</summary>
        /// <returns>The place after the last byte.</returns>
        public static int Decode(byte[] data, int start, int end, byte[] target, int offset)
        {
            while (start < end)
            {
                offset = Utf8.Write(Next(data, ref start), target, offset);
            }

            return offset;
        }

        /// <summary>Compares characters with a text.</summary>
        public static bool AreEqual(byte[] data, int start, int end, string text)
        {
            int length = text.Length;
            int index = 0;
            while (start < end && index < length)
            {
                int lead = data[start];
                bool isPlain = lead < 0x80 && lead != '\\';
                int own = isPlain ? lead : Next(data, ref start);
                start += isPlain ? 1 : 0;
                if (own != (isPlain ? text[index++] : Utf8.NextCodePoint(text, length, ref index)))
                {
                    return false;
                }
            }

            return start == end && index == length;
        }

        /// <summary>Compares characters with others of the same bytes.</summary>
        public static bool AreEqual(byte[] data, int start, int end, int otherStart, int otherEnd)
        {
            bool isEqual = true;
            while (isEqual && start < end && otherStart < otherEnd)
            {
                isEqual = Next(data, ref start) == Next(data, ref otherStart);
            }

            return isEqual && start == end && otherStart == otherEnd;
        }

        /// <summary>Writes a code point, escaped where JSON asks for it.</summary>
        /// <returns>The place after it, or -1 when it does not fit.</returns>
        public static int Write(int codePoint, byte[] buffer, int offset)
        {
            bool isQuoted = codePoint == '"' || codePoint == '\\';
            int letter = isQuoted ? codePoint : codePoint < 0x20 ? GetLetter(codePoint) : 0;
            int size = letter == 'u' ? EscapedUnitBytes : letter != 0 ? 2 : Utf8.SizeOf(codePoint);
            if (offset + size > buffer.Length)
            {
                return -1;
            }

            if (letter == 0)
            {
                return Utf8.Write(codePoint, buffer, offset);
            }

            buffer[offset] = (byte)'\\';
            buffer[offset + 1] = (byte)letter;
            if (letter == 'u')
            {
                buffer[offset + 2] = (byte)'0';
                buffer[offset + 3] = (byte)'0';
                Hex.Write((byte)codePoint, buffer, offset + 4);
            }

            return offset + size;
        }

        private static int GetLetter(int control)
        {
            return control == '\n' ? 'n' : control == '\r' ? 'r' : control == '\t' ? 't'
                : control == '\b' ? 'b' : control == '\f' ? 'f' : 'u';
        }

        private static int MeasureEscape(byte[] data, int position, int end)
        {
            if (position + 1 >= end)
            {
                return 0;
            }

            byte kind = data[position + 1];
            if (kind != 'u')
            {
                bool isKnown = kind == '"' || kind == '\\' || kind == '/' || kind == 'b' || kind == 'f'
                    || kind == 'n' || kind == 'r' || kind == 't';
                return isKnown ? 2 : 0;
            }

            int unit = ReadUnit(data, position, end);
            if (unit <= 0 || (unit >= 0xDC00 && unit <= 0xDFFF))
            {
                return 0;
            }

            if (unit < 0xD800 || unit > 0xDFFF)
            {
                return EscapedUnitBytes;
            }

            int low = ReadUnit(data, position + EscapedUnitBytes, end);
            return low >= 0xDC00 && low <= 0xDFFF ? MaxCharacterBytes : 0;
        }

        // The UTF-16 unit that an escape of six bytes stands for, or -1.
        private static int ReadUnit(byte[] data, int position, int end)
        {
            if (position + EscapedUnitBytes > end || data[position] != '\\' || data[position + 1] != 'u')
            {
                return -1;
            }

            int unit = 0;
            for (int i = 2; i < EscapedUnitBytes; i++)
            {
                int digit = Hex.ValueOf(data[position + i]);
                if (digit < 0)
                {
                    return -1;
                }

                unit = (unit << 4) | digit;
            }

            return unit;
        }
    }
}

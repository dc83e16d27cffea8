namespace DeviceQueue.Json
{
    /// <summary>
    /// Base64 (RFC 4648, section 4) from bytes to bytes. Decoding takes the canonical form only: padded, no line breaks, unused bits zero.
    /// So bytes have exactly one text, and what was signed as text can be written again from the bytes.
    /// </summary>
    public static class Base64
    {
        private const byte Pad = (byte)'=';

        /// <summary>Says how long the text of bytes is.</summary>
        /// <param name="count">The number of bytes.</param>
        /// <returns>The number of characters.</returns>
        public static int GetEncodedLength(int count)
        {
            return (count + 2) / 3 * 4;
        }

        /// <summary>Writes the text of bytes.</summary>
        /// <param name="data">The bytes.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        /// <param name="target">Where to.</param>
        /// <param name="targetOffset">At which place.</param>
        /// <returns>The number of characters, or -1 when they do not fit.</returns>
        public static int Encode(byte[] data, int offset, int count, byte[] target, int targetOffset)
        {
            int length = GetEncodedLength(count);
            if (targetOffset + length > target.Length)
            {
                return -1;
            }

            int end = offset + count;
            for (int i = offset; i < end; i += 3)
            {
                int left = end - i;
                int bits = data[i] << 16;
                bits |= left > 1 ? data[i + 1] << 8 : 0;
                bits |= left > 2 ? data[i + 2] : 0;
                target[targetOffset] = ToCharacter(bits >> 18);
                target[targetOffset + 1] = ToCharacter((bits >> 12) & 0x3F);
                target[targetOffset + 2] = left > 1 ? ToCharacter((bits >> 6) & 0x3F) : Pad;
                target[targetOffset + 3] = left > 2 ? ToCharacter(bits & 0x3F) : Pad;
                targetOffset += 4;
            }

            return length;
        }

        /// <summary>Says how many bytes a text stands for.</summary>
        /// <param name="text">The text.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <returns>The number of bytes, or -1 when the length is no multiple of four. Other faults show in <see cref="Decode"/>.</returns>
        public static int GetDecodedLength(byte[] text, int offset, int count)
        {
            if (count % 4 != 0)
            {
                return -1;
            }

            int padding = 0;
            while (padding < 2 && padding < count && text[offset + count - 1 - padding] == Pad)
            {
                padding++;
            }

            return (count / 4 * 3) - padding;
        }

        /// <summary>Reads the bytes that a text stands for.</summary>
        /// <param name="text">The text.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <param name="target">Where to, at least as long as <see cref="GetDecodedLength"/> says.</param>
        /// <returns><see langword="false"/> when the text is not canonical Base64 or does not fit.</returns>
        public static bool Decode(byte[] text, int offset, int count, byte[] target)
        {
            int length = GetDecodedLength(text, offset, count);
            if (length < 0 || length > target.Length)
            {
                return false;
            }

            int written = 0;
            for (int i = offset; i < offset + count; i += 4)
            {
                int size = length - written < 3 ? length - written : 3;
                int bits = ReadGroup(text, i, size);
                if (bits < 0)
                {
                    return false;
                }

                for (int k = 0; k < size; k++)
                {
                    target[written++] = (byte)(bits >> (16 - (8 * k)));
                }
            }

            return true;
        }

        // The 24 bits of four characters that stand for 1 to 3 bytes, or -1.
        private static int ReadGroup(byte[] text, int position, int size)
        {
            int bits = 0;
            for (int k = 0; k < 4; k++)
            {
                int value = k <= size ? ToValue(text[position + k]) : 0;
                if (value < 0)
                {
                    return -1;
                }

                bits = (bits << 6) | value;
            }

            int unused = size == 1 ? 0xFFFF : size == 2 ? 0xFF : 0;
            return (bits & unused) != 0 ? -1 : bits;
        }

        private static byte ToCharacter(int value)
        {
            int character = value < 26 ? 'A' + value
                : value < 52 ? 'a' + value - 26
                : value < 62 ? '0' + value - 52
                : value == 62 ? '+' : '/';
            return (byte)character;
        }

        private static int ToValue(int character)
        {
            return character >= 'A' && character <= 'Z' ? character - 'A'
                : character >= 'a' && character <= 'z' ? character - 'a' + 26
                : character >= '0' && character <= '9' ? character - '0' + 52
                : character == '+' ? 62
                : character == '/' ? 63 : -1;
        }
    }
}

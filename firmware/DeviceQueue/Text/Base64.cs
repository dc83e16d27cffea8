
namespace DeviceQueue.Text
{
    /// <summary>
    /// Base64 (RFC 4648, section 4) from bytes to bytes. Decoding takes the canonical form only: padded, no line
    /// breaks, unused bits zero. So bytes have exactly one text, and what was signed as text can be written again from
    /// the bytes.
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
            for (; end - offset > 2; offset += 3)
            {
                int bits = (data[offset] << 16) | (data[offset + 1] << 8) | data[offset + 2];
                target[targetOffset] = ToCharacter(bits >> 18);
                target[targetOffset + 1] = ToCharacter((bits >> 12) & 0x3F);
                target[targetOffset + 2] = ToCharacter((bits >> 6) & 0x3F);
                target[targetOffset + 3] = ToCharacter(bits & 0x3F);
                targetOffset += 4;
            }

            if (offset < end)
            {
                bool isPair = end - offset == 2;
                int bits = (data[offset] << 8) | (isPair ? data[offset + 1] : 0);
                target[targetOffset] = ToCharacter(bits >> 10);
                target[targetOffset + 1] = ToCharacter((bits >> 4) & 0x3F);
                target[targetOffset + 2] = isPair ? ToCharacter((bits << 2) & 0x3F) : Pad;
                target[targetOffset + 3] = Pad;
            }

            return length;
        }

        /// <summary>Says how many bytes a text stands for.</summary>
        /// <param name="text">The text.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <returns>The number of bytes, or -1 when the length is no multiple of four. Other faults show in
        /// <see cref="Decode"/>.</returns>
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
            for (; length - written > 2; offset += 4)
            {
                int bits = (ToValue(text[offset]) << 18) | (ToValue(text[offset + 1]) << 12)
                    | (ToValue(text[offset + 2]) << 6) | ToValue(text[offset + 3]);
                if (bits < 0)
                {
                    return false;
                }

                target[written] = (byte)(bits >> 16);
                target[written + 1] = (byte)(bits >> 8);
                target[written + 2] = (byte)bits;
                written += 3;
            }

            return written == length || DecodeRest(text, offset, target, written, length);
        }

        // The last group, which stands for one or two bytes; its unused bits are 0.
        private static bool DecodeRest(byte[] text, int offset, byte[] target, int written, int length)
        {
            bool isPair = length - written == 2;
            int bits = (ToValue(text[offset]) << 12) | (ToValue(text[offset + 1]) << 6)
                | (isPair ? ToValue(text[offset + 2]) : 0);
            if ((bits & (isPair ? 3 : 0x3FF)) != 0 || bits < 0)
            {
                return false;
            }

            target[written] = (byte)(bits >> 10);
            if (isPair)
            {
                target[written + 1] = (byte)(bits >> 2);
            }

            return true;
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
            return character >= 'a' ? (character <= 'z' ? character - 'a' + 26 : -1)
                : character >= 'A' ? (character <= 'Z' ? character - 'A' : -1)
                : character >= '0' ? (character <= '9' ? character - '0' + 52 : -1)
                : character == '+' ? 62
                : character == '/' ? 63 : -1;
        }
    }
}

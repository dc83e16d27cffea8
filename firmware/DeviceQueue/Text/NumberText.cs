
namespace DeviceQueue.Text
{
    /// <summary>
    /// Numbers as JSON writes them, read from bytes and written into bytes: the same on the device and on the desktop,
    /// whatever the culture.
    /// </summary>
    public static class NumberText
    {
        // 18 digits fit a long; what is beyond them is below a double's precision.
        private const int MaxDigits = 18;
        private const int MaxExponent = 308;

        private const int MaxExactPower = 22; // 10^22 is the highest power of ten that a double has exactly
        private const double MaxScaled = 9007199254740992.0; // whole numbers up to 2^53 are exact in a double
        private const int MaxDecimals = 9;

        /// <summary>
        /// Reads a whole number: digits without a needless 0 in front, a minus sign before them if need be.
        /// </summary>
        /// <param name="text">The text, in ASCII.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <param name="value">The number.</param>
        /// <returns><see langword="false"/> when it is something else or does not fit 64 bits.</returns>
        public static bool TryParseInt64(byte[] text, int offset, int count, out long value)
        {
            value = 0;
            int end = offset + count;
            bool isNegative = count > 0 && text[offset] == '-';
            int position = isNegative ? offset + 1 : offset;
            if (position == end || HasLeadingZero(text, position, end))
            {
                return false;
            }

            // Downwards, because the lowest number has no positive counterpart.
            long sum = 0;
            for (; position < end; position++)
            {
                int digit = text[position] - '0';
                if (digit < 0 || digit > 9 || sum < (long.MinValue + digit) / 10)
                {
                    return false;
                }

                sum = (sum * 10) - digit;
            }

            if (!isNegative && sum == long.MinValue)
            {
                return false;
            }

            value = isNegative ? sum : -sum;
            return true;
        }

        /// <summary>Reads a number by JSON's grammar (RFC 8259, section 6), leading zeros allowed.</summary>
        /// <param name="text">The text, in ASCII.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How long it is.</param>
        /// <param name="value">The number, exact to the last bit up to 15 digits, else to a few of the last bits; too
        /// small a number is 0.</param>
        /// <returns><see langword="false"/> when it is no number or its size is 1E+308 or more.</returns>
        public static bool TryParseDouble(byte[] text, int offset, int count, out double value)
        {
            value = 0;
            int end = offset + count;
            bool isNegative = count > 0 && text[offset] == '-';
            int position = isNegative ? offset + 1 : offset;
            long mantissa = 0;
            int exponent = 0;
            if (HasLeadingZero(text, position, end)
                || !TryReadDigits(text, ref position, end, ref mantissa, ref exponent, 0))
            {
                return false;
            }

            if (position < end && text[position] == '.')
            {
                position++;
                if (!TryReadDigits(text, ref position, end, ref mantissa, ref exponent, 1))
                {
                    return false;
                }
            }

            if (!TryReadExponent(text, ref position, end, ref exponent)
                || position != end
                || !TryScale(mantissa, exponent, out value))
            {
                return false;
            }

            value = isNegative ? -value : value;
            return true;
        }

        /// <summary>
        /// Multiplies a number by a power of ten and rounds it half away from zero, to be written with so many
        /// decimals.
        /// </summary>
        /// <param name="decimals">0 to 9; what is outside is moved to the nearest of them.</param>
        /// <returns><see langword="false"/> for NaN, infinity and what is more than 2^53 then.</returns>
        internal static bool TryRound(double value, ref int decimals, out long scaled)
        {
            scaled = 0;

            // NaN first: on the device it compares as greater than everything.
            if (double.IsNaN(value) || double.IsInfinity(value))
            {
                return false;
            }

            decimals = decimals < 0 ? 0 : decimals > MaxDecimals ? MaxDecimals : decimals;
            bool isNegative = value < 0;
            double size = isNegative ? -value : value;
            for (int i = 0; i < decimals; i++)
            {
                size *= 10;
            }

            if (size >= MaxScaled)
            {
                return false;
            }

            // The fraction is looked at by itself, because adding a half to a large size would round twice.
            scaled = (long)size;
            scaled += size - scaled >= 0.5 ? 1 : 0;
            scaled = isNegative ? -scaled : scaled;
            return true;
        }

        /// <summary>Writes a whole number, the last digits of it as decimals.</summary>
        /// <returns>The place after it, or -1 when it does not fit.</returns>
        internal static int Write(long scaled, int decimals, byte[] buffer, int offset)
        {
            ulong rest = scaled < 0 ? (ulong)(-(scaled + 1)) + 1 : (ulong)scaled;
            int digits = 1;
            for (ulong higher = rest / 10; higher > 0; higher /= 10)
            {
                digits++;
            }

            digits = digits > decimals ? digits : decimals + 1;
            int start = scaled < 0 ? offset + 1 : offset;
            int end = start + digits + (decimals > 0 ? 1 : 0);
            if (end > buffer.Length)
            {
                return -1;
            }

            int position = end;
            for (int i = 0; i < decimals; i++)
            {
                buffer[--position] = (byte)('0' + (int)(rest % 10));
                rest /= 10;
            }

            if (decimals > 0)
            {
                buffer[--position] = (byte)'.';
            }

            while (position > start)
            {
                buffer[--position] = (byte)('0' + (int)(rest % 10));
                rest /= 10;
            }

            if (scaled < 0)
            {
                buffer[offset] = (byte)'-';
            }

            return end;
        }

        // Not JSON: what is read here is written as it stands, into an answer for one.
        private static bool HasLeadingZero(byte[] text, int position, int end)
        {
            return end - position > 1 && text[position] == '0'
                && text[position + 1] >= '0' && text[position + 1] <= '9';
        }

        private static bool TryReadDigits(
            byte[] text, ref int position, int end, ref long mantissa, ref int exponent, int decimals)
        {
            int start = position;
            for (; position < end && text[position] >= '0' && text[position] <= '9'; position++)
            {
                if (mantissa < 100000000000000000)
                {
                    mantissa = (mantissa * 10) + (text[position] - '0');
                    exponent -= decimals;
                }
                else
                {
                    exponent += 1 - decimals;
                }
            }

            return position > start;
        }

        private static bool TryReadExponent(byte[] text, ref int position, int end, ref int exponent)
        {
            if (position == end || (text[position] != 'e' && text[position] != 'E'))
            {
                return true;
            }

            position++;
            bool isNegative = position < end && text[position] == '-';
            if (isNegative || (position < end && text[position] == '+'))
            {
                position++;
            }

            int start = position;
            int value = 0;
            for (; position < end && text[position] >= '0' && text[position] <= '9'; position++)
            {
                value = value < 100000 ? (value * 10) + (text[position] - '0') : value;
            }

            exponent += isNegative ? -value : value;
            return position > start;
        }

        private static bool TryScale(long mantissa, int exponent, out double value)
        {
            value = mantissa;
            if (mantissa == 0)
            {
                return true;
            }

            if (exponent > MaxExponent || exponent < -MaxExponent - MaxDigits)
            {
                value = 0;
                return exponent < 0;
            }

            while (exponent < 0)
            {
                int step = exponent < -MaxExactPower ? MaxExactPower : -exponent;
                value /= PowerOfTen(step);
                exponent += step;
            }

            while (exponent > 0)
            {
                int step = exponent > MaxExactPower ? MaxExactPower : exponent;
                double power = PowerOfTen(step);
                if (value >= 1e308 / power)
                {
                    return false;
                }

                value *= power;
                exponent -= step;
            }

            return true;
        }

        // Exact, so a number of up to 15 digits with up to 22 decimals is rounded once only.
        private static double PowerOfTen(int exponent)
        {
            double power = 1;
            for (; exponent > 0; exponent--)
            {
                power *= 10;
            }

            return power;
        }
    }
}

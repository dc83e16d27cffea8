using System;

namespace DeviceQueue.Text
{
    /// <summary>
    /// Writes JSON without spaces into a given array and allocates nothing. What does not fit sets
    /// <see cref="IsOverflow"/>; no member throws. That braces close and names stand before values is the caller's
    /// care. Not safe for use from two threads at once.
    /// </summary>
    public sealed class JsonWriter
    {
        private byte[] _buffer;
        private int _start;
        private int _position;
        private bool _needsComma;
        private bool _isOverflow;

        /// <summary>Gets how many bytes have been written.</summary>
        public int Length => _position - _start;

        /// <summary>
        /// Gets a value indicating whether something did not fit; what was written then is incomplete.
        /// </summary>
        public bool IsOverflow => _isOverflow;

        /// <summary>Starts over.</summary>
        /// <param name="buffer">Where to write, to its end.</param>
        /// <param name="offset">The place to start at.</param>
        public void Reset(byte[] buffer, int offset)
        {
            _buffer = buffer;
            _start = offset;
            _position = offset;
            _needsComma = false;
            _isOverflow = false;
        }

        /// <summary>Opens an object.</summary>
        public void BeginObject()
        {
            BeforeValue();
            Put((byte)'{');
            _needsComma = false;
        }

        /// <summary>Closes an object.</summary>
        public void EndObject()
        {
            Put((byte)'}');
            _needsComma = true;
        }

        /// <summary>Opens an array.</summary>
        public void BeginArray()
        {
            BeforeValue();
            Put((byte)'[');
            _needsComma = false;
        }

        /// <summary>Closes an array.</summary>
        public void EndArray()
        {
            Put((byte)']');
            _needsComma = true;
        }

        /// <summary>Writes the name of a member.</summary>
        /// <param name="name">The name.</param>
        public void Name(string name)
        {
            Name(name, 0);
        }

        /// <summary>Writes the name of a member.</summary>
        /// <param name="text">Ends with the name.</param>
        /// <param name="start">Where the name starts.</param>
        public void Name(string text, int start)
        {
            BeginText();
            Append(text, start);
            EndText();
            Put((byte)':');
            _needsComma = false;
        }

        /// <summary>Writes the name of a member.</summary>
        /// <param name="utf8">Holds the name in UTF-8.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How many bytes it has.</param>
        public void Name(byte[] utf8, int offset, int count)
        {
            WriteText(utf8, offset, count);
            Put((byte)':');
            _needsComma = false;
        }

        /// <summary>Writes a text.</summary>
        /// <param name="text">The text, or <see langword="null"/> for the word null; a lone surrogate is written as
        /// U+FFFD.</param>
        public void WriteText(string text)
        {
            if (text == null)
            {
                WriteNull();
                return;
            }

            BeginText();
            Append(text);
            EndText();
        }

        /// <summary>Writes bytes of UTF-8 as a text.</summary>
        /// <param name="utf8">The bytes; each that is not well formed is written as U+FFFD.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        public void WriteText(byte[] utf8, int offset, int count)
        {
            BeginText();
            Append(utf8, offset, count);
            EndText();
        }

        /// <summary>Opens a text that is written in pieces.</summary>
        internal void BeginText()
        {
            BeforeValue();
            Put((byte)'"');
        }

        /// <summary>Writes a piece of a text.</summary>
        /// <param name="text">The text.</param>
        /// <param name="index">Where in it the piece starts; it goes to the end.</param>
        internal void Append(string text, int index = 0)
        {
            int length = text.Length;
            while (index < length && !_isOverflow)
            {
                index = PutPlain(text, index, length);
                if (index < length)
                {
                    PutEscaped(Utf8.NextCodePoint(text, length, ref index));
                }
            }
        }

        /// <summary>Writes a piece of a text, whole characters.</summary>
        internal void Append(byte[] utf8, int offset, int count)
        {
            int end = offset + count;
            while (offset < end && !_isOverflow)
            {
                offset = PutPlain(utf8, offset, end);
                int size = offset < end ? Utf8.SequenceLength(utf8, offset, end) : 0;
                if (size > 1)
                {
                    PutAll(utf8, offset, size);
                    offset += size;
                }
                else if (offset < end)
                {
                    PutEscaped(size == 1 ? utf8[offset] : 0xFFFD);
                    offset++;
                }
            }
        }

        /// <summary>Closes a text that was written in pieces.</summary>
        internal void EndText()
        {
            Put((byte)'"');
        }

        /// <summary>Writes bytes as a text in Base64.</summary>
        /// <param name="data">The bytes, or <see langword="null"/> for the word null.</param>
        /// <param name="count">How many there are, from the start of the array.</param>
        public void WriteBase64(byte[] data, int count)
        {
            if (data == null)
            {
                WriteNull();
                return;
            }

            BeginText();
            if (!_isOverflow)
            {
                int length = Base64.Encode(data, 0, count, _buffer, _position);
                MoveTo(length < 0 ? -1 : _position + length);
            }

            EndText();
        }

        /// <summary>Writes a time as a text, see <see cref="Iso8601"/>.</summary>
        /// <param name="utc">The time in UTC; the word null stands for one that cannot be written,
        /// <see cref="DateTime.MinValue"/> among them.</param>
        public void WriteTime(DateTime utc)
        {
            int year = utc.Year;
            if (year < Iso8601.MinYear || year > Iso8601.MaxYear)
            {
                WriteNull();
                return;
            }

            BeginText();
            if (!_isOverflow)
            {
                MoveTo(Iso8601.Format(utc, _buffer, _position));
            }

            EndText();
        }

        /// <summary>Writes a whole number.</summary>
        /// <param name="value">The number.</param>
        public void WriteNumber(long value)
        {
            BeforeValue();
            PutNumber(value, 0);
        }

        /// <summary>Writes a number with fixed decimals as a text, see <see cref="WriteFixed"/>.</summary>
        /// <param name="value">The number; for one that cannot be written the word null stands without quotes.</param>
        /// <param name="decimals">The number of decimals, 0 to 9.</param>
        public void WriteFixedText(double value, int decimals)
        {
            if (NumberText.TryRound(value, ref decimals, out long scaled))
            {
                BeginText();
                PutNumber(scaled, decimals);
                EndText();
            }
            else
            {
                WriteNull();
            }
        }

        /// <summary>Writes a number with fixed decimals, rounded half away from zero, no exponent, never -0.</summary>
        /// <param name="value">The number; the word null stands for NaN, infinity and more than 2^53 /
        /// 10^decimals.</param>
        /// <param name="decimals">The number of decimals, 0 to 9.</param>
        public void WriteFixed(double value, int decimals)
        {
            if (NumberText.TryRound(value, ref decimals, out long scaled))
            {
                BeforeValue();
                PutNumber(scaled, decimals);
            }
            else
            {
                WriteNull();
            }
        }

        /// <summary>Writes true or false.</summary>
        /// <param name="value">Which.</param>
        public void WriteBoolean(bool value)
        {
            WriteRaw(value ? "true" : "false");
        }

        /// <summary>Writes the word null.</summary>
        public void WriteNull()
        {
            WriteRaw("null");
        }

        /// <summary>Writes a value that is JSON already, such as the text of a number.</summary>
        /// <param name="json">The value, in ASCII.</param>
        public void WriteRaw(string json)
        {
            BeforeValue();
            int length = json.Length;
            for (int i = 0; i < length; i++)
            {
                Put((byte)json[i]);
            }
        }

        /// <summary>Writes a value that is JSON already.</summary>
        /// <param name="json">Holds the value in UTF-8.</param>
        /// <param name="offset">Where it starts.</param>
        /// <param name="count">How many bytes it has.</param>
        public void WriteRaw(byte[] json, int offset, int count)
        {
            BeforeValue();
            PutAll(json, offset, count);
        }

        private void PutNumber(long scaled, int decimals)
        {
            if (!_isOverflow)
            {
                MoveTo(NumberText.Write(scaled, decimals, _buffer, _position));
            }
        }

        private void BeforeValue()
        {
            if (_needsComma)
            {
                Put((byte)',');
            }

            _needsComma = true;
        }

        // Writes what stands for itself, up to what does not; returns where that is.
        private int PutPlain(string text, int index, int length)
        {
            byte[] buffer = _buffer;
            int shift = _position - index;
            int end = length < buffer.Length - shift ? length : buffer.Length - shift;
            while (index < end)
            {
                char character = text[index];
                // Small letters are most of all, and stand for themselves.
                if ((character <= '\\' || character >= 0x80)
                    && (character < 0x20 || character >= '\\' || character == '"'))
                {
                    end = length; // it is not for want of room
                    break;
                }

                buffer[shift + index] = (byte)character;
                index++;
            }

            _position = shift + index;
            _isOverflow |= end < length;
            return index;
        }

        private int PutPlain(byte[] utf8, int offset, int end)
        {
            int start = offset;
            while (offset < end)
            {
                byte character = utf8[offset];
                if (character < 0x20 || character >= 0x80 || character == '"' || character == '\\')
                {
                    break;
                }

                offset++;
            }

            PutAll(utf8, start, offset - start);
            return offset;
        }

        private void PutAll(byte[] bytes, int offset, int count)
        {
            if (_isOverflow || _position + count > _buffer.Length)
            {
                _isOverflow = true;
                return;
            }

            Array.Copy(bytes, offset, _buffer, _position, count);
            _position += count;
        }

        private void PutEscaped(int codePoint)
        {
            if (!_isOverflow)
            {
                MoveTo(JsonText.Write(codePoint, _buffer, _position));
            }
        }

        private void Put(byte value)
        {
            if (_isOverflow || _position >= _buffer.Length)
            {
                _isOverflow = true;
                return;
            }

            _buffer[_position++] = value;
        }

        // Takes note of where what was written ends; -1 when it did not fit.
        private void MoveTo(int end)
        {
            _isOverflow = end < 0;
            _position = _isOverflow ? _position : end;
        }
    }
}

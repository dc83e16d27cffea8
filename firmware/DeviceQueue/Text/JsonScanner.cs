using System;

namespace DeviceQueue.Text
{
    /// <summary>
    /// Finds where the texts, numbers and words of JSON begin and end, in bytes that are all there or that come piece
    /// by piece through a window. What is wrong is said in a few words, and the place stays where it is wrong.
    /// </summary>
    internal sealed class JsonScanner
    {
        // Fields, because the interpreter takes four instructions to read a property, and the reader asks each time.
        public byte[] Data; // null when there are no bytes
        public int Start; // of the last text, number or word, without its quotation mark
        public int Length;
        public bool HasEscapes;
        private int _offset;
        private int _position;
        private int _end;
        private int _limit; // where the window ends
        private int _tokenPosition;
        private IByteSource _source; // null: all bytes are there
        private int _passed; // how many bytes of the source have left the window

        /// <summary>Gets where the token starts, in bytes from the start of all.</summary>
        public int TokenOffset => _passed + _tokenPosition - _offset;

        /// <summary>Gets the place, in bytes from the start of all.</summary>
        public int Offset => _passed + _position - _offset;

        /// <summary>Gets a value indicating whether the token is longer than the window.</summary>
        public bool IsTooLong => _source != null && _tokenPosition == _offset && _position == _end && _end == _limit;

        public void Reset(byte[] data, int offset, int count)
        {
            Data = data;
            Start = offset;
            Length = 0;
            HasEscapes = false;
            _source = null;
            _passed = 0;
            _offset = offset;
            _position = offset;
            _tokenPosition = offset;
            _end = data == null ? offset : offset + count;
        }

        /// <summary>Goes on after the bytes that are there with those of a source.</summary>
        /// <param name="source">Gives the bytes.</param>
        /// <param name="limit">Where the window for them ends.</param>
        public void Extend(IByteSource source, int limit)
        {
            _source = source;
            _limit = limit;
        }

        /// <summary>Skips white space.</summary>
        /// <param name="isInToken">Whether the token before must stay in the window; else one begins here.</param>
        /// <returns>The byte at the place, or -1 at the end.</returns>
        public int Peek(bool isInToken)
        {
            do
            {
                byte[] data = Data;
                int end = _end;
                int position = _position;
                while (position < end && (data[position] == ' ' || data[position] == '\n'
                    || data[position] == '\r' || data[position] == '\t'))
                {
                    position++;
                }

                _position = position;
                _tokenPosition = isInToken ? _tokenPosition : position;
            }
            while (_position == _end && TryFill());
            return _position == _end ? -1 : Data[_position];
        }

        /// <summary>Passes over the byte that was looked at.</summary>
        public void Skip()
        {
            _position++;
        }

        public string ScanWord(string word)
        {
            int length = word.Length;
            for (int i = 0; i < length; i++)
            {
                if (!Has(i + 1) || Data[_position + i] != word[i])
                {
                    return "a value is expected";
                }
            }

            Start = _position;
            Length = length;
            HasEscapes = false;
            _position += length;
            return null;
        }

        public string ScanNumber()
        {
            SkipOne('-', '-');
            bool isNumber = SkipOne('0', '0') || SkipDigits();
            if (isNumber && SkipOne('.', '.'))
            {
                isNumber = SkipDigits();
            }

            if (isNumber && SkipOne('e', 'E'))
            {
                SkipOne('+', '-');
                isNumber = SkipDigits();
            }

            if (!isNumber)
            {
                return _position == _tokenPosition ? "a value is expected" : "a number is incomplete";
            }

            Start = _tokenPosition;
            Length = _position - _tokenPosition;
            HasEscapes = false;
            return null;
        }

        public string ScanText()
        {
            _position++;
            bool hasEscapes = false;
            while (SkipPlain() && Data[_position] != '"')
            {
                Has(JsonText.MaxCharacterBytes);
                byte character = Data[_position];
                int length = JsonText.Measure(Data, _position, _end);
                if (length == 0)
                {
                    return character == '\\' ? "an escape is wrong"
                        : character < 0x20 ? "a control character stands in a text" : "it is not UTF-8";
                }

                hasEscapes |= character == '\\';
                _position += length;
            }

            if (_position == _end)
            {
                return "it ends inside a text";
            }

            Start = _tokenPosition + 1;
            Length = _position - Start;
            HasEscapes = hasEscapes;
            _position++;
            return null;
        }

        private bool SkipOne(char one, char other)
        {
            bool isThere = Has(1) && (Data[_position] == one || Data[_position] == other);
            _position += isThere ? 1 : 0;
            return isThere;
        }

        private bool SkipDigits()
        {
            bool isThere = false;
            while (Has(1) && Data[_position] >= '0' && Data[_position] <= '9')
            {
                _position++;
                isThere = true;
            }

            return isThere;
        }

        // Passes over what stands for itself in a text; false where the bytes end.
        private bool SkipPlain()
        {
            do
            {
                byte[] data = Data;
                int end = _end;
                int position = _position;
                while (position < end)
                {
                    byte character = data[position];
                    // Small letters are most of all, and stand for themselves.
                    if ((character <= '\\' || character >= 0x80)
                        && (character < 0x20 || character >= '\\' || character == '"'))
                    {
                        _position = position;
                        return true;
                    }

                    position++;
                }

                _position = position;
            }
            while (TryFill());
            return false;
        }

        // Whether there are so many bytes from the position on.
        private bool Has(int count)
        {
            while (_end - _position < count && TryFill())
            {
            }

            return _end - _position >= count;
        }

        // Takes more bytes into the window, in which only the token that is being read stays.
        private bool TryFill()
        {
            if (_source == null)
            {
                return false;
            }

            int used = _tokenPosition - _offset;
            Array.Copy(Data, _tokenPosition, Data, _offset, _end - _tokenPosition);
            _passed += used;
            _position -= used;
            _end -= used;
            Start -= used;
            _tokenPosition = _offset;
            int room = _limit - _end;
            int count = room == 0 ? 0 : _source.Read(Data, _end, room);
            _end += count;
            return count > 0;
        }
    }
}

using System.Text;

namespace DeviceQueue.Text
{
    /// <summary>
    /// Reads JSON (RFC 8259) from bytes, token by token, strictly: well-formed UTF-8, no lone surrogate, no NUL (a
    /// string on the device ends there), nothing after the value. Bad input gives <see cref="JsonToken.Error"/> and no
    /// exception, so a value counts only after <see cref="JsonToken.End"/>. No token allocates. Not safe for use from
    /// two threads at once.
    /// </summary>
    public sealed class JsonReader
    {
        /// <summary>How deep the deepest reader goes.</summary>
        public const int MaxDepth = 32;

        private const int MaxSequence = 12; // a pair of surrogates, escaped

        private static readonly byte[] Nothing = new byte[0];

        private readonly int _maxDepth;
        private byte[] _data = Nothing;
        private int _offset;
        private int _position;
        private int _end;
        private int _limit; // where the window ends
        private int _tokenPosition;
        private IByteSource _source; // null: all bytes are there
        private int _passed; // how many bytes of the source have left the window
        private int _objects;
        private State _state;
        private JsonToken _token;
        private int _depth;
        private int _rawStart;
        private int _rawLength;
        private bool _hasEscapes;

        /// <summary>Initializes a reader over nothing.</summary>
        /// <param name="maxDepth">How many objects and arrays may be open at once, 1 to <see cref="MaxDepth"/>; more
        /// are an error.</param>
        public JsonReader(int maxDepth)
        {
            _maxDepth = maxDepth < 1 ? 1 : maxDepth > MaxDepth ? MaxDepth : maxDepth;
        }

        private enum State
        {
            BeforeValue,
            BeforeFirstName,
            BeforeFirstItem,
            AfterValue,
        }

        /// <summary>Gets what the reader stands on.</summary>
        public JsonToken Token => _token;

        /// <summary>Gets how many objects and arrays are open.</summary>
        public int Depth => _depth;

        /// <summary>
        /// Gets where the content of a name, text or number starts in the array given to <see cref="Reset"/>, without
        /// its quotation mark.
        /// </summary>
        public int RawStart => _rawStart;

        /// <summary>Gets how many bytes the content has as it stands, escapes and all.</summary>
        public int RawLength => _rawLength;

        /// <summary>
        /// Gets a value indicating whether the content has escapes, so that its bytes are not yet the text.
        /// </summary>
        public bool HasEscapes => _hasEscapes;

        /// <summary>Gets where the token starts, in bytes from the offset given to <see cref="Reset"/>.</summary>
        public int TokenOffset => _passed + _tokenPosition - _offset;

        /// <summary>Gets what is wrong, in a few words, or <see langword="null"/>.</summary>
        public string Error { get; private set; }

        /// <summary>Gets where it is wrong, in bytes from the offset given to <see cref="Reset"/>.</summary>
        public int ErrorOffset { get; private set; }

        /// <summary>Gets a value indicating whether the error is that objects and arrays are nested too deep.</summary>
        public bool IsTooDeep { get; private set; }

        /// <summary>Starts over on other bytes, which are used and not copied.</summary>
        /// <param name="data">The bytes, or <see langword="null"/> for none.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        public void Reset(byte[] data, int offset, int count)
        {
            _source = null;
            _passed = 0;
            _data = data ?? Nothing;
            _offset = offset;
            _position = offset;
            _tokenPosition = offset;
            _end = data == null ? offset : offset + count;
            _objects = 0;
            _state = State.BeforeValue;
            _token = JsonToken.None;
            _depth = 0;
            _rawStart = offset;
            _rawLength = 0;
            _hasEscapes = false;
            Error = null;
            ErrorOffset = 0;
            IsTooDeep = false;
        }

        /// <summary>
        /// Starts over on bytes that come piece by piece. A token is then in the window until the next is read, and one
        /// that is longer than the window is an error.
        /// </summary>
        /// <param name="source">Gives the bytes.</param>
        /// <param name="window">Holds those that are looked at.</param>
        /// <param name="offset">Where in the array the window starts.</param>
        /// <param name="size">How many bytes it has.</param>
        /// <param name="count">How many of the source's bytes it has already, from its start.</param>
        public void Open(IByteSource source, byte[] window, int offset, int size, int count)
        {
            Reset(window, offset, count);
            _source = source;
            _limit = offset + size;
        }

        /// <summary>Goes to the next token.</summary>
        /// <returns>The token; <see cref="JsonToken.End"/> and <see cref="JsonToken.Error"/> stay.</returns>
        public JsonToken Read()
        {
            if (_token == JsonToken.Error || _token == JsonToken.End)
            {
                return _token;
            }

            SkipSpace(false);
            if (_state == State.AfterValue && _depth == 0)
            {
                return _position == _end ? Accept(JsonToken.End, State.AfterValue) : Fail("something follows the value");
            }

            if (_position == _end)
            {
                return Fail("it ends too early");
            }

            byte character = _data[_position];
            switch (_state)
            {
                case State.AfterValue:
                    return ReadAfterValue(character);
                case State.BeforeFirstName:
                    return character == '}' ? Close(JsonToken.EndObject) : ReadName(character);
                case State.BeforeFirstItem:
                    return character == ']' ? Close(JsonToken.EndArray) : ReadValue(character);
                default:
                    return ReadValue(character);
            }
        }

        /// <summary>
        /// Passes over a value with all that is in it: from a name, over the value that follows; from an opening brace
        /// or bracket, to its end.
        /// </summary>
        /// <returns><see langword="false"/> when there is an error in it.</returns>
        public bool Skip()
        {
            if (_token == JsonToken.Name)
            {
                Read();
            }

            if (_token == JsonToken.BeginObject || _token == JsonToken.BeginArray)
            {
                int outside = _depth - 1;
                while (_depth > outside && _token != JsonToken.Error)
                {
                    Read();
                }
            }

            return _token != JsonToken.Error;
        }

        /// <summary>Compares the decoded name or text with another.</summary>
        /// <param name="text">The other.</param>
        /// <returns><see langword="true"/> when they are equal, letter by letter.</returns>
        public bool ValueEquals(string text)
        {
            int length = text.Length;
            if (length > _rawLength || (_token != JsonToken.Name && _token != JsonToken.Text))
            {
                return false;
            }

            byte[] data = _data;
            int position = _rawStart;
            int end = position + _rawLength;
            int index = 0;
            while (position < end && index < length)
            {
                int lead = data[position];
                bool isPlain = lead < 0x80 && lead != '\\';
                int own = isPlain ? lead : DecodeNext(ref position);
                position += isPlain ? 1 : 0;
                if (own != (isPlain ? text[index++] : Utf8.NextCodePoint(text, length, ref index)))
                {
                    return false;
                }
            }

            return position == end && index == length;
        }

        /// <summary>Compares the decoded name or text with one that was read before, from the same bytes.</summary>
        /// <param name="start">Its <see cref="RawStart"/>.</param>
        /// <param name="length">Its <see cref="RawLength"/>.</param>
        /// <returns><see langword="true"/> when they are equal.</returns>
        internal bool ValueEquals(int start, int length)
        {
            int position = _rawStart;
            int end = position + _rawLength;
            int otherEnd = start + length;
            bool isEqual = true;
            while (isEqual && position < end && start < otherEnd)
            {
                isEqual = DecodeNext(ref position) == DecodeNext(ref start);
            }

            return isEqual && position == end && start == otherEnd;
        }

        /// <summary>Measures the decoded name, text or number.</summary>
        /// <returns>Its length in bytes of UTF-8.</returns>
        public int GetTextLength()
        {
            if (!_hasEscapes)
            {
                return _rawLength;
            }

            int length = 0;
            int position = _rawStart;
            while (position < _rawStart + _rawLength)
            {
                length += Utf8.SizeOf(DecodeNext(ref position));
            }

            return length;
        }

        /// <summary>Copies the decoded name, text or number.</summary>
        /// <param name="target">Where to.</param>
        /// <param name="offset">At which place.</param>
        /// <returns>The number of bytes, or -1 when they do not fit.</returns>
        public int CopyText(byte[] target, int offset)
        {
            int length = GetTextLength();
            if (offset + length > target.Length)
            {
                return -1;
            }

            if (!_hasEscapes)
            {
                System.Array.Copy(_data, _rawStart, target, offset, length);
                return length;
            }

            int position = _rawStart;
            while (position < _rawStart + _rawLength)
            {
                offset = Utf8.Write(DecodeNext(ref position), target, offset);
            }

            return length;
        }

        /// <summary>Decodes the name or text where it stands. Its bytes must not be read again.</summary>
        internal void Unescape()
        {
            if (_hasEscapes)
            {
                int end = _rawStart;
                for (int position = _rawStart; position < _rawStart + _rawLength;)
                {
                    end = Utf8.Write(DecodeNext(ref position), _data, end); // never longer than what it stands for
                }

                SetRaw(_rawStart, end - _rawStart);
            }
        }

        /// <summary>Gives the decoded name, text or number, or the word, as a string; this allocates.</summary>
        /// <returns>The text; empty on any other token.</returns>
        public string GetText()
        {
            if (_rawLength == 0)
            {
                return string.Empty;
            }

            if (!_hasEscapes)
            {
                return Encoding.UTF8.GetString(_data, _rawStart, _rawLength);
            }

            byte[] bytes = new byte[GetTextLength()];
            CopyText(bytes, 0);
            return Encoding.UTF8.GetString(bytes, 0, bytes.Length);
        }

        private JsonToken ReadAfterValue(byte character)
        {
            bool isObject = (_objects & (1 << (_depth - 1))) != 0;
            if (character == (isObject ? '}' : ']'))
            {
                return Close(isObject ? JsonToken.EndObject : JsonToken.EndArray);
            }

            if (character != ',')
            {
                return Fail(isObject ? "a comma or } is expected" : "a comma or ] is expected");
            }

            _position++;
            SkipSpace(false);
            if (_position == _end)
            {
                return Fail("it ends too early");
            }

            return isObject ? ReadName(_data[_position]) : ReadValue(_data[_position]);
        }

        private JsonToken ReadName(byte character)
        {
            if (character != '"')
            {
                return Fail("a name in quotation marks is expected");
            }

            if (!ScanText())
            {
                return _token;
            }

            SkipSpace(true);
            if (_position == _end || _data[_position] != ':')
            {
                return Fail("a colon is expected");
            }

            _position++;
            return Accept(JsonToken.Name, State.BeforeValue);
        }

        private JsonToken ReadValue(byte character)
        {
            switch (character)
            {
                case (byte)'{':
                    return Open(JsonToken.BeginObject, State.BeforeFirstName);
                case (byte)'[':
                    return Open(JsonToken.BeginArray, State.BeforeFirstItem);
                case (byte)'"':
                    return ScanText() ? Accept(JsonToken.Text, State.AfterValue) : _token;
                case (byte)'t':
                    return ReadWord("true", JsonToken.True);
                case (byte)'f':
                    return ReadWord("false", JsonToken.False);
                case (byte)'n':
                    return ReadWord("null", JsonToken.Null);
                default:
                    return ReadNumber();
            }
        }

        private JsonToken Open(JsonToken token, State state)
        {
            if (_depth == _maxDepth)
            {
                IsTooDeep = true;
                return Fail("it is nested too deep");
            }

            int bit = 1 << _depth;
            _objects = token == JsonToken.BeginObject ? _objects | bit : _objects & ~bit;
            _depth++;
            _position++;
            _rawLength = 0;
            _hasEscapes = false;
            return Accept(token, state);
        }

        private JsonToken Close(JsonToken token)
        {
            _depth--;
            _position++;
            _rawLength = 0;
            _hasEscapes = false;
            return Accept(token, State.AfterValue);
        }

        private JsonToken ReadWord(string word, JsonToken token)
        {
            int length = word.Length;
            for (int i = 0; i < length; i++)
            {
                if (!Has(i + 1) || _data[_position + i] != word[i])
                {
                    return Fail("a value is expected");
                }
            }

            SetRaw(_position, length);
            _position += length;
            return Accept(token, State.AfterValue);
        }

        private JsonToken ReadNumber()
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
                return Fail(_position == _tokenPosition ? "a value is expected" : "a number is incomplete");
            }

            SetRaw(_tokenPosition, _position - _tokenPosition);
            return Accept(JsonToken.Number, State.AfterValue);
        }

        private bool SkipOne(char one, char other)
        {
            bool isThere = Has(1) && (_data[_position] == one || _data[_position] == other);
            _position += isThere ? 1 : 0;
            return isThere;
        }

        private bool SkipDigits()
        {
            bool isThere = false;
            while ((_position < _end || TryFill()) && _data[_position] >= '0' && _data[_position] <= '9')
            {
                _position++;
                isThere = true;
            }

            return isThere;
        }

        // What stands before the next token may leave the window; a name may not while its colon is looked for.
        private void SkipSpace(bool isInToken)
        {
            do
            {
                byte[] data = _data;
                int end = _end;
                int position = _position;
                while (position < end
                    && (data[position] == ' ' || data[position] == '\n' || data[position] == '\r' || data[position] == '\t'))
                {
                    position++;
                }

                _position = position;
                _tokenPosition = isInToken ? _tokenPosition : position;
            }
            while (_position == _end && TryFill());
        }

        private bool ScanText()
        {
            _position++;
            bool hasEscapes = false;
            while (SkipPlain() && _data[_position] != '"')
            {
                Has(MaxSequence);
                byte character = _data[_position];
                int length = character == '\\' ? MeasureEscape()
                    : character < 0x20 ? 0 : Utf8.SequenceLength(_data, _position, _end);
                if (length == 0)
                {
                    Fail(character == '\\' ? "an escape is wrong"
                        : character < 0x20 ? "a control character stands in a text" : "it is not UTF-8");
                    return false;
                }

                hasEscapes |= character == '\\';
                _position += length;
            }

            if (_position == _end)
            {
                Fail("it ends inside a text");
                return false;
            }

            SetRaw(_tokenPosition + 1, _position - _tokenPosition - 1);
            _hasEscapes = hasEscapes;
            _position++;
            return true;
        }

        // Passes over what stands for itself in a text; false where the bytes end.
        private bool SkipPlain()
        {
            do
            {
                byte[] data = _data;
                int end = _end;
                int position = _position;
                while (position < end)
                {
                    byte character = data[position];
                    if (character == '"' || character == '\\' || character < 0x20 || character >= 0x80)
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

        // The length of the escape at the position, 2, 6 or (a pair of surrogates) 12; 0 when it is wrong.
        private int MeasureEscape()
        {
            if (_position + 1 >= _end)
            {
                return 0;
            }

            byte kind = _data[_position + 1];
            if (kind != 'u')
            {
                return kind == '"' || kind == '\\' || kind == '/' || kind == 'b' || kind == 'f' || kind == 'n' || kind == 'r' || kind == 't' ? 2 : 0;
            }

            int unit = ReadUnit(_position);
            if (unit <= 0 || (unit >= 0xDC00 && unit <= 0xDFFF))
            {
                return 0;
            }

            if (unit < 0xD800 || unit > 0xDFFF)
            {
                return 6;
            }

            int low = ReadUnit(_position + 6);
            return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
        }

        // The UTF-16 unit that an escape of six characters stands for, or -1.
        private int ReadUnit(int position)
        {
            if (position + 6 > _end || _data[position] != '\\' || _data[position + 1] != 'u')
            {
                return -1;
            }

            int unit = 0;
            for (int i = 2; i < 6; i++)
            {
                int digit = Hex.ValueOf(_data[position + i]);
                if (digit < 0)
                {
                    return -1;
                }

                unit = (unit << 4) | digit;
            }

            return unit;
        }

        // The next code point of a content that was scanned before, so that it is well formed.
        private int DecodeNext(ref int position)
        {
            int lead = _data[position];
            if (lead == '\\')
            {
                return DecodeEscape(ref position);
            }

            position++;
            if (lead < 0x80)
            {
                return lead;
            }

            int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
            int codePoint = lead & (0x3F >> more);
            for (; more > 0; more--)
            {
                codePoint = (codePoint << 6) | (_data[position++] & 0x3F);
            }

            return codePoint;
        }

        private int DecodeEscape(ref int position)
        {
            byte kind = _data[position + 1];
            if (kind == 'u')
            {
                int unit = ReadUnit(position);
                position += 6;
                if (unit < 0xD800 || unit > 0xDFFF)
                {
                    return unit;
                }

                int low = ReadUnit(position);
                position += 6;
                return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            }

            position += 2;
            return kind == 'b' ? '\b' : kind == 'f' ? '\f' : kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
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
            System.Array.Copy(_data, _tokenPosition, _data, _offset, _end - _tokenPosition);
            _passed += used;
            _position -= used;
            _end -= used;
            _rawStart -= used;
            _tokenPosition = _offset;
            int room = _limit - _end;
            int count = room == 0 ? 0 : _source.Read(_data, _end, room);
            _end += count;
            return count > 0;
        }

        private void SetRaw(int start, int length)
        {
            _rawStart = start;
            _rawLength = length;
            _hasEscapes = false;
        }

        private JsonToken Accept(JsonToken token, State next)
        {
            _token = token;
            _state = next;
            return token;
        }

        private JsonToken Fail(string error)
        {
            bool isTooLong = _source != null && _tokenPosition == _offset && _position == _end && _end == _limit;
            Error = isTooLong ? "a name or a value is too long" : error;
            ErrorOffset = _passed + _position - _offset;
            _token = JsonToken.Error;
            _rawLength = 0;
            _hasEscapes = false;
            return _token;
        }
    }
}

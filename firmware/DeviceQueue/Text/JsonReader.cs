using System;
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

        private const string TooDeep = "it is nested too deep";
        private const string TooEarly = "it ends too early";

        private readonly JsonScanner _scanner = new JsonScanner();
        private readonly int _maxDepth;
        private int _objects; // a bit for each depth: whether an object is open there, or an array
        private int _depth;
        private JsonToken _token;

        /// <summary>Initializes a reader over nothing.</summary>
        /// <param name="maxDepth">How many objects and arrays may be open at once, 1 to <see cref="MaxDepth"/>; more
        /// are an error.</param>
        public JsonReader(int maxDepth)
        {
            _maxDepth = maxDepth < 1 ? 1 : maxDepth > MaxDepth ? MaxDepth : maxDepth;
        }

        /// <summary>Gets what the reader stands on.</summary>
        public JsonToken Token => _token;

        /// <summary>Gets how many objects and arrays are open.</summary>
        public int Depth => _depth;

        /// <summary>
        /// Gets where the content of a name, text or number starts in the array given to <see cref="Reset"/>, without
        /// its quotation mark.
        /// </summary>
        public int RawStart => _scanner.Start;

        /// <summary>Gets how many bytes the content has as it stands, escapes and all.</summary>
        public int RawLength => _scanner.Length;

        /// <summary>
        /// Gets a value indicating whether the content has escapes, so that its bytes are not yet the text.
        /// </summary>
        public bool HasEscapes => _scanner.HasEscapes;

        /// <summary>Gets where the token starts, in bytes from the offset given to <see cref="Reset"/>.</summary>
        public int TokenOffset => _scanner.TokenOffset;

        /// <summary>Gets what is wrong, in a few words, or <see langword="null"/>.</summary>
        public string Error { get; private set; }

        /// <summary>Gets where it is wrong, in bytes from the offset given to <see cref="Reset"/>.</summary>
        public int ErrorOffset => Error == null ? 0 : _scanner.Offset;

        /// <summary>Gets a value indicating whether the error is that objects and arrays are nested too deep.</summary>
        public bool IsTooDeep => Error == TooDeep;

        /// <summary>Starts over on other bytes, which are used and not copied.</summary>
        /// <param name="data">The bytes, or <see langword="null"/> for none.</param>
        /// <param name="offset">Where they start.</param>
        /// <param name="count">How many they are.</param>
        public void Reset(byte[] data, int offset, int count)
        {
            _scanner.Reset(data, offset, count);
            _objects = 0;
            _depth = 0;
            _token = JsonToken.None;
            Error = null;
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
            _scanner.Extend(source, offset + size);
        }

        /// <summary>Goes to the next token.</summary>
        /// <returns>The token; <see cref="JsonToken.End"/> and <see cref="JsonToken.Error"/> stay.</returns>
        public JsonToken Read()
        {
            if (_token == JsonToken.Error || _token == JsonToken.End)
            {
                return _token;
            }

            int character = _scanner.Peek(false);
            if (_depth == 0 && _token != JsonToken.None)
            {
                return Accept(JsonToken.End, character < 0 ? null : "something follows the value");
            }

            if (character < 0)
            {
                return Fail(TooEarly);
            }

            switch (_token)
            {
                case JsonToken.None:
                case JsonToken.Name:
                    return ReadValue(character);
                case JsonToken.BeginObject:
                    return character == '}' ? Leave(JsonToken.EndObject) : ReadName(character);
                case JsonToken.BeginArray:
                    return character == ']' ? Leave(JsonToken.EndArray) : ReadValue(character);
                default:
                    return ReadAfterValue(character);
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

        /// <summary>Compares the decoded name or text with another, letter by letter.</summary>
        public bool ValueEquals(string text)
        {
            int start = _scanner.Start;
            int length = _scanner.Length;
            return text.Length <= length
                && (_token == JsonToken.Name || _token == JsonToken.Text)
                && JsonText.AreEqual(_scanner.Data, start, start + length, text);
        }

        /// <summary>Compares the decoded name or text with one that was read before, from the same bytes.</summary>
        /// <param name="start">Its <see cref="RawStart"/>.</param>
        /// <param name="length">Its <see cref="RawLength"/>.</param>
        internal bool ValueEquals(int start, int length)
        {
            int own = _scanner.Start;
            return JsonText.AreEqual(_scanner.Data, own, own + _scanner.Length, start, start + length);
        }

        /// <summary>Measures the decoded name, text or number.</summary>
        /// <returns>Its length in bytes of UTF-8.</returns>
        public int GetTextLength()
        {
            int start = _scanner.Start;
            int length = _scanner.Length;
            return _scanner.HasEscapes ? JsonText.GetDecodedLength(_scanner.Data, start, start + length) : length;
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

            int start = _scanner.Start;
            if (_scanner.HasEscapes)
            {
                JsonText.Decode(_scanner.Data, start, start + _scanner.Length, target, offset);
            }
            else if (length > 0)
            {
                Array.Copy(_scanner.Data, start, target, offset, length);
            }

            return length;
        }

        /// <summary>Decodes the name or text where it stands. Its bytes must not be read again.</summary>
        internal void Unescape()
        {
            if (_scanner.HasEscapes)
            {
                byte[] data = _scanner.Data;
                int start = _scanner.Start;
                int end = JsonText.Decode(data, start, start + _scanner.Length, data, start);
                _scanner.Length = end - start;
                _scanner.HasEscapes = false;
            }
        }

        /// <summary>Gives the decoded name, text or number, or the word, as a string; this allocates.</summary>
        /// <returns>The text; empty on any other token.</returns>
        public string GetText()
        {
            int length = _scanner.Length;
            if (length == 0)
            {
                return string.Empty;
            }

            if (!_scanner.HasEscapes)
            {
                return Encoding.UTF8.GetString(_scanner.Data, _scanner.Start, length);
            }

            byte[] bytes = new byte[GetTextLength()];
            CopyText(bytes, 0);
            return Encoding.UTF8.GetString(bytes, 0, bytes.Length);
        }

        private JsonToken ReadAfterValue(int character)
        {
            bool isObject = (_objects & (1 << (_depth - 1))) != 0;
            if (character == (isObject ? '}' : ']'))
            {
                return Leave(isObject ? JsonToken.EndObject : JsonToken.EndArray);
            }

            if (character != ',')
            {
                return Fail(isObject ? "a comma or } is expected" : "a comma or ] is expected");
            }

            _scanner.Skip();
            character = _scanner.Peek(false);
            return character < 0 ? Fail(TooEarly) : isObject ? ReadName(character) : ReadValue(character);
        }

        private JsonToken ReadName(int character)
        {
            string error = character == '"' ? _scanner.ScanText() : "a name in quotation marks is expected";
            if (error == null && _scanner.Peek(true) != ':')
            {
                error = "a colon is expected";
            }

            if (error != null)
            {
                return Fail(error);
            }

            _scanner.Skip();
            _token = JsonToken.Name;
            return JsonToken.Name;
        }

        private JsonToken ReadValue(int character)
        {
            switch (character)
            {
                case '{':
                    return Enter(JsonToken.BeginObject);
                case '[':
                    return Enter(JsonToken.BeginArray);
                case '"':
                    return Accept(JsonToken.Text, _scanner.ScanText());
                case 't':
                    return Accept(JsonToken.True, _scanner.ScanWord("true"));
                case 'f':
                    return Accept(JsonToken.False, _scanner.ScanWord("false"));
                case 'n':
                    return Accept(JsonToken.Null, _scanner.ScanWord("null"));
                default:
                    return Accept(JsonToken.Number, _scanner.ScanNumber());
            }
        }

        private JsonToken Enter(JsonToken token)
        {
            if (_depth == _maxDepth)
            {
                return Fail(TooDeep);
            }

            int bit = 1 << _depth;
            _objects = token == JsonToken.BeginObject ? _objects | bit : _objects & ~bit;
            _depth++;
            _scanner.Skip();
            return AcceptBare(token);
        }

        private JsonToken Leave(JsonToken token)
        {
            _depth--;
            _scanner.Skip();
            return AcceptBare(token);
        }

        // Stands on a token without content.
        private JsonToken AcceptBare(JsonToken token)
        {
            _scanner.Length = 0;
            _scanner.HasEscapes = false;
            _token = token;
            return token;
        }

        private JsonToken Accept(JsonToken token, string error)
        {
            if (error != null)
            {
                return Fail(error);
            }

            _token = token;
            return token;
        }

        private JsonToken Fail(string error)
        {
            Error = _scanner.IsTooLong ? "a name or a value is too long" : error;
            return AcceptBare(JsonToken.Error);
        }
    }
}

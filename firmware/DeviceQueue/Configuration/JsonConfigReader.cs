using System.Text;
using DeviceQueue.Text;

namespace DeviceQueue.Configuration
{
    /// <summary>
    /// Goes through a configuration in JSON: one object, whose nested objects and arrays flatten to dotted keys
    /// (<c>device.outputs.0.name</c>). Numbers and
    /// booleans read as their text, null counts as absent, a key twice is an error. The text comes piece by piece: only
    /// a window of it is in memory.
    /// </summary>
    public sealed class JsonConfigReader : ConfigReader
    {
        /// <summary>How many values and sections a configuration may have.</summary>
        public const int MaxEntries = 192;

        /// <summary>How deep objects and arrays may be nested.</summary>
        public const int MaxDepth = 8;

        /// <summary>How long a key may be in bytes, sections included.</summary>
        public const int MaxKeyBytes = 96;

        /// <summary>How long a value may be in bytes, as it is written.</summary>
        public const int MaxValueBytes = 512;

        /// <summary>How much of a configuration is in memory at once, in bytes.</summary>
        internal const int WindowBytes = MaxValueBytes + 32;

        private const byte NoList = 255; // more than there are entries

        private readonly string _name;
        private readonly IByteSource _source;
        private readonly JsonReader _json;
        private readonly byte[] _window;
        private readonly int _windowStart;
        private readonly byte[] _path = new byte[MaxKeyBytes];
        // How much of the path is before the names of a depth.
        private readonly byte[] _prefixes = new byte[MaxDepth + 1];
        private readonly byte[] _nextItems = new byte[MaxDepth + 1];
        private readonly long[] _seen;
        private int _markBytes;
        private int _seenCount;
        private int _pathLength;
        private int _itemDepth;
        private bool _isEnded;
        private string _key;
        private string _value;

        /// <summary>Initializes a reader before the first key.</summary>
        /// <param name="name">What the text is, for the errors: the file's name.</param>
        /// <param name="source">The text; a byte order mark before it is passed over.</param>
        /// <param name="problems">Takes the error, with its line and column.</param>
        public JsonConfigReader(string name, IByteSource source, ConfigProblems problems)
            : base(problems)
        {
            _name = name;
            _source = source;
            _json = new JsonReader(MaxDepth);
            _seen = new long[MaxEntries];
            _window = new byte[WindowBytes];
            Start();
        }

        /// <summary>
        /// Initializes a reader of a text that was read before, so that no key is looked for twice and the place of an
        /// error is not said again; to be started by <see cref="Restart"/>.
        /// </summary>
        /// <param name="source">The text.</param>
        /// <param name="json">Reads the text.</param>
        /// <param name="window">Holds <see cref="WindowBytes"/> of it at a time.</param>
        /// <param name="windowStart">Where in the array they start.</param>
        /// <param name="problems">Takes the values that are not allowed; may be <see langword="null"/> where keys and
        /// texts are all that is read.</param>
        internal JsonConfigReader(
            IByteSource source, JsonReader json, byte[] window, int windowStart, ConfigProblems problems)
            : base(problems)
        {
            _source = source;
            _json = json;
            _window = window;
            _windowStart = windowStart;
        }

        /// <summary>Gets a value indicating whether there was an error.</summary>
        public bool HasFailed { get; private set; }

        /// <summary>Gets the place of the value among those that were read, from 0.</summary>
        public int Index { get; private set; }

        private static string TooLong =>
            "a key is longer than " + MaxKeyBytes.ToString() + " bytes, its sections included";

        /// <summary>Gets what the key is at the start of, in UTF-8.</summary>
        internal byte[] KeyBytes => _path;

        /// <summary>Gets how long the key is in bytes.</summary>
        internal int KeyLength => _pathLength;

        /// <inheritdoc/>
        public override string Key => _key ??= Encoding.UTF8.GetString(_path, 0, _pathLength);

        /// <inheritdoc/>
        public override string Value => _value ??= _json.GetText();

        /// <inheritdoc/>
        public override bool Read()
        {
            _key = null;
            _value = null;
            while (!_isEnded)
            {
                string error = null;
                bool isValue = false;
                switch (_json.Read())
                {
                    case JsonToken.Error:
                        error = _json.Error;
                        break;
                    case JsonToken.End:
                        _isEnded = true;
                        break;
                    case JsonToken.EndObject:
                    case JsonToken.EndArray:
                        break;
                    case JsonToken.Name:
                        error = ReadName();
                        break;
                    default:
                        error = ReadValue(out isValue);
                        break;
                }

                if (error != null)
                {
                    Fail(error);
                }
                else if (isValue)
                {
                    Index++;
                    return true;
                }
            }

            return false;
        }

        /// <summary>Compares the start of the key with a section.</summary>
        /// <param name="section">The section without its last dot; empty for the whole configuration.</param>
        /// <param name="start">Where the rest of the key starts.</param>
        /// <returns><see langword="false"/> when the key stands elsewhere.</returns>
        internal bool IsIn(string section, out int start)
        {
            int length = section.Length;
            start = length == 0 ? 0 : length + 1;
            bool isIn = length == 0 || (_pathLength > start && _path[length] == '.');
            for (int i = 0; isIn && i < length; i++)
            {
                isIn = _path[i] == section[i];
            }

            return isIn;
        }

        /// <summary>Finds the end of the first name from a place of the key on.</summary>
        /// <param name="start">The place.</param>
        /// <returns>The place of the dot after it, or -1 when nothing follows it.</returns>
        internal int FindDot(int start)
        {
            for (int i = start; i < _pathLength; i++)
            {
                if (_path[i] == '.')
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Goes back before the first key.</summary>
        internal void Restart()
        {
            _source.Restart();
            Start();
        }

        /// <summary>
        /// Writes the value as it may be shown, see <see cref="ConfigProblems.Show"/>; it is gone then.
        /// </summary>
        internal void WriteShown(JsonWriter writer)
        {
            _json.Unescape();
            int piece = _json.RawStart;
            int position = piece;
            int end = piece + _json.RawLength;
            writer.BeginText();
            for (int length = 0; position < end && length < ConfigProblems.MaxShown; length++)
            {
                int size = Utf8.SequenceLength(_window, position, end);
                byte lead = _window[position];
                length += size > 3 ? 1 : 0; // two characters of UTF-16
                position += size;
                if (lead < ' ' || lead == 0x7F || (lead == 0xC2 && _window[position - 1] < 0xA0))
                {
                    writer.Append(_window, piece, position - size - piece);
                    piece = position - 1;
                    _window[piece] = (byte)'?';
                }
            }

            writer.Append(_window, piece, position - piece);
            if (position < end)
            {
                writer.Append("...");
            }

            writer.EndText();
        }

        // A byte order mark before the text is passed over; editors on Windows put it there.
        private void Start()
        {
            int start = _windowStart;
            int count = _source.Read(_window, start, 3);
            bool isMark = count == 3
                && _window[start] == 0xEF && _window[start + 1] == 0xBB && _window[start + 2] == 0xBF;
            _markBytes = isMark ? count : 0;
            _json.Open(_source, _window, start, WindowBytes, count - _markBytes);
            _seenCount = 0;
            _pathLength = 0;
            _isEnded = false;
            Index = -1;
            if (_json.Read() != JsonToken.BeginObject)
            {
                Fail(_json.Error ?? "an object is expected");
            }

            _nextItems[1] = NoList;
        }

        private string ReadName()
        {
            if (_json.RawLength == 0)
            {
                return "an empty name";
            }

            int prefix = _prefixes[_json.Depth];
            _pathLength = prefix + _json.GetTextLength();
            return _json.CopyText(_path, prefix) < 0 ? TooLong : null;
        }

        // Puts the number of an item behind the path of its list.
        private string SetNumber(int number)
        {
            int length = number < 10 ? 1 : number < 100 ? 2 : 3;
            int prefix = _prefixes[_itemDepth];
            _pathLength = prefix + length;
            if (_pathLength > MaxKeyBytes)
            {
                return TooLong;
            }

            for (int i = _pathLength - 1; i >= prefix; i--)
            {
                _path[i] = (byte)('0' + (number % 10));
                number /= 10;
            }

            return null;
        }

        private string ReadValue(out bool isValue)
        {
            bool isSection = _json.Token == JsonToken.BeginObject || _json.Token == JsonToken.BeginArray;
            isValue = !isSection && _json.Token != JsonToken.Null;
            _itemDepth = isSection ? _json.Depth - 1 : _json.Depth;
            if (_nextItems[_itemDepth] != NoList)
            {
                string error = SetNumber(_nextItems[_itemDepth]++);
                if (error != null)
                {
                    return error;
                }
            }

            string problem = _seen == null ? null : CheckOnce();
            if (problem == null && isSection)
            {
                return EnterSection();
            }

            bool isTooLong = problem == null && _json.RawLength > MaxValueBytes;
            return isTooLong ? "a value is longer than " + MaxValueBytes.ToString() + " bytes" : problem;
        }

        private string EnterSection()
        {
            if (_pathLength == MaxKeyBytes)
            {
                return TooLong;
            }

            _path[_pathLength] = (byte)'.';
            _prefixes[_json.Depth] = (byte)(_pathLength + 1);
            _nextItems[_json.Depth] = _json.Token == JsonToken.BeginArray ? (byte)0 : NoList;
            return null;
        }

        // Keys are told apart by hashes of 64 bits (FNV-1a), which take a twelfth of the memory of the keys.
        private string CheckOnce()
        {
            long hash = unchecked((long)0xCBF29CE484222325);
            for (int i = 0; i < _pathLength; i++)
            {
                hash = (hash ^ _path[i]) * 0x100000001B3;
            }

            for (int i = 0; i < _seenCount; i++)
            {
                if (_seen[i] == hash)
                {
                    return ConfigProblems.Clean(Key) + " stands there twice";
                }
            }

            if (_seenCount == MaxEntries)
            {
                return "there are more than " + MaxEntries.ToString() + " values and sections";
            }

            _seen[_seenCount++] = hash;
            return null;
        }

        private void Fail(string error)
        {
            _isEnded = true;
            HasFailed = true;
            if (_name == null)
            {
                return; // of a text that was read before, no more is asked
            }

            int position = _markBytes + (_json.Token == JsonToken.Error ? _json.ErrorOffset : _json.TokenOffset);
            Problems.AddError(_name + ", " + Locate(position) + ": " + error);
        }

        // Lines and columns as an editor shows them: from 1, a column a character.
        private string Locate(int position)
        {
            int line = 1;
            int column = 1;
            _source.Restart();
            int passed = 0;
            for (int count = 1; count > 0 && passed < position; passed += count)
            {
                count = _source.Read(_window, _windowStart, WindowBytes);
                for (int i = 0; i < count && passed + i < position; i++)
                {
                    bool isMark = passed + i < _markBytes;
                    byte character = _window[_windowStart + i];
                    bool isLineEnd = character == '\n';
                    line += isLineEnd ? 1 : 0;
                    column = isLineEnd ? 1 : column + (isMark || (character & 0xC0) == 0x80 ? 0 : 1);
                }
            }

            return "line " + line.ToString() + ", column " + column.ToString();
        }
    }
}

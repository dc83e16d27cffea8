using System.Collections;
using DeviceQueue.Json;

namespace DeviceQueue.Configuring
{
    /// <summary>
    /// Reads a configuration from JSON: one object, whose nested objects and arrays flatten to dotted keys (<c>device.outputs.0.name</c>).
    /// Numbers and booleans become their text, null counts as absent, a key twice is an error.
    /// </summary>
    public sealed class ConfigJson
    {
        /// <summary>How many values and sections a file may have; it leaves room for defaults in a <see cref="ConfigParams"/>.</summary>
        public const int MaxEntries = 192;

        /// <summary>How deep objects and arrays may be nested.</summary>
        public const int MaxDepth = 8;

        /// <summary>How long a key may be, sections included.</summary>
        public const int MaxKeyLength = 96;

        /// <summary>How long a value may be, in bytes of UTF-8.</summary>
        public const int MaxValueBytes = 1024;

        private readonly JsonReader _reader = new JsonReader(MaxDepth);
        private readonly ConfigParams _config = new ConfigParams();
        private readonly Hashtable _seen = new Hashtable();
        private readonly string[] _prefixes = new string[MaxDepth + 1];
        private readonly int[] _nextItems = new int[MaxDepth + 1];
        private string _name;

        private ConfigJson()
        {
        }

        /// <summary>Reads a configuration.</summary>
        /// <param name="source">What the bytes are, for the errors: the file's name.</param>
        /// <param name="data">The bytes; a byte order mark before them is passed over.</param>
        /// <param name="count">How many of them, from the start, there are.</param>
        /// <param name="problems">Takes the error, with its line and column.</param>
        /// <returns>The configuration, or <see langword="null"/> after an error.</returns>
        public static ConfigParams Read(string source, byte[] data, int count, ConfigProblems problems)
        {
            // Editors on Windows put the mark there.
            int start = count >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF ? 3 : 0;
            ConfigJson json = new ConfigJson();
            json._reader.Reset(data, start, count - start);
            string error = json.ReadAll();
            if (error == null)
            {
                return json._config;
            }

            int offset = json._reader.Token == JsonToken.Error ? json._reader.ErrorOffset : json._reader.TokenOffset;
            problems.AddError(source + ", " + Locate(data, start, start + offset) + ": " + error);
            return null;
        }

        // Lines and columns as an editor shows them: from 1, a column a character.
        private static string Locate(byte[] data, int start, int position)
        {
            int line = 1;
            int column = 1;
            for (int i = start; i < position; i++)
            {
                if (data[i] == '\n')
                {
                    line++;
                    column = 1;
                }
                else if ((data[i] & 0xC0) != 0x80)
                {
                    column++;
                }
            }

            return "line " + line.ToString() + ", column " + column.ToString();
        }

        private string ReadAll()
        {
            if (_reader.Read() != JsonToken.BeginObject)
            {
                return _reader.Error ?? "an object is expected";
            }

            _prefixes[1] = string.Empty;
            _nextItems[1] = -1;
            string error = null;
            while (error == null)
            {
                switch (_reader.Read())
                {
                    case JsonToken.Error:
                        return _reader.Error;
                    case JsonToken.End:
                        return null;
                    case JsonToken.EndObject:
                    case JsonToken.EndArray:
                        break;
                    case JsonToken.Name:
                        error = ReadName();
                        break;
                    default:
                        error = ReadValue();
                        break;
                }
            }

            return error;
        }

        private string ReadName()
        {
            if (_reader.RawLength == 0)
            {
                return "an empty name";
            }

            if (_reader.RawLength > MaxKeyLength)
            {
                return "a name is longer than " + MaxKeyLength.ToString() + " characters";
            }

            _name = _reader.GetText();
            return null;
        }

        private string ReadValue()
        {
            bool isSection = _reader.Token == JsonToken.BeginObject || _reader.Token == JsonToken.BeginArray;
            int parent = isSection ? _reader.Depth - 1 : _reader.Depth;
            string path = _prefixes[parent] + (_nextItems[parent] < 0 ? _name : (_nextItems[parent]++).ToString());
            if (path.Length > MaxKeyLength)
            {
                return "a key is longer than " + MaxKeyLength.ToString() + " characters, its sections included";
            }

            if (_seen.Contains(path))
            {
                return ConfigProblems.Clean(path) + " stands there twice";
            }

            if (_seen.Count == MaxEntries)
            {
                return "there are more than " + MaxEntries.ToString() + " values and sections";
            }

            _seen[path] = path;
            if (isSection)
            {
                _prefixes[_reader.Depth] = path + ".";
                _nextItems[_reader.Depth] = _reader.Token == JsonToken.BeginArray ? 0 : -1;
                return null;
            }

            if (_reader.RawLength > MaxValueBytes)
            {
                return "a value is longer than " + MaxValueBytes.ToString() + " bytes";
            }

            if (_reader.Token != JsonToken.Null)
            {
                _config.Set(path, _reader.GetText());
            }

            return null;
        }
    }
}

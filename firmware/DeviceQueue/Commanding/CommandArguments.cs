using System.Text;
using DeviceQueue.Json;

namespace DeviceQueue.Commanding
{
    /// <summary>The arguments of a command: the members of one flat JSON object. What a command does not ask for is an error, because it would be ignored.</summary>
    public sealed class CommandArguments
    {
        /// <summary>The most arguments.</summary>
        public const int MaxArguments = 8;

        /// <summary>The longest text argument in bytes.</summary>
        public const int MaxTextBytes = 128;

        private readonly JsonReader _reader = new JsonReader(2);
        private readonly string[] _names = new string[MaxArguments];
        private readonly JsonToken[] _kinds = new JsonToken[MaxArguments];
        private readonly string[] _texts = new string[MaxArguments];
        private readonly bool[] _isTaken = new bool[MaxArguments];
        private int _count;

        /// <summary>Gets how many arguments there are.</summary>
        public int Count => _count;

        /// <summary>Reads the arguments of a payload; none at all is the same as an empty object.</summary>
        /// <param name="payload">The payload, or <see langword="null"/>.</param>
        /// <returns>What is wrong with it, or <see langword="null"/>.</returns>
        public string Read(byte[] payload)
        {
            _count = 0;
            if (payload == null || payload.Length == 0)
            {
                return null;
            }

            _reader.Reset(payload, 0, payload.Length);
            if (_reader.Read() != JsonToken.BeginObject)
            {
                return _reader.Error ?? "the arguments are not a JSON object";
            }

            while (_reader.Read() == JsonToken.Name)
            {
                string problem = ReadArgument();
                if (problem != null)
                {
                    return problem;
                }
            }

            _reader.Read();
            return _reader.Error;
        }

        /// <summary>Tells whether an argument is there.</summary>
        /// <param name="name">The argument's name.</param>
        /// <returns><see langword="true"/> when it is, whatever its value.</returns>
        public bool Has(string name)
        {
            return Find(name) >= 0;
        }

        /// <summary>Gets the name of an argument.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The name.</returns>
        public string GetName(int index)
        {
            return _names[index];
        }

        /// <summary>Takes an argument as a configuration holds it: a text, or what stands there for a number or a truth value.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The text, or <see langword="null"/> for null.</returns>
        public string TakeValue(int index)
        {
            _isTaken[index] = true;
            return _texts[index];
        }

        /// <summary>Takes a whole number.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The number.</param>
        /// <returns><see langword="false"/> when the argument is absent or no whole number.</returns>
        public bool TryTakeInteger(string name, out long value)
        {
            int i = Find(name);
            value = 0;
            if (i < 0 || _kinds[i] != JsonToken.Number)
            {
                return false;
            }

            byte[] text = Encoding.UTF8.GetBytes(_texts[i]);
            return NumberText.TryParseInt64(text, 0, text.Length, out value);
        }

        /// <summary>Takes a text.</summary>
        /// <param name="name">The argument's name.</param>
        /// <returns>The text, or <see langword="null"/> when the argument is absent or no text.</returns>
        public string TakeText(string name)
        {
            int i = Find(name);
            return i >= 0 && _kinds[i] == JsonToken.Text ? _texts[i] : null;
        }

        /// <summary>Takes a truth value.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The value.</param>
        /// <returns><see langword="false"/> when the argument is absent or neither true nor false.</returns>
        public bool TryTakeBoolean(string name, out bool value)
        {
            int i = Find(name);
            value = i >= 0 && _kinds[i] == JsonToken.True;
            return i >= 0 && (_kinds[i] == JsonToken.True || _kinds[i] == JsonToken.False);
        }

        /// <summary>Names an argument that nobody took.</summary>
        /// <returns>Its name, or <see langword="null"/>.</returns>
        public string FindUntaken()
        {
            for (int i = 0; i < _count; i++)
            {
                if (!_isTaken[i])
                {
                    return _names[i];
                }
            }

            return null;
        }

        private string ReadArgument()
        {
            if (_count == MaxArguments)
            {
                return "more than " + MaxArguments.ToString() + " arguments";
            }

            string name = _reader.GetTextLength() <= MaxTextBytes ? _reader.GetText() : null;
            JsonToken kind = _reader.Read();
            if (kind == JsonToken.Error)
            {
                return _reader.Error;
            }

            if (name == null || Find(name) >= 0 || kind == JsonToken.BeginObject || kind == JsonToken.BeginArray)
            {
                return "argument '" + (name ?? "?") + "' is too long, there twice, or not a plain value";
            }

            if (_reader.GetTextLength() > MaxTextBytes)
            {
                return "argument '" + name + "' is longer than " + MaxTextBytes.ToString() + " bytes";
            }

            _names[_count] = name;
            _kinds[_count] = kind;
            _texts[_count] = kind == JsonToken.Null ? null : _reader.GetText();
            _isTaken[_count] = false;
            _count++;
            return null;
        }

        private int Find(string name)
        {
            for (int i = 0; i < _count; i++)
            {
                if (_names[i] == name)
                {
                    _isTaken[i] = true;
                    return i;
                }
            }

            return -1;
        }
    }
}

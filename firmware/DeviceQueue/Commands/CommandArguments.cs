using DeviceQueue.Text;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// The arguments of a command: the members of one flat JSON object. What a command does not ask for is an error,
    /// because it would be ignored.
    /// </summary>
    public sealed class CommandArguments
    {
        /// <summary>The most arguments.</summary>
        public const int MaxArguments = 8;

        /// <summary>The longest text argument in bytes.</summary>
        public const int MaxTextBytes = 128;

        private readonly JsonReader _reader;
        private readonly ushort[] _places = new ushort[2 * MaxArguments]; // of each argument's name and value
        private byte[] _payload;
        private int _taken; // a bit for each argument

        /// <summary>Initializes arguments, none yet.</summary>
        /// <param name="reader">Reads them, for objects two deep; of use to others between two calls.</param>
        public CommandArguments(JsonReader reader)
        {
            _reader = reader;
        }

        /// <summary>Gets how many arguments there are.</summary>
        public int Count { get; private set; }

        /// <summary>Gets what reads the arguments, for a command that reads something else when it has them.</summary>
        internal JsonReader Reader => _reader;

        /// <summary>
        /// Checks the form of the arguments of a payload, which is kept; none at all is the same as an empty object.
        /// </summary>
        /// <param name="payload">The payload, or <see langword="null"/>.</param>
        /// <returns>What is wrong with it, or <see langword="null"/>.</returns>
        public string Read(byte[] payload)
        {
            Count = 0;
            _taken = 0;
            _payload = payload;
            if (payload == null || payload.Length == 0)
            {
                return null;
            }

            if (payload.Length > ushort.MaxValue)
            {
                return "the arguments are too long";
            }

            _reader.Reset(payload, 0, payload.Length);
            if (_reader.Read() != JsonToken.BeginObject)
            {
                return _reader.Error ?? "the arguments are not a JSON object";
            }

            while (_reader.Read() == JsonToken.Name)
            {
                string problem = CheckArgument();
                if (problem != null)
                {
                    return problem;
                }

                Count++;
            }

            _reader.Read();
            return _reader.Error ?? FindTwin();
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
            ReadName(index);
            return _reader.GetText();
        }

        /// <summary>Gets the name of an argument in UTF-8.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <param name="start">Where it starts.</param>
        /// <param name="length">How many bytes it has.</param>
        /// <returns>What holds it.</returns>
        internal byte[] GetName(int index, out int start, out int length)
        {
            ReadName(index);
            start = _reader.RawStart;
            length = _reader.RawLength;
            if (!_reader.HasEscapes)
            {
                return _payload;
            }

            start = 0;
            byte[] name = new byte[_reader.GetTextLength()];
            length = _reader.CopyText(name, 0);
            return name;
        }

        /// <summary>
        /// Takes an argument as a configuration holds it: a text, or what stands there for a number or a truth value.
        /// </summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The text, or <see langword="null"/> for null.</returns>
        public string TakeValue(int index)
        {
            _taken |= 1 << index;
            return ReadValue(index) == JsonToken.Null ? null : _reader.GetText();
        }

        /// <summary>Takes a whole number.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The number.</param>
        /// <returns><see langword="false"/> when the argument is absent or no whole number.</returns>
        public bool TryTakeInteger(string name, out long value)
        {
            value = 0;
            return ReadValue(Find(name)) == JsonToken.Number
                && NumberText.TryParseInt64(_payload, _reader.RawStart, _reader.RawLength, out value);
        }

        /// <summary>Takes a text.</summary>
        /// <param name="name">The argument's name.</param>
        /// <returns>The text, or <see langword="null"/> when the argument is absent or no text.</returns>
        public string TakeText(string name)
        {
            return ReadValue(Find(name)) == JsonToken.Text ? _reader.GetText() : null;
        }

        /// <summary>Takes a truth value.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The value.</param>
        /// <returns><see langword="false"/> when the argument is absent or neither true nor false.</returns>
        public bool TryTakeBoolean(string name, out bool value)
        {
            JsonToken kind = ReadValue(Find(name));
            value = kind == JsonToken.True;
            return value || kind == JsonToken.False;
        }

        /// <summary>Names an argument that was not taken.</summary>
        /// <returns>Its name, or <see langword="null"/>.</returns>
        public string FindUntaken()
        {
            for (int i = 0; i < Count; i++)
            {
                if ((_taken & (1 << i)) == 0)
                {
                    return GetName(i);
                }
            }

            return null;
        }

        private string CheckArgument()
        {
            if (Count == MaxArguments)
            {
                return "more than " + MaxArguments.ToString() + " arguments";
            }

            _places[2 * Count] = (ushort)_reader.TokenOffset;
            if (_reader.GetTextLength() > MaxTextBytes)
            {
                return "an argument's name is longer than " + MaxTextBytes.ToString() + " bytes";
            }

            JsonToken kind = _reader.Read();
            if (kind == JsonToken.Error)
            {
                return _reader.Error;
            }

            _places[(2 * Count) + 1] = (ushort)_reader.TokenOffset;
            if (kind == JsonToken.BeginObject || kind == JsonToken.BeginArray)
            {
                return "argument '" + GetName(Count) + "' is not a plain value";
            }

            bool isTooLong = _reader.GetTextLength() > MaxTextBytes;
            return isTooLong
                ? "argument '" + GetName(Count) + "' is longer than " + MaxTextBytes.ToString() + " bytes"
                : null;
        }

        private string FindTwin()
        {
            for (int i = 1; i < Count; i++)
            {
                ReadName(i);
                int start = _reader.RawStart;
                int length = _reader.RawLength;
                for (int k = 0; k < i; k++)
                {
                    ReadName(k);
                    if (_reader.ValueEquals(start, length))
                    {
                        return "argument '" + GetName(i) + "' is there twice";
                    }
                }
            }

            return null;
        }

        // Takes an argument; its index, or -1.
        private int Find(string name)
        {
            for (int i = 0; i < Count; i++)
            {
                ReadName(i);
                if (_reader.ValueEquals(name))
                {
                    _taken |= 1 << i;
                    return i;
                }
            }

            return -1;
        }

        private void ReadName(int index)
        {
            ReadAt(_places[2 * index]);
        }

        private JsonToken ReadValue(int index)
        {
            return index < 0 ? JsonToken.None : ReadAt(_places[(2 * index) + 1]);
        }

        private JsonToken ReadAt(int place)
        {
            _reader.Reset(_payload, place, _payload.Length - place);
            return _reader.Read();
        }
    }
}

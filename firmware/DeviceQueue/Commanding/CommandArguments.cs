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
        private byte[] _payload;
        private int _taken; // a bit for each argument

        /// <summary>Gets how many arguments there are.</summary>
        public int Count { get; private set; }

        /// <summary>Checks the form of the arguments of a payload, which is kept; none at all is the same as an empty object.</summary>
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
            return Find(name);
        }

        /// <summary>Gets the name of an argument.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The name.</returns>
        public string GetName(int index)
        {
            GoTo(index);
            return _reader.GetText();
        }

        /// <summary>Takes an argument as a configuration holds it: a text, or what stands there for a number or a truth value.</summary>
        /// <param name="index">0 to <see cref="Count"/> - 1.</param>
        /// <returns>The text, or <see langword="null"/> for null.</returns>
        public string TakeValue(int index)
        {
            GoTo(index);
            _taken |= 1 << index;
            return _reader.Read() == JsonToken.Null ? null : _reader.GetText();
        }

        /// <summary>Takes a whole number.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The number.</param>
        /// <returns><see langword="false"/> when the argument is absent or no whole number.</returns>
        public bool TryTakeInteger(string name, out long value)
        {
            value = 0;
            return Find(name)
                && _reader.Read() == JsonToken.Number
                && NumberText.TryParseInt64(_payload, _reader.RawStart, _reader.RawLength, out value);
        }

        /// <summary>Takes a text.</summary>
        /// <param name="name">The argument's name.</param>
        /// <returns>The text, or <see langword="null"/> when the argument is absent or no text.</returns>
        public string TakeText(string name)
        {
            return Find(name) && _reader.Read() == JsonToken.Text ? _reader.GetText() : null;
        }

        /// <summary>Takes a truth value.</summary>
        /// <param name="name">The argument's name.</param>
        /// <param name="value">The value.</param>
        /// <returns><see langword="false"/> when the argument is absent or neither true nor false.</returns>
        public bool TryTakeBoolean(string name, out bool value)
        {
            JsonToken kind = Find(name) ? _reader.Read() : JsonToken.None;
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

            if (_reader.GetTextLength() > MaxTextBytes)
            {
                return "an argument's name is longer than " + MaxTextBytes.ToString() + " bytes";
            }

            string name = _reader.GetText();
            JsonToken kind = _reader.Read();
            if (kind == JsonToken.Error)
            {
                return _reader.Error;
            }

            if (kind == JsonToken.BeginObject || kind == JsonToken.BeginArray)
            {
                return "argument '" + name + "' is not a plain value";
            }

            return _reader.GetTextLength() > MaxTextBytes ? "argument '" + name + "' is longer than " + MaxTextBytes.ToString() + " bytes" : null;
        }

        private string FindTwin()
        {
            for (int i = 1; i < Count; i++)
            {
                string name = GetName(i);
                if (Seek(name) < i)
                {
                    return "argument '" + name + "' is there twice";
                }
            }

            return null;
        }

        private bool Find(string name)
        {
            int index = Seek(name);
            _taken |= index < 0 ? 0 : 1 << index;
            return index >= 0;
        }

        // Reads up to the first argument of a name; its index, or -1.
        private int Seek(string name)
        {
            for (int i = 0; i < Count; i++)
            {
                GoTo(i);
                if (_reader.ValueEquals(name))
                {
                    return i;
                }
            }

            return -1;
        }

        // Reads up to the name of an argument of a payload that was checked.
        private void GoTo(int index)
        {
            _reader.Reset(_payload, 0, _payload.Length);
            for (int i = 0; i < (2 * index) + 2; i++)
            {
                _reader.Read();
            }
        }
    }
}

using System.Text;
using DeviceQueue.Configuration;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// Other values for settings of a running device; only those at the start of <see cref="FirmwareDefaults"/> can be
    /// among them.
    /// </summary>
    public sealed class SettingsChanges : ConfigReader
    {
        /// <summary>
        /// How long the stored form may be in bytes: each setting with a value as long as an argument may be.
        /// </summary>
        public const int MaxBytes = 1383;

        /// <summary>What stands before the keys in the stored form, in bytes.</summary>
        internal const int HeadBytes = 4;

        private const int SectionBytes = 7; // "device."

        private readonly string[] _values = new string[FirmwareDefaults.ChangeableCount];
        private string _key;
        private int _next;

        /// <summary>Initializes changes of nothing.</summary>
        /// <param name="problems">Takes what is not allowed.</param>
        public SettingsChanges(ConfigProblems problems)
            : base(problems)
        {
        }

        /// <inheritdoc/>
        public override string Key => _key;

        /// <inheritdoc/>
        public override string Value => _values[_next - 1];

        /// <summary>Gets how many settings have another value.</summary>
        public int Count { get; private set; }

        /// <summary>Gets a value.</summary>
        /// <param name="index">The setting's place among <see cref="FirmwareDefaults"/>.</param>
        /// <returns>The value, or <see langword="null"/> when it stays.</returns>
        public string Get(int index)
        {
            return index < _values.Length ? _values[index] : null;
        }

        /// <summary>Sets a value.</summary>
        /// <param name="index">The setting's place among <see cref="FirmwareDefaults"/>.</param>
        /// <param name="value">The value.</param>
        /// <returns><see langword="false"/> when a running device takes no other value for the setting.</returns>
        public bool TrySet(int index, string value)
        {
            if (index < 0 || index >= _values.Length)
            {
                return false;
            }

            Count += _values[index] == null ? 1 : 0;
            _values[index] = value;
            return true;
        }

        /// <summary>Goes back before the first key.</summary>
        public void Rewind()
        {
            _next = 0;
        }

        /// <inheritdoc/>
        public override bool Read()
        {
            while (_next < _values.Length)
            {
                if (_values[_next++] != null)
                {
                    _key = FirmwareDefaults.GetKey(_next - 1);
                    return true;
                }
            }

            return false;
        }

        /// <summary>
        /// Takes over what was stored, where there is no value yet; what no changes can be, as from another firmware,
        /// is passed over.
        /// </summary>
        /// <param name="record">The stored form.</param>
        /// <param name="offset">Where its keys start.</param>
        /// <param name="count">How many bytes they have.</param>
        internal void Parse(byte[] record, int offset, int count)
        {
            int end = offset + count;
            int equals = -1;
            for (int start = offset; offset <= end; offset++)
            {
                if (offset < end && record[offset] == '=' && equals < 0)
                {
                    equals = offset;
                }
                else if (offset == end || record[offset] == ';')
                {
                    ParseEntry(record, start, equals, offset);
                    equals = -1;
                    start = offset + 1;
                }
            }
        }

        /// <summary>Makes the stored form.</summary>
        /// <param name="head">What stands before the keys, four bytes, lowest first.</param>
        /// <returns>The bytes.</returns>
        internal byte[] ToRecord(uint head)
        {
            int length = HeadBytes;
            for (int i = 0; i < _values.Length; i++)
            {
                bool isSet = _values[i] != null;
                length += isSet ? FirmwareDefaults.GetKey(i).Length + Utf8.GetByteCount(_values[i]) + 2 : 0;
            }

            byte[] record = new byte[length];
            LittleEndian.Set(record, 0, HeadBytes, head);
            int end = HeadBytes;
            for (int i = 0; i < _values.Length; i++)
            {
                if (_values[i] != null)
                {
                    end = Utf8.Write(FirmwareDefaults.GetKey(i), record, end);
                    record[end++] = (byte)'=';
                    end = Utf8.Write(_values[i], record, end);
                    record[end++] = (byte)';';
                }
            }

            return record;
        }

        private void ParseEntry(byte[] record, int start, int equals, int end)
        {
            int name = start + SectionBytes;
            int index = equals < name ? -1 : FirmwareDefaults.IndexOf(0, record, name, equals - name);
            if (index >= 0 && record[name - 1] == '.' && _values[index] == null)
            {
                TrySet(index, Encoding.UTF8.GetString(record, equals + 1, end - equals - 1));
            }
        }
    }
}

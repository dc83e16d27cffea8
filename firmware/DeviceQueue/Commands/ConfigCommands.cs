using System;
using System.Text;
using DeviceQueue.Configuration;
using DeviceQueue.Settings;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Commands
{
    /// <summary>
    /// <c>config.get {"section":"device"}</c>: answers with the settings of one section as texts under their dotted
    /// keys, secrets masked and long ones cut; without a section, with what has none.
    /// Sections within it are only named when there are too many settings for one answer. The file is read again, and
    /// each setting goes straight into the answer.
    /// </summary>
    public sealed class ConfigGetCommand : Command
    {
        private const int NoPlace = -1;

        private readonly LoadedSettings _settings;
        private string _section;
        private JsonConfigReader _reader;
        private StoreReader _file;
        private SettingsChanges _changes;
        private int _first; // the places of the firmware's own values of the section
        private int _end;
        private int _seen; // a bit for each of FirmwareDefaults that the file has

        /// <summary>Initializes a new instance of the <see cref="ConfigGetCommand"/> class.</summary>
        /// <param name="settings">The settings.</param>
        public ConfigGetCommand(LoadedSettings settings)
            : base("config.get", false)
        {
            _settings = settings;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            bool isTop = !arguments.Has("section");
            _section = isTop ? string.Empty : arguments.TakeText("section");
            _reader = _settings.Open(arguments.Reader, answer.Scratch, out _file);
            if (isTop || (!string.IsNullOrEmpty(_section) && HasSection()))
            {
                return true;
            }

            string sections = ListSections(string.Empty).ToString();
            answer.Reject(CommandCode.BadArguments, "'section' must be one of " + sections + ", or one within");
            return false;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _changes = _settings.LoadChanges(null, answer.Scratch);
            bool isSame = _changes != null && _reader != null && TryWrite(answer.Result, _section.Length > 0);
            if (isSame && answer.Result.IsOverflow)
            {
                answer.Reset();
                isSame = TryWrite(answer.Result, false);
            }

            if (!isSame)
            {
                const string Why = "the settings cannot be read, or are not those that the device started with";
                answer.Fail(CommandCode.StorageFailed, Why);
            }
        }

        private bool HasSection()
        {
            _first = FirmwareDefaults.GetFirst(_section, out _end);
            _end = _end == FirmwareDefaults.ChangeableCount ? _settings.ChangeableCount : _end;
            bool isThere = _first < _end; // the firmware's own values are in it
            if (isThere || _reader == null)
            {
                return isThere;
            }

            for (_reader.Restart(); !isThere && _reader.Read();)
            {
                isThere = _reader.IsIn(_section, out int start);
            }

            return isThere;
        }

        // False: what was read is not what the device runs with.
        private bool TryWrite(JsonWriter writer, bool isWhole)
        {
            writer.BeginObject();
            writer.Name("section");
            writer.WriteText(_section);
            writer.Name("values");
            writer.BeginObject();
            _seen = 0;
            for (_reader.Restart(); _reader.Read();)
            {
                if (_reader.IsIn(_section, out int start) && (isWhole || _reader.FindDot(start) < 0))
                {
                    WriteSetting(writer, start);
                }
            }

            bool isSame = _settings.IsSame(_file);
            WriteDefaults(writer);
            writer.EndObject();
            if (!isWhole)
            {
                writer.Name("sections");
                ListSections(_section).Write(writer, _section);
            }

            writer.EndObject();
            return isSame;
        }

        private void WriteSetting(JsonWriter writer, int start)
        {
            byte[] key = _reader.KeyBytes;
            int length = _reader.KeyLength - start;
            int place = _first < _end ? FirmwareDefaults.IndexOf(_first, key, start, length) : NoPlace;
            _seen |= place < 0 ? 0 : 1 << place;
            string changed = GetChanged(place);
            writer.Name(key, start, length);
            if (_settings.IsHidden(_reader.Index))
            {
                writer.WriteText(ConfigProblems.Hidden);
            }
            else if (changed != null)
            {
                writer.WriteText(ConfigProblems.Clean(changed));
            }
            else
            {
                _reader.WriteShown(writer);
            }
        }

        private string GetChanged(int place)
        {
            return place < 0 ? null : _changes.Get(place);
        }

        private void WriteDefaults(JsonWriter writer)
        {
            for (int i = _first; i < _end; i++)
            {
                if ((_seen & (1 << i)) == 0)
                {
                    string changed = GetChanged(i);
                    writer.Name(FirmwareDefaults.GetKey(i), _section.Length + 1);
                    writer.WriteText(changed == null ? _settings.GetDefault(i) : ConfigProblems.Clean(changed));
                }
            }
        }

        // The sections within one.
        private SectionNames ListSections(string section)
        {
            SectionNames names = new SectionNames();
            if (_reader != null)
            {
                _reader.Restart();
            }

            while (_reader != null && _reader.Read())
            {
                int dot = _reader.IsIn(section, out int start) ? _reader.FindDot(start) : NoPlace;
                if (dot >= 0)
                {
                    names.Add(_reader.KeyBytes, start, dot - start);
                }
            }

            if (section.Length == 0)
            {
                names.Add("device");
                names.Add("options");
            }

            return names;
        }

        // Each once, in order. One whose name has a comma in it is none of the firmware's.
        private sealed class SectionNames
        {
            private const int MaxBytes = 256;

            private readonly byte[] _names = new byte[MaxBytes + JsonConfigReader.MaxKeyBytes]; // a comma after each
            private int _length;

            public void Add(string name)
            {
                byte[] text = Encoding.UTF8.GetBytes(name);
                Add(text, 0, text.Length);
            }

            public void Add(byte[] text, int start, int length)
            {
                if (_length < MaxBytes && !Has(text, start, length))
                {
                    Array.Copy(text, start, _names, _length, length);
                    _length += length + 1;
                    _names[_length - 1] = (byte)',';
                }
            }

            public void Write(JsonWriter writer, string section)
            {
                writer.BeginArray();
                for (int start = 0; start < _length;)
                {
                    int end = FindEnd(start);
                    writer.BeginText();
                    writer.Append(section);
                    writer.Append(section.Length == 0 ? section : ".");
                    writer.Append(_names, start, end - start);
                    writer.EndText();
                    start = end + 1;
                }

                writer.EndArray();
            }

            public override string ToString()
            {
                string text = string.Empty;
                for (int start = 0; start < _length;)
                {
                    int end = FindEnd(start);
                    text += (start == 0 ? string.Empty : ", ") + Encoding.UTF8.GetString(_names, start, end - start);
                    start = end + 1;
                }

                return text;
            }

            // A name with a comma counts as known.
            private bool Has(byte[] text, int start, int length)
            {
                bool isKnown = false;
                for (int i = 0; !isKnown && i < length; i++)
                {
                    isKnown = text[start + i] == ',';
                }

                for (int at = 0; !isKnown && at < _length; at = FindEnd(at) + 1)
                {
                    int same = 0;
                    while (same < length && _names[at + same] == text[start + same])
                    {
                        same++;
                    }

                    isKnown = same == length && _names[at + same] == ',';
                }

                return isKnown;
            }

            private int FindEnd(int start)
            {
                while (_names[start] != ',')
                {
                    start++;
                }

                return start;
            }
        }
    }

    /// <summary>
    /// <c>config.set {"interval_ms":30000}</c>: changes some settings below <c>device</c>, checked as a whole, stored,
    /// applied at once; answers with those that have another value now.
    /// </summary>
    public sealed class ConfigSetCommand : Command
    {
        private const int SectionLength = 7; // "device."

        private readonly LoadedSettings _settings;
        private readonly IDeviceControl _device;
        private SettingsChanges _changes;
        private DeviceSettings _changed;

        /// <summary>Initializes a new instance of the <see cref="ConfigSetCommand"/> class.</summary>
        /// <param name="settings">Checks and stores.</param>
        /// <param name="device">Takes over what changed.</param>
        public ConfigSetCommand(LoadedSettings settings, IDeviceControl device)
            : base("config.set", true, true)
        {
            _settings = settings;
            _device = device;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            SettingsChanges changes = new SettingsChanges(new ConfigProblems());
            for (int i = 0; i < arguments.Count; i++)
            {
                byte[] name = arguments.GetName(i, out int start, out int length);
                string value = arguments.TakeValue(i);
                int place = FirmwareDefaults.IndexOf(0, name, start, length);
                if (value == null || place >= _settings.ChangeableCount || !changes.TrySet(place, value))
                {
                    // The value is not repeated: it may be a secret that was meant for another place.
                    string what = "'" + arguments.GetName(i) + "'" + (value == null ? " to null" : string.Empty);
                    answer.Reject(CommandCode.BadArguments, "only " + NameChangeable() + " can be set, not " + what);
                    return false;
                }
            }

            if (changes.Count == 0)
            {
                answer.Reject(CommandCode.BadArguments, "name at least one of " + NameChangeable());
                return false;
            }

            _changes = changes;
            _changed = _settings.CheckChange(changes);
            if (_changed == null)
            {
                answer.Reject(CommandCode.BadArguments, changes.Problems.GetError(0));
            }

            return _changed != null;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            int differences = FindDifferences(_settings.Device, _changed);
            if (_settings.TryKeep(_changes, answer.Scratch))
            {
                _device.Apply(_settings.Device);
                WriteChanged(answer.Result, differences);
            }
            else
            {
                answer.Fail(CommandCode.StorageFailed, _changes.Problems.GetError(0) + "; the settings are as before");
            }
        }

        private string NameChangeable()
        {
            string names = string.Empty;
            for (int i = 0; i < _settings.ChangeableCount; i++)
            {
                names += (i == 0 ? string.Empty : ", ") + FirmwareDefaults.GetKey(i).Substring(SectionLength);
            }

            return names;
        }

        // A bit for each of FirmwareDefaults.
        private static int FindDifferences(DeviceSettings one, DeviceSettings other)
        {
            bool isSleeping = one.Sleep != null && other.Sleep != null;
            return (one.IntervalMs != other.IntervalMs ? 1 : 0)
                | (one.ReportDelta != other.ReportDelta ? 1 << 1 : 0)
                | (one.ReportAtLeastMs != other.ReportAtLeastMs ? 1 << 2 : 0)
                | (one.HealthIntervalMs != other.HealthIntervalMs ? 1 << 3 : 0)
                | (one.MaxStep != other.MaxStep ? 1 << 4 : 0)
                | (one.TemperatureOffset != other.TemperatureOffset ? 1 << 5 : 0)
                | (one.IsDiscoveryOn != other.IsDiscoveryOn ? 1 << 6 : 0)
                | (isSleeping && one.Sleep.ConnectEvery != other.Sleep.ConnectEvery ? 1 << 7 : 0)
                | (isSleeping && one.Sleep.AwakeMs != other.Sleep.AwakeMs ? 1 << 8 : 0);
        }

        private void WriteChanged(JsonWriter writer, int differences)
        {
            writer.BeginObject();
            writer.Name("changed");
            writer.BeginObject();
            for (int i = 0; i < FirmwareDefaults.ChangeableCount; i++)
            {
                if ((differences & (1 << i)) == 0)
                {
                    continue;
                }

                writer.Name(FirmwareDefaults.GetKey(i), SectionLength);
                if (i == FirmwareDefaults.Discovery)
                {
                    writer.WriteBoolean(_settings.Device.IsDiscoveryOn); // set by one of several words
                }
                else
                {
                    writer.WriteRaw(_changes.Get(i)); // checked: a number
                }
            }

            writer.EndObject();
            writer.EndObject();
        }
    }
}

using DeviceQueue.Configuration;
using DeviceQueue.Json;
using DeviceQueue.Settings;

namespace DeviceQueue.Commanding
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
        private const int MaxListed = 256;

        private readonly LoadedSettings _settings;
        private string _section;
        private SettingsChanges _changes;
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
            if (isTop || (!string.IsNullOrEmpty(_section) && HasSection()))
            {
                return true;
            }

            string sections = ListSections(string.Empty, ", ");
            answer.Reject(CommandCode.BadArguments, "'section' must be one of " + sections + ", or one within");
            return false;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            _changes = _settings.LoadChanges();
            bool isSame = TryWrite(answer.Result, _section.Length > 0);
            if (isSame && answer.Result.IsOverflow)
            {
                answer.Reset();
                isSame = TryWrite(answer.Result, false);
            }

            if (!isSame)
            {
                const string Why = "the settings file cannot be read, or is not the one that the device started with";
                answer.Fail(CommandCode.StorageFailed, Why);
            }

            _changes = null;
        }

        private bool HasSection()
        {
            if (_section == "options" || _section == "device")
            {
                return true; // the firmware's own values are in them
            }

            JsonConfigReader reader = _settings.Open(out StoreReader file);
            while (reader != null && reader.Read())
            {
                if (reader.IsIn(_section, out int start))
                {
                    return true;
                }
            }

            return false;
        }

        // False: what was read is not what the device runs with.
        private bool TryWrite(JsonWriter writer, bool isWhole)
        {
            writer.BeginObject();
            writer.Name("section");
            writer.WriteText(_section);
            writer.Name("values");
            writer.BeginObject();
            JsonConfigReader reader = _settings.Open(out StoreReader file);
            if (reader == null)
            {
                return false;
            }

            _seen = 0;
            while (reader.Read())
            {
                if (reader.IsIn(_section, out int start) && (isWhole || reader.FindDot(start) < 0))
                {
                    WriteSetting(writer, reader, start);
                }
            }

            WriteDefaults(writer);
            writer.EndObject();
            if (!isWhole)
            {
                WriteSections(writer);
            }

            writer.EndObject();
            return _settings.IsSame(file);
        }

        private void WriteSetting(JsonWriter writer, JsonConfigReader reader, int start)
        {
            bool hasDefaults = reader.FindDot(start) < 0 && (_section == "device" || _section == "options");
            int place = hasDefaults ? FirmwareDefaults.IndexOf(reader.Key) : NoPlace;
            _seen |= place == NoPlace ? 0 : 1 << place;
            string changed = place == NoPlace ? null : _changes.Get(place);
            writer.Name(reader.GetKeyPart(start, NoPlace));
            bool isHidden = _settings.IsHidden(reader.Index);
            writer.WriteText(isHidden ? ConfigProblems.Hidden : ConfigProblems.Clean(changed ?? reader.Value));
        }

        private void WriteDefaults(JsonWriter writer)
        {
            for (int i = 0; i < FirmwareDefaults.Count; i++)
            {
                string key = (_seen & (1 << i)) != 0 ? string.Empty : FirmwareDefaults.GetKey(i);
                if (key.Length > _section.Length && _section.Length > 0 && key.StartsWith(_section))
                {
                    writer.Name(key.Substring(_section.Length + 1));
                    writer.WriteText(ConfigProblems.Clean(_changes.Get(i) ?? FirmwareDefaults.GetValue(i)));
                }
            }
        }

        private void WriteSections(JsonWriter writer)
        {
            string[] names = ListSections(_section, ",").Split(',');
            writer.Name("sections");
            writer.BeginArray();
            for (int i = 0; i < names.Length && names[i].Length > 0; i++)
            {
                writer.WriteText(_section.Length == 0 ? names[i] : _section + "." + names[i]);
            }

            writer.EndArray();
        }

        // The sections within one, each once. One whose name has a separator in it is none of the firmware's.
        private string ListSections(string section, string separator)
        {
            string names = string.Empty;
            JsonConfigReader reader = _settings.Open(out StoreReader file);
            while (reader != null && reader.Read())
            {
                int dot = reader.IsIn(section, out int start) ? reader.FindDot(start) : NoPlace;
                if (dot >= 0)
                {
                    AddSection(ref names, reader.GetKeyPart(start, dot), separator);
                }
            }

            if (section.Length == 0)
            {
                AddSection(ref names, "device", separator);
                AddSection(ref names, "options", separator);
            }

            return names;
        }

        private static void AddSection(ref string names, string name, string separator)
        {
            bool isKnown = (separator + names + separator).IndexOf(separator + name + separator) >= 0;
            if (!isKnown && name.IndexOf(',') < 0 && names.Length < MaxListed)
            {
                names += (names.Length == 0 ? string.Empty : separator) + name;
            }
        }
    }

    /// <summary>
    /// <c>config.set {"interval_ms":30000}</c>: changes some settings below <c>device</c>, checked as a whole, stored,
    /// applied at once; answers with those that have another value now.
    /// </summary>
    public sealed class ConfigSetCommand : Command
    {
        private const string Section = "device.";

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
                string value = arguments.TakeValue(i);
                if (value == null || !changes.TrySet(Section + arguments.GetName(i), value))
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
            if (_settings.TryKeep(_changes))
            {
                _device.Apply(_settings.Device);
                WriteChanged(answer.Result, differences);
            }
            else
            {
                answer.Fail(CommandCode.StorageFailed, "the storage failed; the settings are as before");
            }

            _changes = null;
            _changed = null;
        }

        private static string NameChangeable()
        {
            string names = string.Empty;
            for (int i = 0; i < FirmwareDefaults.ChangeableCount; i++)
            {
                names += (i == 0 ? string.Empty : ", ") + FirmwareDefaults.GetKey(i).Substring(Section.Length);
            }

            return names;
        }

        // A bit for each of FirmwareDefaults.
        private static int FindDifferences(DeviceSettings one, DeviceSettings other)
        {
            return (one.IntervalMs != other.IntervalMs ? 1 : 0)
                | (one.ReportDelta != other.ReportDelta ? 1 << 1 : 0)
                | (one.ReportAtLeastMs != other.ReportAtLeastMs ? 1 << 2 : 0)
                | (one.HealthIntervalMs != other.HealthIntervalMs ? 1 << 3 : 0)
                | (one.MaxStep != other.MaxStep ? 1 << 4 : 0)
                | (one.TemperatureOffset != other.TemperatureOffset ? 1 << 5 : 0)
                | (one.IsDiscoveryOn != other.IsDiscoveryOn ? 1 << 6 : 0);
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

                string key = FirmwareDefaults.GetKey(i);
                writer.Name(key.Substring(Section.Length));
                if (key == "device.discovery")
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

using DeviceQueue.Configuring;
using DeviceQueue.Json;

namespace DeviceQueue.Commanding
{
    /// <summary>
    /// <c>config.get {"section":"device"}</c>: answers with the settings of one section as texts under their dotted keys, secrets masked and long ones cut; without a section, with what has none.
    /// Sections within it are only named when there are too many settings for one answer.
    /// </summary>
    public sealed class ConfigGetCommand : Command
    {
        private readonly SettingsLoader _settings;
        private string _name;
        private ConfigParams _section;

        /// <summary>Initializes a new instance of the <see cref="ConfigGetCommand"/> class.</summary>
        /// <param name="settings">Holds the settings.</param>
        public ConfigGetCommand(SettingsLoader settings)
            : base("config.get", false)
        {
            _settings = settings;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            ConfigParams all = _settings.Current.Config;
            bool isTop = !arguments.Has("section");
            _name = isTop ? string.Empty : arguments.TakeText("section");
            _section = isTop ? all : _name == null ? null : all.GetSection(_name);
            if (_section != null && (isTop || _section.Count > 0))
            {
                return true;
            }

            string sections = string.Empty;
            string[] names = all.GetSectionNames();
            for (int i = 0; i < names.Length; i++)
            {
                sections += (i == 0 ? string.Empty : ", ") + names[i];
            }

            answer.Reject(CommandCode.BadArguments, "'section' must be one of " + sections + ", or one within");
            return false;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            Write(answer.Result, _name.Length > 0);
            if (answer.Result.IsOverflow)
            {
                answer.Reset();
                Write(answer.Result, false);
            }

            _section = null;
        }

        private void Write(JsonWriter writer, bool isWhole)
        {
            writer.BeginObject();
            writer.Name("section");
            writer.WriteText(_name);
            writer.Name("values");
            writer.BeginObject();
            for (int i = 0; i < _section.Count; i++)
            {
                string key = _section.GetKey(i);
                if (isWhole || key.IndexOf('.') < 0)
                {
                    writer.Name(key);
                    writer.WriteText(ConfigProblems.ShowKnown(_name.Length == 0 ? key : _name + "." + key, _section.Get(key)));
                }
            }

            writer.EndObject();
            if (!isWhole)
            {
                WriteSections(writer);
            }

            writer.EndObject();
        }

        private void WriteSections(JsonWriter writer)
        {
            string[] names = _section.GetSectionNames();
            writer.Name("sections");
            writer.BeginArray();
            for (int i = 0; i < names.Length; i++)
            {
                writer.WriteText(_name.Length == 0 ? names[i] : _name + "." + names[i]);
            }

            writer.EndArray();
        }
    }

    /// <summary><c>config.set {"interval_ms":30000}</c>: changes some settings below <c>device</c>, checked as a whole, stored, applied at once; answers with those that have another value now.</summary>
    public sealed class ConfigSetCommand : Command
    {
        private const string Section = "device.";

        private readonly SettingsLoader _settings;
        private readonly IDeviceControl _device;
        private LoadedSettings _changed;

        /// <summary>Initializes a new instance of the <see cref="ConfigSetCommand"/> class.</summary>
        /// <param name="settings">Checks and stores.</param>
        /// <param name="device">Takes over what changed.</param>
        public ConfigSetCommand(SettingsLoader settings, IDeviceControl device)
            : base("config.set", true, true)
        {
            _settings = settings;
            _device = device;
        }

        /// <inheritdoc/>
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer)
        {
            ConfigParams changes = new ConfigParams();
            for (int i = 0; i < arguments.Count; i++)
            {
                string key = Section + arguments.GetName(i);
                string value = arguments.TakeValue(i);
                if (value == null || !SettingsLoader.IsChangeable(key))
                {
                    // The value is not repeated: it may be a secret that was meant for another place.
                    answer.Reject(CommandCode.BadArguments, "only " + NameChangeable() + " can be set, not '" + arguments.GetName(i) + "'" + (value == null ? " to null" : string.Empty));
                    return false;
                }

                changes.Set(key, value);
            }

            if (changes.Count == 0)
            {
                answer.Reject(CommandCode.BadArguments, "name at least one of " + NameChangeable());
                return false;
            }

            ConfigProblems problems = new ConfigProblems();
            _changed = _settings.CheckChange(changes, problems);
            if (_changed == null)
            {
                answer.Reject(CommandCode.BadArguments, problems.GetError(0));
            }

            return _changed != null;
        }

        /// <inheritdoc/>
        public override void Execute(CommandAnswer answer)
        {
            LoadedSettings before = _settings.Current;
            LoadedSettings changed = _changed;
            _changed = null;
            if (!_settings.TryKeep(changed))
            {
                answer.Fail(CommandCode.StorageFailed, "the storage failed; the settings are as before");
                return;
            }

            _device.Apply(changed.Device);
            JsonWriter writer = answer.Result;
            writer.BeginObject();
            writer.Name("changed");
            writer.BeginObject();
            for (int i = 0; i < SettingsLoader.ChangeableCount; i++)
            {
                string key = SettingsLoader.GetChangeable(i);
                string value = changed.Config.Get(key);
                if (value != before.Config.Get(key))
                {
                    writer.Name(key.Substring(Section.Length));
                    writer.WriteRaw(value); // checked: a number, true or false
                }
            }

            writer.EndObject();
            writer.EndObject();
        }

        private static string NameChangeable()
        {
            string names = string.Empty;
            for (int i = 0; i < SettingsLoader.ChangeableCount; i++)
            {
                names += (i == 0 ? string.Empty : ", ") + SettingsLoader.GetChangeable(i).Substring(Section.Length);
            }

            return names;
        }
    }
}

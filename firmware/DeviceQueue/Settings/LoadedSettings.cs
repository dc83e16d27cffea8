using DeviceQueue.Configuration;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Settings
{
    /// <summary>
    /// The settings that a running device has, and where they came from: the file is read again when commands show
    /// settings, and what commands change is stored beside it.
    /// Not safe for use from two threads at once.
    /// </summary>
    public sealed class LoadedSettings
    {
        /// <summary>How much memory it takes to read or to change settings.</summary>
        public const int ScratchBytes = StoredFile.PieceBytes + JsonConfigReader.WindowBytes;

        internal const string ChangesName = "changes";

        private const int NoFile = -1; // as IStore.GetSize says it

        private readonly IStore _store;
        private readonly bool _isLastGood;
        private readonly uint _fileCrc;
        private byte[] _hidden;
        private bool _areChangesVoid; // those in the storage are not allowed any more

        /// <summary>Initializes settings, of which there are none yet.</summary>
        internal LoadedSettings(IStore store, bool isLastGood, uint fileCrc)
        {
            _store = store;
            _isLastGood = isLastGood;
            _fileCrc = fileCrc;
        }

        /// <summary>Gets where the settings in use come from.</summary>
        public SettingsSource Source { get; private set; }

        /// <summary>
        /// Gets the device's settings, changes by commands included, all of them even in safe mode; <see
        /// langword="null"/> when there are none.
        /// </summary>
        public DeviceSettings Device { get; private set; }

        /// <summary>Gets the CRC-32 of the file.</summary>
        public uint FileCrc => _fileCrc;

        /// <summary>Gets the word for <see cref="Source"/> in health.</summary>
        public string SourceWord
        {
            get
            {
                switch (Source)
                {
                    case SettingsSource.File:
                        return "file";
                    case SettingsSource.Stored:
                        return "stored";
                    case SettingsSource.LastGood:
                        return "last_good";
                    case SettingsSource.Safe:
                        return "safe";
                    default:
                        return "none";
                }
            }
        }

        /// <summary>
        /// Checks a change of some settings, as a whole. Nothing is changed yet: <see cref="TryKeep"/> does that.
        /// </summary>
        /// <param name="changes">The other values; their problems take an error for each that is not allowed.</param>
        /// <returns>The settings with the changes, or <see langword="null"/> after an error.</returns>
        public DeviceSettings CheckChange(SettingsChanges changes)
        {
            if (Device == null)
            {
                changes.Problems.AddError("there are no settings to change");
                return null;
            }

            int errors = changes.Problems.ErrorCount;
            DeviceSettings changed = Device.Copy();
            Take(changes, changed);
            SleepSettings.CheckInterval(changed, changes.Problems);
            return changes.Problems.ErrorCount == errors ? changed : null;
        }

        /// <summary>
        /// Stores a change, so that a reboot finds either the settings with it or those before, and takes it over.
        /// </summary>
        /// <param name="changes">What <see cref="CheckChange"/> found good; takes over those that were stored before
        /// and may have been out of reach at the start.</param>
        /// <param name="scratch">Memory of <see cref="ScratchBytes"/> or more.</param>
        /// <returns><see langword="false"/> when the storage fails, as its problems say then: the settings so far go
        /// on.</returns>
        public bool TryKeep(SettingsChanges changes, byte[] scratch)
        {
            StoredFile file = new StoredFile(_store, ChangesName, scratch);
            if (!TryLoad(file, changes))
            {
                changes.Problems.AddError("the changes made before cannot be read and would be lost");
                return false;
            }

            byte[] record = changes.ToRecord(_fileCrc);
            if (!file.TryUpdate(new BytesSource(record, record.Length)))
            {
                changes.Problems.AddError("the storage failed");
                return false;
            }

            _areChangesVoid = false;
            Take(changes, Device);
            SleepSettings.CheckInterval(Device, changes.Problems);
            Source = Source == SettingsSource.File ? SettingsSource.Stored : Source;
            return true;
        }

        /// <summary>
        /// Gets how many of <see cref="FirmwareDefaults"/>, from the first, the running device takes other values for.
        /// </summary>
        public int ChangeableCount => Device != null && Device.Sleep != null
            ? FirmwareDefaults.ChangeableCount : FirmwareDefaults.ChangeableAwakeCount;

        /// <summary>Gets the firmware's own value of a setting.</summary>
        /// <param name="index">The setting's place among <see cref="FirmwareDefaults"/>.</param>
        /// <returns>The value as text.</returns>
        public string GetDefault(int index)
        {
            bool isOwn = index == 0 && Device != null && Device.Sleep != null;
            return isOwn ? SleepSettings.DefaultIntervalMs.ToString() : FirmwareDefaults.GetValue(index);
        }

        /// <summary>Loads the changes that commands made to the file.</summary>
        /// <param name="problems">Takes what is not allowed when the changes are checked.</param>
        /// <param name="scratch">Memory of <see cref="ScratchBytes"/> or more.</param>
        /// <returns>The changes, which may be none; <see langword="null"/> when they cannot be read.</returns>
        public SettingsChanges LoadChanges(ConfigProblems problems, byte[] scratch)
        {
            SettingsChanges changes = new SettingsChanges(problems);
            return TryLoad(new StoredFile(_store, ChangesName, scratch), changes) ? changes : null;
        }

        private bool TryLoad(StoredFile file, SettingsChanges changes)
        {
            StoreReader stored = file.Open();
            if (file.HasFailed)
            {
                return false;
            }

            int length = stored == null || _areChangesVoid ? 0 : stored.Length;
            if (length < SettingsChanges.HeadBytes || length > SettingsChanges.MaxBytes)
            {
                return true;
            }

            byte[] record = new byte[length];
            int count = 0;
            for (int more = 1; more > 0; count += more)
            {
                more = stored.Read(record, count, length - count);
            }

            if (count < length)
            {
                return false;
            }

            // another file ends the changes
            if ((uint)LittleEndian.Get(record, 0, SettingsChanges.HeadBytes) == _fileCrc)
            {
                changes.Parse(record, SettingsChanges.HeadBytes, length - SettingsChanges.HeadBytes);
            }

            return true;
        }

        /// <summary>Opens the file that the settings came from.</summary>
        /// <param name="json">Reads it.</param>
        /// <param name="file">Its bytes, with the checksum by which <see cref="IsSame"/> tells that it is still the
        /// same.</param>
        /// <param name="scratch">Memory of <see cref="ScratchBytes"/> or more, in use while keys are read.</param>
        /// <returns>A reader to be restarted, or <see langword="null"/> when the file is gone.</returns>
        internal JsonConfigReader Open(JsonReader json, byte[] scratch, out StoreReader file)
        {
            file = OpenFile(_store, _isLastGood, scratch);
            return file == null ? null : new JsonConfigReader(file, json, scratch, StoredFile.PieceBytes, null);
        }

        /// <summary>Says whether a file that was read to its end is the one that the settings came from.</summary>
        internal bool IsSame(StoreReader file)
        {
            return !file.HasFailed && file.Crc == _fileCrc;
        }

        /// <summary>Says whether a value of the file must not leave the device.</summary>
        /// <param name="index">Its place in the file, see <see cref="JsonConfigReader.Index"/>.</param>
        internal bool IsHidden(int index)
        {
            return _hidden != null && index / 8 < _hidden.Length && (_hidden[index / 8] & (1 << (index % 8))) != 0;
        }

        /// <summary>Opens the settings file or the last good one.</summary>
        internal static StoreReader OpenFile(IStore store, bool isLastGood, byte[] piece)
        {
            if (isLastGood)
            {
                return new StoredFile(store, SettingsLoader.LastGoodName, piece).Open();
            }

            int size = store.GetSize(SettingsLoader.FileName);
            return size == NoFile ? null : new StoreReader(store, SettingsLoader.FileName, 0, size, piece);
        }

        /// <summary>Takes over settings that were checked, with the changes that commands made to them.</summary>
        internal void Use(SettingsDraft draft, ConfigProblems problems)
        {
            Device = draft.Device;
            _hidden = draft.GetHidden();
            Source = _isLastGood ? SettingsSource.LastGood : SettingsSource.File;
            SettingsChanges changes = LoadChanges(new ConfigProblems(), new byte[StoredFile.PieceBytes]);
            if (changes == null)
            {
                problems.AddWarning("the changes by commands cannot be read and have no effect");
                return;
            }

            if (changes.Count == 0)
            {
                return;
            }

            // They were checked when they were stored, but perhaps by another firmware.
            DeviceSettings changed = CheckChange(changes);
            _areChangesVoid = changed == null;
            if (_areChangesVoid)
            {
                problems.AddWarning("the stored changes are not allowed any more and have no effect");
                return;
            }

            Device = changed;
            Source = _isLastGood ? Source : SettingsSource.Stored;
        }

        /// <summary>Notes that safe mode uses a part of the settings only.</summary>
        internal void UseInSafeMode()
        {
            Source = SettingsSource.Safe;
        }

        private static void Take(SettingsChanges changes, DeviceSettings settings)
        {
            changes.Rewind();
            while (changes.Read())
            {
                settings.TryTake(changes);
            }
        }
    }
}

using System;
using System.Text;
using DeviceQueue.Platform;

namespace DeviceQueue.Configuring
{
    /// <summary>
    /// Keeps the last settings file that was good, and the changes that commands made to it, across reboots and power cuts.
    /// Its buffers live for a call only: it is used at start and at a change.
    /// </summary>
    public sealed class SettingsStore
    {
        /// <summary>How long a settings file may be, in bytes.</summary>
        public const int MaxFileBytes = 8192;

        private const int MaxChangesBytes = 1152; // seven keys of up to 26 letters, each with a value as long as an argument may be
        private const int CrcBytes = 4;

        private readonly IStore _store;

        /// <summary>Initializes a store of settings in the files <c>settings.0</c>, <c>settings.1</c>, <c>changes.0</c> and <c>changes.1</c>.</summary>
        /// <param name="store">Where the files are.</param>
        public SettingsStore(IStore store)
        {
            _store = store;
        }

        /// <summary>Loads the last good settings file.</summary>
        /// <param name="json">Its bytes, with room after them.</param>
        /// <param name="count">How many they are.</param>
        /// <returns><see langword="false"/> when there is none.</returns>
        public bool TryLoadLastGood(out byte[] json, out int count)
        {
            TwoSlotFile file = OpenFile(MaxFileBytes);
            json = file.Buffer;
            bool isFound = file.TryRead(out count);
            Array.Copy(json, TwoSlotFile.HeaderBytes, json, 0, count);
            return isFound;
        }

        /// <summary>Stores a settings file as the last good one, unless it is that already.</summary>
        /// <param name="json">Its bytes.</param>
        /// <param name="count">How many of them, from the start, there are.</param>
        /// <returns><see langword="false"/> when it is longer than <see cref="MaxFileBytes"/> or the storage fails; the one before is then still there.</returns>
        public bool SaveAsGood(byte[] json, int count)
        {
            return count <= MaxFileBytes && OpenFile(MaxFileBytes).TryUpdate(json, count);
        }

        /// <summary>Reads where to connect to, with the files that the settings name.</summary>
        /// <param name="config">The settings, checked otherwise.</param>
        /// <param name="deviceId">The device id.</param>
        /// <param name="problems">Takes an error for each file that is missing or cannot be read.</param>
        /// <returns>The settings, or <see langword="null"/> after an error.</returns>
        public ConnectionSettings ReadConnection(ConfigParams config, string deviceId, ConfigProblems problems)
        {
            return ConnectionSettings.Read(config, deviceId, _store, problems);
        }

        /// <summary>Loads the changes that were made to a settings file.</summary>
        /// <param name="fileCrc">The CRC-32 of that file: another file ends the changes.</param>
        /// <returns>The changes; empty when there are none.</returns>
        public ConfigParams LoadChanges(uint fileCrc)
        {
            TwoSlotFile file = OpenChanges();
            if (!file.TryRead(out int count) || count < CrcBytes || ReadCrc(file.Buffer, TwoSlotFile.HeaderBytes) != fileCrc)
            {
                return new ConfigParams();
            }

            return ConfigParams.FromString(Encoding.UTF8.GetString(file.Buffer, TwoSlotFile.HeaderBytes + CrcBytes, count - CrcBytes));
        }

        /// <summary>Stores all changes that were made to a settings file.</summary>
        /// <param name="fileCrc">The CRC-32 of that file.</param>
        /// <param name="changes">The changes; no value holds a semicolon.</param>
        /// <returns><see langword="false"/> when they are too long or the storage fails; those before are then still there.</returns>
        public bool SaveChanges(uint fileCrc, ConfigParams changes)
        {
            byte[] text = Encoding.UTF8.GetBytes(changes.ToString());
            byte[] record = new byte[CrcBytes + text.Length];
            for (int i = 0; i < CrcBytes; i++)
            {
                record[i] = (byte)(fileCrc >> (8 * i));
            }

            Array.Copy(text, 0, record, CrcBytes, text.Length);
            return OpenChanges().TryUpdate(record, record.Length);
        }

        /// <summary>Removes the last good settings, secrets and all, and the changes.</summary>
        /// <returns><see langword="true"/> when nothing of them is left.</returns>
        public bool TryDelete()
        {
            bool isFileGone = OpenFile(0).TryDelete();
            bool areChangesGone = OpenChanges().TryDelete();
            return isFileGone && areChangesGone;
        }

        private static uint ReadCrc(byte[] record, int offset)
        {
            return record[offset] | ((uint)record[offset + 1] << 8) | ((uint)record[offset + 2] << 16) | ((uint)record[offset + 3] << 24);
        }

        private TwoSlotFile OpenFile(int maxBytes)
        {
            return new TwoSlotFile(_store, "settings.0", "settings.1", maxBytes);
        }

        private TwoSlotFile OpenChanges()
        {
            return new TwoSlotFile(_store, "changes.0", "changes.1", MaxChangesBytes);
        }
    }
}

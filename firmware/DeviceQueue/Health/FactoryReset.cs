using System;
using DeviceQueue.Configuration;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Health
{
    /// <summary>
    /// Erases what makes a device this device: its settings, the last good ones, their changes, the TLS files, the
    /// messages that wait, how it fared. What keeps a promise to the outside world
    /// stays, and says nothing about the device's use: the count of boots and readings, the floor of UTC, and the
    /// hashes of the last commands, without which a command
    /// that was carried out, the wipe itself among them, could be carried out again once the device has the same key
    /// again.
    /// </summary>
    public sealed class FactoryReset
    {
        private const string MarkName = "wipe";

        private readonly IStore _store;

        /// <summary>Initializes an eraser of a storage.</summary>
        /// <param name="store">The storage.</param>
        public FactoryReset(IStore store)
        {
            _store = store;
        }

        /// <summary>
        /// Gets a value indicating whether a power cut ended an erasure, which is then to be done again.
        /// </summary>
        public bool IsBegun => _store.GetSize(MarkName) >= 0;

        /// <summary>
        /// Erases: first what the settings in each place name, the secrets, then those settings. A power cut in between
        /// leaves the mark by which it goes on at the next start.
        /// </summary>
        /// <returns><see langword="false"/> when the storage fails, or there is no memory, and something is
        /// left.</returns>
        public bool TryErase()
        {
            try
            {
                return TryEraseAll();
            }
            catch (Exception)
            {
                return false; // for want of memory
            }
        }

        private bool TryEraseAll()
        {
            _store.TryWrite(MarkName, new byte[1], 1); // on a full storage without it
            byte[] scratch = new byte[LoadedSettings.ScratchBytes];
            StoredFile lastGood = new StoredFile(_store, SettingsLoader.LastGoodName, scratch);
            bool isGone = TryEraseNamed(LoadedSettings.OpenFile(_store, false, scratch), scratch);
            isGone &= TryEraseNamed(lastGood.OpenSlot(0), scratch);
            isGone &= TryEraseNamed(lastGood.OpenSlot(1), scratch);
            isGone &= !lastGood.HasFailed;
            isGone = isGone && lastGood.TryDelete() && _store.TryDelete(SettingsLoader.FileName);
            isGone &= new StoredFile(_store, LoadedSettings.ChangesName, scratch).TryDelete();
            isGone &= Journal.TryDelete(_store);
            return isGone && _store.TryDelete(MarkName);
        }

        // Settings may be those of an earlier time, with other names of files, or some that a device never ran with:
        // what such a one names is erased too, as far as the text can be read. What the storage does not give is left.
        private bool TryEraseNamed(StoreReader settings, byte[] scratch)
        {
            if (settings == null || settings.Length > SettingsLoader.MaxFileBytes)
            {
                return true;
            }

            TlsParams tls = new TlsParams();
            QueueOptions options = new SettingsDraft(null).Options;
            JsonReader json = new JsonReader(JsonConfigReader.MaxDepth);
            const int Piece = StoredFile.PieceBytes;
            JsonConfigReader reader = new JsonConfigReader(settings, json, scratch, Piece, new ConfigProblems());
            for (reader.Restart(); reader.Read();)
            {
                if (!tls.TryTake(reader) && reader.Key == "options.outbox")
                {
                    options.TryTake(reader);
                }
            }

            bool isGone = !settings.HasFailed;
            isGone &= TryDelete(tls.KeyFile);
            isGone &= TryDelete(tls.CertificateFile);
            isGone &= TryDelete(tls.AuthorityFile);
            for (int i = 0; i < LogSegments.MaxSegments && options.Outbox.Length > 0; i++)
            {
                isGone &= _store.TryDelete(LogSegments.GetSegmentName(options.Outbox, i));
            }

            return isGone;
        }

        private bool TryDelete(string name)
        {
            return string.IsNullOrEmpty(name) || _store.TryDelete(name);
        }
    }
}

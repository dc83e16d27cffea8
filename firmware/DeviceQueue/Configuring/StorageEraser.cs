using DeviceQueue.Connecting;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Health;

namespace DeviceQueue.Configuring
{
    /// <summary>
    /// Erases what makes a device this device: its settings, the last good ones, their changes, the TLS files, the messages that wait, how it fared. What keeps a promise to the outside world
    /// stays, and says nothing about the device's use: the count of boots and readings, the floor of UTC, and the hashes of the last commands, without which a command
    /// that was carried out, the wipe itself among them, could be carried out again once the device has the same key anew.
    /// </summary>
    public sealed class StorageEraser
    {
        private readonly IStore _store;

        /// <summary>Initializes a new instance of the <see cref="StorageEraser"/> class.</summary>
        /// <param name="store">The storage.</param>
        public StorageEraser(IStore store)
        {
            _store = store;
        }

        /// <summary>Erases, the settings file first: a power cut in between leaves what still starts, or nothing.</summary>
        /// <param name="config">The settings, which name the TLS files and the outbox.</param>
        /// <returns><see langword="false"/> when the storage fails and something is left.</returns>
        public bool TryErase(ConfigParams config)
        {
            bool isGone = _store.TryDelete(SettingsLoader.FileName);
            isGone &= new SettingsStore(_store).TryDelete();
            isGone &= Journal.TryDelete(_store);
            TlsParams tls = TlsParams.Read(config, new ConfigProblems());
            isGone &= TryDelete(tls.KeyFile);
            isGone &= TryDelete(tls.CertificateFile);
            isGone &= TryDelete(tls.AuthorityFile);
            string outbox = config.Get("options.outbox");
            for (int i = 0; i < OutboxFile.MaxSegments && !string.IsNullOrEmpty(outbox); i++)
            {
                isGone &= _store.TryDelete(OutboxFile.GetSegmentName(outbox, i));
            }

            return isGone;
        }

        private bool TryDelete(string name)
        {
            return name == null || _store.TryDelete(name);
        }
    }
}

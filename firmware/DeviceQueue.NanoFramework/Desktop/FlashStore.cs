using DeviceQueue.Storage;
using VirtualBoard;

namespace DeviceQueue.NanoFramework
{
    /// <summary>Files on the flash of the virtual board that this runs on.</summary>
    public sealed class FlashStore : IStore
    {
        private readonly FlashStorage _storage = Board.Current.Storage;

        /// <inheritdoc/>
        public int GetSize(string name)
        {
            return _storage.GetSize(name);
        }

        /// <inheritdoc/>
        public bool TryRead(string name, byte[] buffer, out int count)
        {
            return _storage.TryRead(name, buffer, out count);
        }

        /// <inheritdoc/>
        public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
        {
            return _storage.TryReadAt(name, position, buffer, offset, count);
        }

        /// <inheritdoc/>
        public bool TryAppend(string name, byte[] data, int offset, int count)
        {
            return _storage.TryAppend(name, data, offset, count);
        }

        /// <inheritdoc/>
        public bool TryWrite(string name, byte[] data, int count)
        {
            return _storage.TryWrite(name, data, count);
        }

        /// <inheritdoc/>
        public bool TryDelete(string name)
        {
            return _storage.TryDelete(name);
        }
    }
}

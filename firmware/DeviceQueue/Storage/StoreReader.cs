using DeviceQueue.Text;

namespace DeviceQueue.Storage
{
    /// <summary>Gives a part of a stored file piece by piece, with the CRC-32 of what was given.</summary>
    internal sealed class StoreReader : IByteSource
    {
        private readonly IStore _store;
        private readonly string _name;
        private readonly int _start;
        private readonly int _end;
        private readonly byte[] _piece;
        private int _position;

        /// <summary>Initializes a reader at the start of the part.</summary>
        /// <param name="store">Where the file is.</param>
        /// <param name="name">Its name.</param>
        /// <param name="start">Where the part starts.</param>
        /// <param name="count">How many bytes it has; less than 0 when that cannot be told.</param>
        /// <param name="piece">Takes each piece on its way, at its start; of use to others in between.</param>
        public StoreReader(IStore store, string name, int start, int count, byte[] piece)
        {
            _store = store;
            _name = name;
            _start = start;
            _end = count < 0 ? start : start + count;
            _position = start;
            _piece = piece;
            HasFailed = count < 0;
        }

        /// <summary>Gets the CRC-32 of what was given since the start.</summary>
        public uint Crc { get; private set; }

        /// <summary>Gets how long the part is.</summary>
        public int Length => _end - _start;

        /// <summary>
        /// Gets a value indicating whether a piece could not be read, since the start or before it; the piece and what
        /// follows count as absent.
        /// </summary>
        public bool HasFailed { get; private set; }

        /// <inheritdoc/>
        public int Read(byte[] buffer, int offset, int count)
        {
            int left = _end - _position;
            count = count < left ? count : left;
            count = count < StoredFile.PieceBytes ? count : StoredFile.PieceBytes;
            if (count <= 0)
            {
                return 0;
            }

            if (!_store.TryReadAt(_name, _position, _piece, 0, count))
            {
                HasFailed = true;
                _position = _end;
                return 0;
            }

            System.Array.Copy(_piece, 0, buffer, offset, count);
            Crc = Crc32.Append(Crc, buffer, offset, count);
            _position += count;
            return count;
        }

        /// <inheritdoc/>
        public void Restart()
        {
            _position = _start;
            Crc = 0;
        }
    }
}

using DeviceQueue.Text;

namespace DeviceQueue.Storage
{
    /// <summary>
    /// A file that is either the old or the new one, whenever the power fails: the two slots of a <see
    /// cref="TwoSlotFile"/>, written and read piece by piece,
    /// for contents that are too long to be in memory.
    /// </summary>
    internal sealed class StoredFile
    {
        /// <summary>How much of a file is in memory at once, in bytes.</summary>
        public const int PieceBytes = 256;

        // The header: "DQ2S", then format, sequence, length and CRC-32 of what stands before and after it; each four
        // bytes, lowest first.
        private const int HeaderBytes = TwoSlotFile.HeaderBytes;
        private const uint Magic = 0x53325144;
        private const uint Format = 1;
        private const int FormatAt = 4;
        private const int SequenceAt = 8;
        private const int LengthAt = 12;
        private const int CrcAt = 16;
        private const int NoFile = -1; // as IStore.GetSize says it

        private readonly IStore _store;
        private readonly string _name;
        private readonly byte[] _piece;
        private StoreReader _newest;
        private uint _sequence;
        private int _slot;

        /// <summary>Initializes a file.</summary>
        /// <param name="store">Where it is.</param>
        /// <param name="name">Its name; the slots are <c>name.0</c> and <c>name.1</c>.</param>
        /// <param name="piece">Memory of <see cref="PieceBytes"/> or more; of use to others between two calls.</param>
        public StoredFile(IStore store, string name, byte[] piece)
        {
            _store = store;
            _name = name;
            _piece = piece;
        }

        /// <summary>
        /// Gets a value indicating whether a slot that was opened is there and cannot be read: it may hold the newest
        /// content.
        /// </summary>
        public bool HasFailed { get; private set; }

        /// <summary>Opens the newest whole content.</summary>
        /// <returns>A reader at its start, or <see langword="null"/> when there is none.</returns>
        public StoreReader Open()
        {
            StoreReader first = OpenSlot(0, out uint firstSequence);
            StoreReader second = OpenSlot(1, out _sequence);

            // By their difference, so that a sequence that wraps is still the newer one.
            bool isFirst = first != null && (second == null || (int)(_sequence - firstSequence) <= 0);
            _sequence = isFirst ? firstSequence : _sequence;
            _slot = isFirst ? 0 : 1;
            _newest = isFirst ? first : second;
            return _newest;
        }

        /// <summary>
        /// Writes a content over the older one, unless the newest is the same, to spare the flash; to be called after
        /// <see cref="Open"/>.
        /// </summary>
        /// <param name="content">The content, at its start.</param>
        /// <returns><see langword="false"/> when the storage fails; the newest whole content is then still
        /// there.</returns>
        public bool TryUpdate(IByteSource content)
        {
            int length = Measure(content, out uint crc);
            if (_newest != null && _newest.Length == length && IsSame(crc))
            {
                return true;
            }

            LittleEndian.Set(_piece, 0, 4, Magic);
            LittleEndian.Set(_piece, FormatAt, 4, Format);
            LittleEndian.Set(_piece, SequenceAt, 4, _newest == null ? 1 : _sequence + 1);
            LittleEndian.Set(_piece, LengthAt, 4, length);
            LittleEndian.Set(_piece, CrcAt, 4, ComputeCrc(content));
            content.Restart();
            string slot = NameSlot(_newest != null && _slot == 0 ? 1 : 0);
            int count = HeaderBytes + Fill(content, HeaderBytes);
            bool isWritten = _store.TryWrite(slot, _piece, count);
            for (length -= count - HeaderBytes; isWritten && length > 0; length -= count)
            {
                count = Fill(content, 0);
                isWritten = count > 0 && _store.TryAppend(slot, _piece, 0, count);
            }

            return isWritten;
        }

        /// <summary>Removes the file.</summary>
        /// <returns><see langword="true"/> when nothing of it is left.</returns>
        public bool TryDelete()
        {
            bool isFirstGone = _store.TryDelete(NameSlot(0));
            bool isSecondGone = _store.TryDelete(NameSlot(1));
            return isFirstGone && isSecondGone;
        }

        /// <summary>Opens one slot, if it holds a whole content.</summary>
        /// <param name="slot">0 or 1.</param>
        /// <returns>A reader at its start, which shares this object's memory, or <see langword="null"/>.</returns>
        public StoreReader OpenSlot(int slot)
        {
            return OpenSlot(slot, out uint sequence);
        }

        private StoreReader OpenSlot(int slot, out uint sequence)
        {
            sequence = 0;
            string name = NameSlot(slot);
            int size = _store.GetSize(name);
            bool isThere = size >= HeaderBytes;
            bool isRead = isThere && _store.TryReadAt(name, 0, _piece, 0, HeaderBytes);
            HasFailed |= size < NoFile || isRead != isThere;
            bool isOurs = isRead && LittleEndian.Get(_piece, 0, 4) == Magic
                && LittleEndian.Get(_piece, FormatAt, 4) == Format;
            if (!isOurs || LittleEndian.Get(_piece, LengthAt, 4) != size - HeaderBytes)
            {
                return null;
            }

            sequence = (uint)LittleEndian.Get(_piece, SequenceAt, 4);
            uint crc = (uint)LittleEndian.Get(_piece, CrcAt, 4);
            StoreReader reader = new StoreReader(_store, name, HeaderBytes, size - HeaderBytes, _piece);
            bool isWhole = ComputeCrc(reader) == crc;
            HasFailed |= reader.HasFailed;
            reader.Restart();
            return isWhole ? reader : null;
        }

        // Of the header that is in the piece and the content.
        private uint ComputeCrc(IByteSource content)
        {
            uint crc = Crc32.Compute(_piece, 0, CrcAt);
            content.Restart();
            for (int count = 1; count > 0;)
            {
                // Behind the header, which is still needed.
                count = content.Read(_piece, HeaderBytes, PieceBytes - HeaderBytes);
                crc = Crc32.Append(crc, _piece, HeaderBytes, count);
            }

            return crc;
        }

        private int Measure(IByteSource content, out uint crc)
        {
            int length = 0;
            crc = 0;
            content.Restart();
            for (int count = 1; count > 0; length += count)
            {
                count = content.Read(_piece, 0, PieceBytes);
                crc = Crc32.Append(crc, _piece, 0, count);
            }

            return length;
        }

        private bool IsSame(uint crc)
        {
            Measure(_newest, out uint own);
            return own == crc;
        }

        private int Fill(IByteSource content, int offset)
        {
            int start = offset;
            for (int count = 1; count > 0 && offset < PieceBytes; offset += count)
            {
                count = content.Read(_piece, offset, PieceBytes - offset);
            }

            return offset - start;
        }

        private string NameSlot(int slot)
        {
            return _name + (slot == 0 ? ".0" : ".1");
        }
    }
}

namespace DeviceQueue.Storage
{
    /// <summary>
    /// A record that is either the old or the new one, whenever the power fails: two files take turns, each with a
    /// sequence and a CRC-32 over all of it. The record is made and read in a buffer that small records share: to hold
    /// it from one call to the next, lock the buffer. Not safe for use from two threads at once.
    /// </summary>
    public sealed class TwoSlotFile
    {
        /// <summary>What a file takes beside the record, in bytes.</summary>
        public const int HeaderBytes = 20;

        // "DQ2S", then format, sequence, length and CRC-32 of what stands before and after it; each four bytes, lowest
        // first.
        private const uint Magic = 0x53325144;
        private const uint Format = 1;
        private const int FormatAt = 4;
        private const int SequenceAt = 8;
        private const int LengthAt = 12;
        private const int CrcAt = 16;
        private const int None = -1;
        private const int NoFile = -1; // as IStore.GetSize says it

        private readonly IStore _store;
        private readonly string _firstName;
        private readonly string _secondName;
        private int _newest = None;
        private uint _sequence;

        /// <summary>Initializes a record of two files, with a buffer of its own.</summary>
        /// <param name="store">Where the files are.</param>
        /// <param name="firstName">The name of one.</param>
        /// <param name="secondName">The name of the other.</param>
        /// <param name="maxBytes">How long the record may be.</param>
        public TwoSlotFile(IStore store, string firstName, string secondName, int maxBytes)
            : this(store, firstName, secondName, new byte[HeaderBytes + maxBytes])
        {
        }

        /// <summary>Initializes a record of two files.</summary>
        /// <param name="store">Where the files are.</param>
        /// <param name="firstName">The name of one.</param>
        /// <param name="secondName">The name of the other.</param>
        /// <param name="buffer">Where the record is read and made; it may be as long as the buffer without the
        /// header.</param>
        public TwoSlotFile(IStore store, string firstName, string secondName, byte[] buffer)
        {
            _store = store;
            _firstName = firstName;
            _secondName = secondName;
            Buffer = buffer;
        }

        /// <summary>Gets or sets what holds the record, from <see cref="HeaderBytes"/> on.</summary>
        public byte[] Buffer { get; set; }

        /// <summary>
        /// Reads the newest whole record into <see cref="Buffer"/>; to be called before the first <see
        /// cref="TryWrite"/>.
        /// </summary>
        /// <param name="count">Its length in bytes.</param>
        /// <returns><see langword="false"/> when there is none.</returns>
        public bool TryRead(out int count)
        {
            bool isFirst = TryLoad(0, out uint first, out int firstCount);
            bool isSecond = TryLoad(1, out _sequence, out count);
            _newest = isSecond ? 1 : None;

            // By their difference, so that a sequence that wraps is still the newer one.
            if (isFirst && (!isSecond || (int)(_sequence - first) <= 0))
            {
                _sequence = first;
                _newest = TryLoad(0, out first, out count) ? 0 : None; // once more: the buffer holds one
            }

            return _newest != None;
        }

        /// <summary>
        /// Reads the newest whole record where that was not done, so that the other one is written over. Uses
        /// <see cref="Buffer"/>.
        /// </summary>
        public void EnsureRead()
        {
            if (_newest == None)
            {
                TryRead(out _);
            }
        }

        /// <summary>
        /// Tells whether there is a file that holds no whole record, or one that cannot be read: a power cut tore the
        /// newest, or it was damaged since. What <see cref="TryRead"/> finds may then be the last but one. Uses <see
        /// cref="Buffer"/>.
        /// </summary>
        /// <returns>Whether there is.</returns>
        public bool HasBadFile()
        {
            return IsBad(0) || IsBad(1);
        }

        /// <summary>Writes the record in <see cref="Buffer"/> over the older one.</summary>
        /// <param name="count">How long it is in bytes.</param>
        /// <returns><see langword="false"/> when the storage fails; the newest whole record is then still
        /// there.</returns>
        public bool TryWrite(int count)
        {
            Put(0, Magic);
            Put(FormatAt, Format);
            Put(SequenceAt, _sequence + 1);
            Put(LengthAt, (uint)count);
            Put(CrcAt, ComputeCrc(count));
            int slot = _newest == 0 ? 1 : 0;
            if (!_store.TryWrite(GetName(slot), Buffer, HeaderBytes + count))
            {
                return false;
            }

            _newest = slot;
            _sequence++;
            return true;
        }

        /// <summary>Removes the record.</summary>
        /// <returns><see langword="true"/> when no file of it is left.</returns>
        public bool TryDelete()
        {
            bool isFirstGone = _store.TryDelete(_firstName);
            bool isSecondGone = _store.TryDelete(_secondName);
            return isFirstGone && isSecondGone;
        }

        private string GetName(int slot)
        {
            return slot == 0 ? _firstName : _secondName;
        }

        private bool IsBad(int slot)
        {
            return !TryLoad(slot, out _, out _) && _store.GetSize(GetName(slot)) != NoFile;
        }

        private bool TryLoad(int slot, out uint sequence, out int count)
        {
            sequence = 0;
            count = 0;
            bool isRead = _store.TryRead(GetName(slot), Buffer, out int size) && size >= HeaderBytes;
            if (!isRead || Get(0) != Magic || Get(FormatAt) != Format)
            {
                return false;
            }

            uint length = Get(LengthAt);
            if (length != (uint)(size - HeaderBytes) || Get(CrcAt) != ComputeCrc((int)length))
            {
                return false;
            }

            sequence = Get(SequenceAt);
            count = (int)length;
            return true;
        }

        private uint ComputeCrc(int count)
        {
            return Crc32.Append(Crc32.Compute(Buffer, 0, CrcAt), Buffer, HeaderBytes, count);
        }

        private uint Get(int offset)
        {
            return (uint)LittleEndian.Get(Buffer, offset, 4);
        }

        private void Put(int offset, uint value)
        {
            LittleEndian.Set(Buffer, offset, 4, value);
        }
    }
}

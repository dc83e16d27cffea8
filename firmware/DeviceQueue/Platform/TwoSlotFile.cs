using System;

namespace DeviceQueue.Platform
{
    /// <summary>
    /// A record that is either the old or the new one, whenever the power fails: two files take turns, each with a sequence and a CRC-32 over all of it.
    /// Written only when it changes, to spare the flash. Not safe for use from two threads at once.
    /// </summary>
    public sealed class TwoSlotFile
    {
        /// <summary>What a file takes beside the record, in bytes.</summary>
        public const int HeaderBytes = 20;

        // "DQ2S", then format, sequence, length and CRC-32 of what stands before and after it; each four bytes, lowest first.
        private const uint Magic = 0x53325144;
        private const uint Format = 1;
        private const int FormatAt = 4;
        private const int SequenceAt = 8;
        private const int LengthAt = 12;
        private const int CrcAt = 16;
        private const int None = -1;

        private readonly IStore _store;
        private readonly string[] _names;
        private readonly byte[] _file;
        private readonly int _maxBytes;

        /// <summary>Initializes a record of two files. Allocates what both reading and writing need.</summary>
        /// <param name="store">Where the files are.</param>
        /// <param name="firstName">The name of one.</param>
        /// <param name="secondName">The name of the other.</param>
        /// <param name="maxBytes">How long the record may be.</param>
        public TwoSlotFile(IStore store, string firstName, string secondName, int maxBytes)
        {
            _store = store;
            _names = new string[] { firstName, secondName };
            _maxBytes = maxBytes;
            _file = new byte[HeaderBytes + maxBytes];
        }

        /// <summary>Reads the newest whole record.</summary>
        /// <param name="buffer">Receives it.</param>
        /// <param name="count">Its length in bytes.</param>
        /// <returns><see langword="false"/> when there is none or it is longer than <paramref name="buffer"/>.</returns>
        public bool TryRead(byte[] buffer, out int count)
        {
            int slot = LoadNewest(out uint sequence, out count);
            if (slot == None || count > buffer.Length)
            {
                count = 0;
                return false;
            }

            Array.Copy(_file, HeaderBytes, buffer, 0, count);
            return true;
        }

        /// <summary>Writes a record over the older one, unless the newest is the same.</summary>
        /// <param name="data">The record.</param>
        /// <param name="count">How many bytes of <paramref name="data"/>, from its start, it has.</param>
        /// <returns><see langword="false"/> when it is too long or the storage fails; the newest whole record is then still there.</returns>
        public bool TryWrite(byte[] data, int count)
        {
            if (count < 0 || count > _maxBytes)
            {
                return false;
            }

            int newest = LoadNewest(out uint sequence, out int length);
            if (newest != None && IsSame(data, count, length))
            {
                return true;
            }

            Put(0, Magic);
            Put(FormatAt, Format);
            Put(SequenceAt, sequence + 1);
            Put(LengthAt, (uint)count);
            Array.Copy(data, 0, _file, HeaderBytes, count);
            Put(CrcAt, ComputeCrc(count));
            return _store.TryWrite(_names[newest == 0 ? 1 : 0], _file, HeaderBytes + count);
        }

        /// <summary>Removes the record.</summary>
        /// <returns><see langword="true"/> when no file of it is left.</returns>
        public bool TryDelete()
        {
            bool isFirstGone = _store.TryDelete(_names[0]);
            bool isSecondGone = _store.TryDelete(_names[1]);
            return isFirstGone && isSecondGone;
        }

        // Leaves the newest whole file in the buffer and says which it is.
        private int LoadNewest(out uint sequence, out int count)
        {
            bool isFirst = TryLoad(0, out uint first, out int firstCount);
            bool isSecond = TryLoad(1, out sequence, out count);

            // By their difference, so that a sequence that wraps is still the newer one.
            if (isSecond && (!isFirst || (int)(sequence - first) > 0))
            {
                return 1;
            }

            sequence = first;
            count = firstCount;
            return isFirst && TryLoad(0, out first, out firstCount) ? 0 : None;
        }

        private bool TryLoad(int slot, out uint sequence, out int count)
        {
            sequence = 0;
            count = 0;
            if (!_store.TryRead(_names[slot], _file, out int size) || size < HeaderBytes || Get(0) != Magic || Get(FormatAt) != Format)
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

        private bool IsSame(byte[] data, int count, int length)
        {
            bool isSame = count == length;
            for (int i = 0; isSame && i < count; i++)
            {
                isSame = data[i] == _file[HeaderBytes + i];
            }

            return isSame;
        }

        private uint ComputeCrc(int count)
        {
            return Crc32.Append(Crc32.Compute(_file, 0, CrcAt), _file, HeaderBytes, count);
        }

        private uint Get(int offset)
        {
            return _file[offset] | ((uint)_file[offset + 1] << 8) | ((uint)_file[offset + 2] << 16) | ((uint)_file[offset + 3] << 24);
        }

        private void Put(int offset, uint value)
        {
            for (int i = 0; i < 4; i++)
            {
                _file[offset + i] = (byte)(value >> (8 * i));
            }
        }
    }
}

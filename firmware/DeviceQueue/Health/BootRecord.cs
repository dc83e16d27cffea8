using DeviceQueue.Diagnostics;
using DeviceQueue.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Health
{
    /// <summary>
    /// What must never go back across reboots: the count of boots, and the numbers given to readings. Numbers are
    /// reserved in blocks, so that storage is written once a block; the rest of a block is skipped by a reboot.
    /// </summary>
    public sealed class BootRecord : IHealthPart
    {
        /// <summary>How many numbers are reserved at once.</summary>
        public const int BlockSize = 256;

        /// <summary>The first of the places that this takes among the numbers that are kept over a sleep.</summary>
        public const int SavedAt = Readings.Sampler.SavedEnd;

        /// <summary>
        /// The end of the places: boot, negative when numbers may be lost; its first number, the last one, the last
        /// that is reserved, or 0 when that is not stored.
        /// </summary>
        public const int SavedEnd = SavedAt + 4;

        private const int RecordBytes = 16;
        private const int SkippedBlocks = 2;
        private const long MaxNumber = 1L << 52; // far beyond any use, and a number that JSON carries without loss

        private readonly TwoSlotFile _file;
        private readonly bool _isLost;
        private long _last;
        private long _reserved;

        /// <summary>Counts this boot and reserves the first block of numbers.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="buffer">A buffer that is shared with other small records, or <see langword="null"/> for one of
        /// its own.</param>
        /// <param name="saved">What <see cref="Save"/> made before a sleep: the boot goes on, and no file is read or
        /// written; or <see langword="null"/>.</param>
        public BootRecord(IStore store, byte[] buffer = null, long[] saved = null)
        {
            buffer = buffer ?? new byte[TwoSlotFile.HeaderBytes + RecordBytes];
            _file = new TwoSlotFile(store, "boot.0", "boot.1", buffer);
            if (saved != null)
            {
                _isLost = saved[SavedAt] < 0;
                Boot = _isLost ? -saved[SavedAt] : saved[SavedAt];
                FirstSequence = saved[SavedAt + 1];
                _last = saved[SavedAt + 2];
                _reserved = saved[SavedAt + 3];
                IsStored = _reserved > 0;
                return;
            }

            lock (_file.Buffer)
            {
                bool isBad = _file.HasBadFile();
                bool isRead = _file.TryRead(out int count);
                bool isValid = isRead && count == RecordBytes && IsValid(Get(0)) && IsValid(Get(8));
                Boot = isValid ? Get(0) : 0;
                _last = isValid ? Get(8) : 0;
                _isLost = !isValid && (isRead || isBad);
                if (isBad || _isLost)
                {
                    // The newest record may be the one that is lost: what it counted and reserved is left out.
                    Boot++;
                    _last += SkippedBlocks * BlockSize;
                }
            }

            Boot++;
            FirstSequence = _last + 1;
            Reserve();
        }

        /// <summary>Gets the count of this boot, from 1.</summary>
        public long Boot { get; }

        /// <summary>Gets the first number of this boot.</summary>
        public long FirstSequence { get; }

        /// <summary>
        /// Gets a value indicating whether the last reservation was stored; otherwise numbers may repeat after the next
        /// reboot. Each number tries again.
        /// </summary>
        public bool IsStored { get; private set; }

        /// <summary>Gets a value indicating whether the next number needs no write.</summary>
        internal bool HasReserve => _last < _reserved && IsStored;

        /// <summary>Gives the next number.</summary>
        /// <returns>A number larger than all before it.</returns>
        public long NextSequence()
        {
            if (_last == _reserved || !IsStored)
            {
                Reserve();
            }

            return ++_last;
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("boot");
            writer.WriteNumber(Boot);
            writer.Name("seq_first");
            writer.WriteNumber(FirstSequence);
            if (_isLost || !IsStored)
            {
                writer.Name("seq_may_repeat");
                writer.WriteBoolean(true);
            }
        }

        /// <summary>Puts what a sleep must not lose among numbers that are kept over it.</summary>
        internal void Save(long[] saved)
        {
            saved[SavedAt] = _isLost ? -Boot : Boot;
            saved[SavedAt + 1] = FirstSequence;
            saved[SavedAt + 2] = _last;
            saved[SavedAt + 3] = IsStored ? _reserved : 0;
        }

        private static bool IsValid(long value)
        {
            return value >= 0 && value <= MaxNumber;
        }

        private void Reserve()
        {
            _reserved = _last + BlockSize;
            lock (_file.Buffer)
            {
                _file.EnsureRead();
                Set(0, Boot);
                Set(8, _reserved);
                IsStored = _file.TryWrite(RecordBytes);
            }
        }

        private long Get(int offset)
        {
            return LittleEndian.Get(_file.Buffer, TwoSlotFile.HeaderBytes + offset, 8);
        }

        private void Set(int offset, long value)
        {
            LittleEndian.Set(_file.Buffer, TwoSlotFile.HeaderBytes + offset, 8, value);
        }
    }
}

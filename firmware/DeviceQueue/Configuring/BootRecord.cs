using DeviceQueue.Platform;

namespace DeviceQueue.Configuring
{
    /// <summary>
    /// What must never go back across reboots: the count of boots, and the numbers given to readings. Numbers are reserved in blocks, so that storage is written
    /// once a block; the rest of a block is skipped by a reboot.
    /// </summary>
    public sealed class BootRecord
    {
        /// <summary>How many numbers are reserved at once.</summary>
        public const int BlockSize = 256;

        private const int RecordBytes = 16;

        private readonly TwoSlotFile _file;
        private long _last;
        private long _reserved;

        /// <summary>Initializes a new instance of the <see cref="BootRecord"/> class: counts this boot and reserves the first block.</summary>
        /// <param name="store">The storage.</param>
        public BootRecord(IStore store)
        {
            _file = new TwoSlotFile(store, "boot.0", "boot.1", RecordBytes);
            if (_file.TryRead(out int count) && count == RecordBytes)
            {
                Boot = Get(0);
                _last = Get(8);
            }

            Boot++;
            FirstSequence = _last + 1;
            Reserve();
        }

        /// <summary>Gets the count of this boot, from 1.</summary>
        public long Boot { get; }

        /// <summary>Gets the first number of this boot.</summary>
        public long FirstSequence { get; }

        /// <summary>Gets a value indicating whether the last reservation was stored; otherwise numbers may repeat after the next reboot. Each number tries again.</summary>
        public bool IsStored { get; private set; }

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

        private void Reserve()
        {
            _reserved = _last + BlockSize;
            Set(0, Boot);
            Set(8, _reserved);
            IsStored = _file.TryWrite(RecordBytes);
        }

        private long Get(int offset)
        {
            long value = 0;
            for (int i = 7; i >= 0; i--)
            {
                value = (value << 8) | _file.Buffer[TwoSlotFile.HeaderBytes + offset + i];
            }

            return value;
        }

        private void Set(int offset, long value)
        {
            for (int i = 0; i < 8; i++)
            {
                _file.Buffer[TwoSlotFile.HeaderBytes + offset + i] = (byte)(value >> (8 * i));
            }
        }
    }
}

using System;
using DeviceQueue.Storage;

namespace DeviceQueue.Time
{
    /// <summary>
    /// The time below which UTC never goes: the build date, then the latest that was certain, stored in the files
    /// <c>utc.0</c> and <c>utc.1</c>. Not safe for concurrent use: the clock locks.
    /// </summary>
    internal sealed class ClockFloor
    {
        private const int RecordBytes = 8;

        // 2100: a stored floor beyond it is no time that a device has seen, and would refuse all commands to come.
        private const long MaxTicks = 662380416000000000;

        private readonly TwoSlotFile _file;
        private long _storedTicks;

        public ClockFloor(IStore store, DateTime buildDate, byte[] buffer, long nowMs, long[] saved)
        {
            _file = new TwoSlotFile(store, "utc.0", "utc.1", buffer ?? new byte[TwoSlotFile.HeaderBytes + RecordBytes]);
            SinceMs = nowMs;
            if (saved != null)
            {
                SinceMs = saved[1];
                _storedTicks = saved[2];
                Ticks = saved[0] > buildDate.Ticks ? saved[0] : buildDate.Ticks;
                return;
            }

            lock (_file.Buffer)
            {
                bool isRead = _file.TryRead(out int count) && count == RecordBytes;
                long ticks = isRead ? LittleEndian.Get(_file.Buffer, TwoSlotFile.HeaderBytes, RecordBytes) : 0;
                _storedTicks = ticks > 0 && ticks <= MaxTicks ? ticks : 0;
            }

            Ticks = _storedTicks > buildDate.Ticks ? _storedTicks : buildDate.Ticks;
        }

        public long Ticks { get; private set; }

        /// <summary>Gets when it was raised, in milliseconds since start.</summary>
        public long SinceMs { get; private set; }

        /// <summary>
        /// Raises it, and stores it when it is so much higher than what is stored: less than a second is not worth a
        /// write, for a stream of good commands must not wear the flash more than their records do.
        /// </summary>
        public void Raise(long ticks, long nowMs, long leastTicks = TimeSpan.TicksPerSecond)
        {
            if (ticks > Ticks)
            {
                Ticks = ticks;
                SinceMs = nowMs;
            }

            if (Ticks - _storedTicks < leastTicks)
            {
                return;
            }

            lock (_file.Buffer)
            {
                _file.EnsureRead();
                LittleEndian.Set(_file.Buffer, TwoSlotFile.HeaderBytes, RecordBytes, Ticks);
                if (_file.TryWrite(RecordBytes))
                {
                    _storedTicks = Ticks;
                }
            }
        }

        /// <summary>Puts what a sleep must not lose at the first three places.</summary>
        public void Save(long[] saved)
        {
            saved[0] = Ticks;
            saved[1] = SinceMs;
            saved[2] = _storedTicks;
        }
    }
}

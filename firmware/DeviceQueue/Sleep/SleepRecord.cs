using System;
using System.Text;
using DeviceQueue.Commands;
using DeviceQueue.Messaging;
using DeviceQueue.Storage;

namespace DeviceQueue.Sleep
{
    /// <summary>
    /// What must survive a sleep: numbers, each at a place, and the topic of the readings. The node stores the whole in
    /// two slots when it goes to sleep. A wake-up that does not connect adds what has changed since behind the reading
    /// in the outbox's log, so that one write does for both. Only a wake-up reads it: after a power cut, a reset or a
    /// reboot the device starts as ever.
    /// </summary>
    public sealed class SleepRecord
    {
        // The places. Before them stand those of the clock, the outbox, the sampler, the boot record and the commands.
        // Times are in milliseconds of uptime, which goes on over a sleep.

        /// <summary>When it fell asleep.</summary>
        public const int AsleepMs = CommandHistory.SavedAt + 1;

        /// <summary>For how long.</summary>
        public const int PlannedMs = AsleepMs + 1;

        /// <summary>The next reading without a calendar.</summary>
        public const int DueMs = AsleepMs + 2;

        /// <summary>A moment of readings in milliseconds of UTC, 0: none is known.</summary>
        public const int GridMs = AsleepMs + 3;

        /// <summary>When the calendar was set.</summary>
        public const int SetMs = AsleepMs + 4;

        /// <summary>Since the last attempt to connect.</summary>
        public const int Readings = AsleepMs + 5;

        /// <summary>The last attempt to connect.</summary>
        public const int AttemptMs = AsleepMs + 6;

        /// <summary>Not before, after a failed one.</summary>
        public const int RetryMs = AsleepMs + 7;

        /// <summary>Failed ones in a row.</summary>
        public const int Failures = AsleepMs + 8;

        /// <summary>1: a fault that is to be told; <see cref="StorageFault"/>: the storage fails.</summary>
        public const int NewFault = AsleepMs + 9;

        /// <summary>What the boot counts as while it may still fail, see the journal.</summary>
        public const int Share = AsleepMs + 10;

        /// <summary>The settings that the next wake-ups go by, first the interval.</summary>
        public const int IntervalMs = AsleepMs + 11;

        /// <summary>At which reading the device connects.</summary>
        public const int ConnectEvery = AsleepMs + 12;

        /// <summary>The temperature's offset, bits of a double.</summary>
        public const int OffsetC = AsleepMs + 13;

        /// <summary>The largest step, bits of a double.</summary>
        public const int MaxStepC = AsleepMs + 14;

        /// <summary>The change that is published, bits of a double.</summary>
        public const int ReportDeltaC = AsleepMs + 15;

        /// <summary>The longest time without a published reading.</summary>
        public const int ReportAtLeastMs = AsleepMs + 16;

        /// <summary>The pin of the bus's data line.</summary>
        public const int I2cDataPin = AsleepMs + 17;

        /// <summary>The pin of the bus's clock line.</summary>
        public const int I2cClockPin = AsleepMs + 18;

        /// <summary>The sensor's address, or 0.</summary>
        public const int SensorAddress = AsleepMs + 19;

        /// <summary>1: the calendar runs from a floor and is not right.</summary>
        public const int IsFloorClock = AsleepMs + 20;

        /// <summary>The sensor's type.</summary>
        public const int SensorType = AsleepMs + 21;

        /// <summary>The channel of the battery's pin, or -1.</summary>
        public const int BatteryChannel = AsleepMs + 22;

        /// <summary>The battery's voltage over that at the pin, bits of a double.</summary>
        public const int BatteryFactor = AsleepMs + 23;

        /// <summary>Below this many millivolts the battery is low.</summary>
        public const int BatteryLowMv = AsleepMs + 24;

        /// <summary>A value of <see cref="NewFault"/>.</summary>
        public const int StorageFault = 2;

        /// <summary>How many there are.</summary>
        public const int Count = AsleepMs + 25;

        /// <summary>The memory in bytes that it takes to read or write a record.</summary>
        public const int ScratchBytes = TwoSlotFile.HeaderBytes + MaxTopicBytes + 2 + MaxBytes;

        /// <summary>The most bytes that <see cref="PutTail"/> adds.</summary>
        internal const int MaxTailBytes = MessageRecord.HeaderBytes + MaxBytes + TrailerBytes;

        private const int MaxBytes = Count * 11; // a place, and a number of ten bytes
        private const int MaxTopicBytes = 64;
        private const byte Version = 1;
        private const int TrailerBytes = 2; // how long the record is, at its end

        private readonly long[] _values = new long[Count];
        private long[] _stored; // as in the two slots

        /// <summary>Gets or sets the topic of the readings.</summary>
        public string Topic { get; set; }

        /// <summary>Gets or sets a value indicating whether the reading of this wake-up is taken.</summary>
        public bool IsSampled { get; set; }

        /// <summary>Gets or sets the name of the outbox's log.</summary>
        public string LogName { get; set; }

        /// <summary>Gets the uptime at which the sleep was to end.</summary>
        public long WakeMs => _values[AsleepMs] + _values[PlannedMs];

        /// <summary>Gets all numbers, by place.</summary>
        public long[] Values => _values;

        /// <summary>Gets or sets a number.</summary>
        /// <param name="place">A constant of this class.</param>
        public long this[int place]
        {
            get => _values[place];
            set => _values[place] = value;
        }

        /// <summary>Reads what the last sleep kept.</summary>
        /// <param name="store">The storage.</param>
        /// <returns>The record, or <see langword="null"/> when there is none that is whole.</returns>
        public static SleepRecord Read(IStore store)
        {
            byte[] scratch = new byte[ScratchBytes];
            SleepRecord record = new SleepRecord();
            bool isRead = OpenFile(store, scratch).TryRead(out int count)
                && record.TryParse(scratch, TwoSlotFile.HeaderBytes + count)
                && record.TryReadTail(store, scratch);
            return isRead ? record : null;
        }

        /// <summary>Ends the short wake-up: no more is added, and the memory for that is free.</summary>
        public void EndTail()
        {
            _stored = null;
        }

        /// <summary>Stores the whole.</summary>
        /// <param name="store">The storage.</param>
        /// <param name="scratch">Memory of <see cref="ScratchBytes"/> or more.</param>
        /// <returns><see langword="false"/> when the storage fails.</returns>
        public bool TryStore(IStore store, byte[] scratch)
        {
            TwoSlotFile file = OpenFile(store, scratch);
            file.EnsureRead();
            int at = TwoSlotFile.HeaderBytes;
            scratch[at++] = Version;
            at = PutText(scratch, at, Topic);
            at = PutText(scratch, at, LogName);
            return file.TryWrite(PutChanges(new long[Count], scratch, at) - TwoSlotFile.HeaderBytes);
        }

        /// <summary>Puts what has changed since the whole was stored, as a record of the outbox's log.</summary>
        /// <returns>The place behind it.</returns>
        internal int PutTail(byte[] data, int at)
        {
            int start = at + MessageRecord.HeaderBytes;
            int end = PutChanges(_stored, data, start);
            LittleEndian.Set(data, end, TrailerBytes, end + TrailerBytes - at);
            MessageRecord.PutKept(data, at, end + TrailerBytes - start);
            return end + TrailerBytes;
        }

        private static TwoSlotFile OpenFile(IStore store, byte[] scratch)
        {
            return new TwoSlotFile(store, "sleep.0", "sleep.1", scratch);
        }

        private static int PutText(byte[] data, int at, string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            data[at++] = (byte)bytes.Length;
            Array.Copy(bytes, 0, data, at, bytes.Length);
            return at + bytes.Length;
        }

        private static string GetText(byte[] data, ref int at, int end)
        {
            int length = at < end ? data[at++] : end;
            at += length;
            return at <= end ? Encoding.UTF8.GetString(data, at - length, length) : null;
        }

        private bool TryParse(byte[] data, int end)
        {
            int at = TwoSlotFile.HeaderBytes;
            if (at >= end || data[at++] != Version)
            {
                return false;
            }

            Topic = GetText(data, ref at, end);
            LogName = GetText(data, ref at, end);
            if (LogName == null || !TryGetChanges(data, at, end))
            {
                return false;
            }

            _stored = new long[Count];
            Array.Copy(_values, _stored, Count);
            return true;
        }

        // What wake-ups have added since; a log that has nothing more than when the whole was stored has none.
        private bool TryReadTail(IStore store, byte[] data)
        {
            long digit = _values[OutboxLog.DigitAt];
            if (digit < 0)
            {
                return true;
            }

            string name = LogSegments.GetSegmentName(LogName, (int)digit);
            int size = store.GetSize(name);
            if (size <= _values[OutboxLog.SizeAt])
            {
                return size == _values[OutboxLog.SizeAt] || (size == -1 && _values[OutboxLog.SizeAt] == 0);
            }

            int count = size < MaxTailBytes ? size : MaxTailBytes;
            if (count < TrailerBytes || !store.TryReadAt(name, size - count, data, 0, count))
            {
                return false;
            }

            int at = count - (int)LittleEndian.Get(data, count - TrailerBytes, TrailerBytes);
            bool isWhole = MessageRecord.IsKept(data, at, count)
                && TryGetChanges(data, at + MessageRecord.HeaderBytes, count - TrailerBytes);
            _values[OutboxLog.BytesAt] = _stored[OutboxLog.BytesAt] + size - _stored[OutboxLog.SizeAt];
            _values[OutboxLog.SizeAt] = size;
            return isWhole;
        }

        // A place and the difference for each that differs, seven bits a byte, the sign in the lowest.
        private int PutChanges(long[] from, byte[] data, int at)
        {
            for (int i = 0; i < Count; i++)
            {
                long change = _values[i] - from[i];
                if (change == 0)
                {
                    continue;
                }

                data[at++] = (byte)i;
                ulong left = (ulong)((change << 1) ^ (change >> 63));
                for (; left >= 0x80; left >>= 7)
                {
                    data[at++] = (byte)(left | 0x80);
                }

                data[at++] = (byte)left;
            }

            return at;
        }

        private bool TryGetChanges(byte[] data, int at, int end)
        {
            while (at < end)
            {
                int place = data[at++];
                ulong left = 0;
                int shift = 0;
                bool isMore = true;
                for (; isMore && at < end; shift += 7)
                {
                    left |= (ulong)(data[at] & 0x7F) << shift;
                    isMore = (data[at++] & 0x80) != 0;
                }

                if (isMore || place >= Count)
                {
                    return false;
                }

                _values[place] += (long)(left >> 1) ^ -(long)(left & 1);
            }

            return true;
        }
    }
}

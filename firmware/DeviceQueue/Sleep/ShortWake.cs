using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Storage;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Sleep
{
    /// <summary>
    /// The first half of each wake-up: measures, adds the reading and what is kept over the sleep to the outbox's log
    /// in one write, and plans the next sleep. Nothing else of the firmware is needed for that, so that a wake-up that
    /// does not connect is over soon.
    /// </summary>
    public sealed class ShortWake
    {
        private readonly SleepRecord _record;
        private readonly IStore _store;
        private readonly TrustedClock _clock;
        private readonly BootRecord _bootRecord;
        private readonly Sampler _sampler;

        /// <summary>Goes on from a record.</summary>
        /// <param name="record">What was kept.</param>
        /// <param name="store">The storage.</param>
        /// <param name="clock">The board's clocks, with the uptime that goes on.</param>
        /// <param name="sensor">The sensor.</param>
        /// <param name="logger">The console.</param>
        public ShortWake(SleepRecord record, IStore store, IClock clock, ISensor sensor, ILogger logger)
        {
            _record = record;
            _store = store;
            byte[] scratch = new byte[TwoSlotFile.HeaderBytes]; // no file is read or written with it
            _clock = new TrustedClock(clock, store, FirmwareDefaults.BuildDate, scratch, record.Values);
            _bootRecord = new BootRecord(store, scratch, record.Values);
            SamplingSchedule schedule = new SamplingSchedule(clock.NowMs, (int)record[SleepRecord.IntervalMs]);
            _sampler = new Sampler(sensor, schedule, _clock, logger);
            _sampler.Resume(record.Values);
            _sampler.Apply(
                Unpack(SleepRecord.OffsetC),
                Unpack(SleepRecord.MaxStepC),
                Unpack(SleepRecord.ReportDeltaC),
                (int)record[SleepRecord.ReportAtLeastMs]);
        }

        /// <summary>Does what a wake-up has to do.</summary>
        /// <param name="battery">The battery's pin, or <see langword="null"/>.</param>
        /// <returns>Whether the board may sleep as planned; otherwise the node is needed, to connect or because this
        /// could not be done without it.</returns>
        public bool TryRun(IAnalogInput battery)
        {
            if (_record[OutboxLog.DigitAt] < 0 || !_bootRecord.HasReserve)
            {
                return false;
            }

            if (battery != null)
            {
                int lowMv = (int)_record[SleepRecord.BatteryLowMv];
                _sampler.Battery = new Battery(battery, Unpack(SleepRecord.BatteryFactor), lowMv)
                {
                    Status = (int)_record[Sampler.BatteryAt],
                };
            }

            byte[] data = new byte[
                MessageRecord.HeaderBytes + _record.Topic.Length + ReadingWriter.MaxBytes + SleepRecord.MaxTailBytes];
            long[] before = (long[])_record.Values.Clone();
            bool hasPlace = false;
            int end = _sampler.TrySample(_clock.NowMs) ? PutReading(data) : 0;
            if (end >= 0)
            {
                _record[SleepRecord.NewFault] = _sampler.HasNewFault(before) ? 1 : _record[SleepRecord.NewFault];
                _record[SleepRecord.Readings]++;
                end = PutTail(data, end);
                hasPlace = _record[OutboxLog.SizeAt] + end <= LogSegments.SegmentBytes;
                _record.IsSampled = hasPlace && _store.TryAppend(
                    LogSegments.GetSegmentName(_record.LogName, (int)_record[OutboxLog.DigitAt]), data, 0, end);
            }

            if (!_record.IsSampled)
            {
                Array.Copy(before, _record.Values, SleepRecord.Count);
                if (hasPlace)
                {
                    _bootRecord.Save(_record.Values); // the number may be in the log all the same
                    _record[SleepRecord.NewFault] = SleepRecord.StorageFault;
                }
            }

            return _record.IsSampled && !SleepPlan.IsConnectDue(_record, _clock.NowMs);
        }

        private double Unpack(int place)
        {
            return BitConverter.Int64BitsToDouble(_record[place]);
        }

        // The end of the message's record; -1: the node has to see to it.
        private int PutReading(byte[] data)
        {
            int topicLength = Utf8.Write(_record.Topic, data, MessageRecord.HeaderBytes) - MessageRecord.HeaderBytes;
            int start = MessageRecord.HeaderBytes + topicLength;
            JsonWriter writer = new JsonWriter();
            writer.Reset(data, start);
            ReadingWriter.Write(writer, _sampler.Reading, _bootRecord.NextSequence(), _bootRecord.Boot);
            int length = topicLength + writer.Length;
            if (length > _record[OutboxLog.MaxMessageSizeAt])
            {
                return -1;
            }

            MessageRecord.PutHeader(data, 0, (byte)_record[OutboxLog.FlagsAt], topicLength, length);
            MessageRecord.Seal(data, 0, (int)_record[OutboxLog.NextAt]++);
            return MessageRecord.HeaderBytes + length;
        }

        private int PutTail(byte[] data, int at)
        {
            _clock.Save(_record.Values);
            _bootRecord.Save(_record.Values);
            _sampler.Save(_record.Values);
            _record[SleepRecord.DueMs] = _sampler.DueMs;
            SleepPlan.PlanSleep(_record, _clock);
            return _record.PutTail(data, at);
        }
    }
}

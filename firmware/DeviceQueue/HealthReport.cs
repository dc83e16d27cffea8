using System;
using DeviceQueue.Configuring;
using DeviceQueue.Connecting;
using DeviceQueue.Json;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Readings;
using DeviceQueue.Settings;

namespace DeviceQueue
{
    /// <summary>What the device says of itself on <c>sensor/&lt;id&gt;/health</c>.</summary>
    public sealed class HealthReport
    {
        /// <summary>The most bytes that a report takes.</summary>
        public const int MaxBytes = 1536;

        private const int MaxErrorLength = 160;

        private readonly DevicePlatform _platform;
        private readonly DeviceSettings _settings;
        private readonly BootRecord _bootRecord;
        private readonly MqttConnection _connection;
        private readonly MqttMessageQueue _readings;
        private readonly Sampler _sampler;
        private readonly TrustedClock _clock;
        private readonly JsonWriter _writer = new JsonWriter();

        /// <summary>Initializes a new instance of the <see cref="HealthReport"/> class.</summary>
        /// <param name="platform">The board.</param>
        /// <param name="settings">The settings.</param>
        /// <param name="bootRecord">The count of this boot.</param>
        /// <param name="connection">The connection.</param>
        /// <param name="readings">The queue of the readings.</param>
        /// <param name="sampler">What reads the sensor.</param>
        /// <param name="clock">The calendar and its floor.</param>
        public HealthReport(
            DevicePlatform platform,
            DeviceSettings settings,
            BootRecord bootRecord,
            MqttConnection connection,
            MqttMessageQueue readings,
            Sampler sampler,
            TrustedClock clock)
        {
            _platform = platform;
            _settings = settings;
            _bootRecord = bootRecord;
            _connection = connection;
            _readings = readings;
            _sampler = sampler;
            _clock = clock;
        }

        /// <summary>Writes the report of this moment; the last error, and then the last fault, is left out when it does not fit.</summary>
        /// <param name="buffer">Where to, from its start; <see cref="MaxBytes"/> is enough.</param>
        /// <returns>The number of bytes, or -1 when not even the rest fits.</returns>
        public int Write(byte[] buffer)
        {
            string error = _connection.LastError;
            if (error != null && error.Length > MaxErrorLength)
            {
                error = error.Substring(0, MaxErrorLength);
            }

            string fault = _platform.Life.LastFault;
            int length = Write(buffer, error, fault);
            length = length < 0 ? Write(buffer, null, fault) : length;
            return length < 0 ? Write(buffer, null, null) : length;
        }

        private int Write(byte[] buffer, string error, string fault)
        {
            JsonWriter writer = _writer;
            writer.Reset(buffer, 0);
            writer.BeginObject();
            WriteDevice(writer);
            WriteQueue(writer);
            writer.Name("dropped");
            writer.BeginObject();
            _platform.Life.Dropped.Write(writer, DropReason.Reported, true);
            writer.EndObject();
            WriteSensor(writer);
            writer.Name("rejected");
            writer.BeginObject();
            _platform.Life.Rejected.Write(writer, _platform.Life.Rejected.Length, false);
            writer.EndObject();
            WriteCount(writer, "faults", _platform.Life.Faults);
            writer.Name("last_fault");
            writer.WriteText(fault);
            writer.Name("last_error");
            writer.WriteText(error);
            writer.EndObject();
            return writer.IsOverflow ? -1 : writer.Length;
        }

        private static void WriteCount(JsonWriter writer, string name, int count)
        {
            writer.Name(name);
            writer.WriteNumber(count);
        }

        private void WriteDevice(JsonWriter writer)
        {
            writer.Name("version");
            writer.WriteText(DeviceNode.Version);
            writer.Name("boot");
            writer.WriteNumber(_bootRecord.Boot);
            writer.Name("seq_first");
            writer.WriteNumber(_bootRecord.FirstSequence);
            writer.Name("uptime_ms");
            writer.WriteNumber(_platform.Clock.NowMs);
            if (_platform.Clock.TryGetUtc(out DateTime utc))
            {
                writer.Name("time");
                writer.WriteTime(utc);
            }

            long behindMs = _clock.BehindMs;
            if (behindMs > 0)
            {
                writer.Name("behind_floor_ms");
                writer.WriteNumber(behindMs);
            }

            WriteCount(writer, "free_memory", _platform.Memory.GetFreeBytes());
            int connects = _connection.Connects;
            WriteCount(writer, "reconnects", connects > 0 ? connects - 1 : 0);
            if (_connection.DiscardedSessions > 0)
            {
                WriteCount(writer, "session_discarded", _connection.DiscardedSessions);
            }

            if (_connection.SubscriptionFault != null)
            {
                writer.Name("commands");
                writer.WriteText(_connection.SubscriptionFault);
            }

            writer.Name("safe_mode");
            writer.WriteBoolean(_platform.Life.IsSafeMode);
            if (_settings.CommandKey == null)
            {
                writer.Name("unsigned");
                writer.WriteBoolean(true);
            }
        }

        private void WriteQueue(JsonWriter writer)
        {
            writer.Name("queue");
            writer.BeginObject();
            WriteCount(writer, "messages", _readings.Outbox.Count);
            WriteCount(writer, "max_messages", _readings.Outbox.MaxMessages);
            WriteCount(writer, "bytes", _readings.Outbox.Bytes);
            WriteCount(writer, "max_bytes", _readings.Outbox.MaxBytes);
            WriteCount(writer, "torn", _platform.Life.Dropped[DropReason.Torn]);
            WriteCount(writer, "damaged", _platform.Life.Dropped[DropReason.Damaged]);
            writer.Name("degraded");
            writer.WriteBoolean(_readings.Outbox.IsDegraded);
            writer.EndObject();
        }

        private void WriteSensor(JsonWriter writer)
        {
            writer.Name("sensor");
            writer.BeginObject();
            writer.Name("state");
            writer.WriteText(Sampler.NameOf(_sampler.State));
            if (_sampler.State == SensorState.WrongChip)
            {
                writer.Name("chip");
                writer.WriteText(_sampler.Description);
            }

            WriteCount(writer, "faults", _sampler.Faults);
            writer.EndObject();
        }
    }
}

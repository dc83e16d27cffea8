using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Text;

namespace DeviceQueue.Health
{
    /// <summary>
    /// What the device says of itself on <c>sensor/&lt;id&gt;/health</c>: the shares of its parts, the queue, the last
    /// texts.
    /// </summary>
    public sealed class HealthReport
    {
        /// <summary>The most bytes that a report takes.</summary>
        public const int MaxBytes = 1536;

        private const int MaxErrorBytes = 160;
        private const int Texts = 2;

        private readonly IHealthPart[] _parts;
        private readonly Outbox _readings;
        private readonly Journal _journal;
        private readonly MqttConnection _connection;

        /// <summary>Makes a report.</summary>
        /// <param name="parts">What has a share, in order.</param>
        /// <param name="readings">What waits to be sent.</param>
        /// <param name="journal">Has the last fault.</param>
        /// <param name="connection">Has the last error.</param>
        public HealthReport(IHealthPart[] parts, Outbox readings, Journal journal, MqttConnection connection)
        {
            _parts = parts;
            _readings = readings;
            _journal = journal;
            _connection = connection;
        }

        /// <summary>
        /// Writes the report of this moment; the last error, and then the last fault, is left out when it does not fit.
        /// </summary>
        /// <param name="writer">Writes it.</param>
        /// <param name="buffer">Where to, from its start; <see cref="MaxBytes"/> is enough.</param>
        /// <returns>The number of bytes, or -1 when not even the rest fits.</returns>
        public int Write(JsonWriter writer, byte[] buffer)
        {
            int length = -1;
            for (int texts = Texts; length < 0 && texts >= 0; texts--)
            {
                length = Write(writer, buffer, texts);
            }

            return length;
        }

        private int Write(JsonWriter writer, byte[] buffer, int texts)
        {
            writer.Reset(buffer, 0);
            writer.BeginObject();
            for (int i = 0; i < _parts.Length; i++)
            {
                _parts[i].WriteHealth(writer);
            }

            WriteQueue(writer);
            writer.Name("last_fault");
            writer.WriteText(texts > 0 ? _journal.LastFault : null);
            writer.Name("last_error");
            writer.WriteText(texts > 1 ? PlainText.Cut(_connection.LastError, MaxErrorBytes) : null);
            writer.EndObject();
            return writer.IsOverflow ? -1 : writer.Length;
        }

        private void WriteQueue(JsonWriter writer)
        {
            writer.Name("queue");
            writer.BeginObject();
            WriteNumber(writer, "messages", _readings.Count);
            WriteNumber(writer, "max_messages", _readings.MaxMessages);
            WriteNumber(writer, "bytes", _readings.Bytes);
            WriteNumber(writer, "max_bytes", _readings.MaxBytes);
            WriteNumber(writer, "torn", _journal.Dropped[DropReason.Torn]);
            WriteNumber(writer, "damaged", _journal.Dropped[DropReason.Damaged]);
            writer.Name("degraded");
            writer.WriteBoolean(_readings.IsDegraded);
            writer.EndObject();
        }

        private static void WriteNumber(JsonWriter writer, string name, int number)
        {
            writer.Name(name);
            writer.WriteNumber(number);
        }
    }
}

using DeviceQueue.Json;

namespace DeviceQueue.Sensing
{
    /// <summary>Writes a reading as the JSON that goes to <c>sensor/&lt;id&gt;/temperature</c>.</summary>
    public static class ReadingWriter
    {
        /// <summary>The most bytes that a reading takes.</summary>
        public const int MaxBytes = 192;

        private const int Decimals = 2;

        /// <summary>Writes a reading.</summary>
        /// <param name="writer">Where to.</param>
        /// <param name="reading">The reading.</param>
        /// <param name="sequence">Its number, which never goes back; 0 for a reading that is not one of the published.</param>
        /// <param name="boot">The count of this boot, which dates a reading that was taken before the clock was set.</param>
        public static void Write(JsonWriter writer, Reading reading, long sequence, long boot)
        {
            writer.BeginObject();
            writer.Name("msg");
            writer.WriteFixedText(reading.TemperatureC, Decimals);
            writer.Name("unit");
            writer.WriteText("C");
            if (reading.HasHumidity)
            {
                writer.Name("humidity");
                writer.WriteFixedText(reading.HumidityPercent, Decimals);
            }

            writer.Name("pressure");
            writer.WriteFixedText(reading.PressureHPa, Decimals);
            if (sequence > 0)
            {
                writer.Name("seq");
                writer.WriteNumber(sequence);
            }

            if (reading.HasUtc)
            {
                writer.Name("time");
                writer.WriteTime(reading.TakenUtc);
            }
            else
            {
                writer.Name("boot");
                writer.WriteNumber(boot);
                writer.Name("uptime_ms");
                writer.WriteNumber(reading.TakenMs);
            }

            writer.EndObject();
        }
    }
}

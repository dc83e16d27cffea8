using DeviceQueue.Text;

namespace DeviceQueue.Readings
{
    /// <summary>Writes a reading as the JSON that goes to <c>sensor/&lt;id&gt;/temperature</c>.</summary>
    public static class ReadingWriter
    {
        /// <summary>The most bytes that a reading takes.</summary>
        public const int MaxBytes = 288;

        private const int Decimals = 2;

        /// <summary>Writes a reading.</summary>
        /// <param name="writer">Where to.</param>
        /// <param name="reading">The reading.</param>
        /// <param name="sequence">Its number, which never goes back; 0 for a reading that is not published.</param>
        /// <param name="boot">The count of this boot, which dates a reading whose time is unknown or doubted.</param>
        public static void Write(JsonWriter writer, Reading reading, long sequence, long boot)
        {
            writer.BeginObject();
            writer.Name("msg");
            writer.WriteFixedText(reading.TemperatureC, Decimals);
            writer.Name("unit");
            writer.WriteText("C");
            WriteNumber(writer, "temperature", reading.TemperatureC);
            if (reading.HasHumidity)
            {
                WriteNumber(writer, "humidity", reading.HumidityPercent);
            }

            WriteNumber(writer, "pressure", reading.PressureHPa);
            if (sequence > 0)
            {
                writer.Name("seq");
                writer.WriteNumber(sequence);
            }

            WriteTime(writer, reading, boot);
            writer.EndObject();
        }

        private static void WriteNumber(JsonWriter writer, string name, double value)
        {
            writer.Name(name);
            writer.WriteFixed(value, Decimals);
        }

        private static void WriteTime(JsonWriter writer, Reading reading, long boot)
        {
            if (reading.HasUtc)
            {
                writer.Name("time");
                writer.WriteTime(reading.TakenUtc);
                if (!reading.IsClockDoubted)
                {
                    return;
                }
            }

            writer.Name("boot");
            writer.WriteNumber(boot);
            writer.Name("uptime_ms");
            writer.WriteNumber(reading.TakenMs);
            if (reading.HasUtc)
            {
                writer.Name("clock");
                writer.WriteText("doubted");
            }
        }
    }
}

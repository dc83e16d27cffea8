using DeviceQueue.Text;

namespace DeviceQueue.Readings
{
    /// <summary>Writes a reading as the JSON that goes to <c>sensor/&lt;id&gt;/temperature</c>.</summary>
    public static class ReadingWriter
    {
        /// <summary>The most bytes that a reading takes.</summary>
        public const int MaxBytes = 288;

        /// <summary>How many decimals the battery's voltage has.</summary>
        internal const int BatteryDecimals = 3;

        private const int Decimals = 2; // of what the sensor measures

        /// <summary>Writes a reading.</summary>
        /// <param name="writer">Where to.</param>
        /// <param name="reading">The reading.</param>
        /// <param name="sequence">Its number, which never goes back; 0 for a reading that is not published.</param>
        /// <param name="boot">The count of this boot, which dates a reading whose time is unknown or doubted.</param>
        public static void Write(JsonWriter writer, Reading reading, long sequence, long boot)
        {
            writer.BeginObject();
            bool isFirst = true;
            for (int quantity = 0; quantity < Quantity.Count; quantity++)
            {
                if (reading.Has(quantity))
                {
                    WriteQuantity(writer, quantity, reading.Get(quantity), isFirst);
                    isFirst = false;
                }
            }

            if (sequence > 0)
            {
                writer.Name("seq");
                writer.WriteNumber(sequence);
            }

            WriteTime(writer, reading, boot);
            writer.EndObject();
        }

        // The first one is said as text with its unit, too: those who know no names read that.
        private static void WriteQuantity(JsonWriter writer, int quantity, double value, bool isFirst)
        {
            if (isFirst)
            {
                writer.Name("msg");
                writer.WriteFixedText(value, Decimals);
                writer.Name("unit");
                writer.WriteText(Quantity.UnitOf(quantity));
            }

            writer.Name(Quantity.NameOf(quantity));
            writer.WriteFixed(value, quantity == Quantity.Battery ? BatteryDecimals : Decimals);
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

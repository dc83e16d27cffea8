namespace DeviceQueue.Readings
{
    /// <summary>What is measured, a line for each; a reading has them in this order.</summary>
    public static class Quantity
    {
        /// <summary>The temperature in °C.</summary>
        public const int Temperature = 0;

        /// <summary>The relative humidity in %, 0 to 100.</summary>
        public const int Humidity = 1;

        /// <summary>The pressure in hPa.</summary>
        public const int Pressure = 2;

        /// <summary>The battery's voltage in V.</summary>
        public const int Battery = 3;

        /// <summary>How many there are.</summary>
        public const int Count = 4;

        /// <summary>Those that a sensor measures, bits as in a reading.</summary>
        public const int OfSensors = (1 << Battery) - 1;

        /// <summary>Names a quantity as readings do.</summary>
        public static string NameOf(int quantity)
        {
            switch (quantity)
            {
                case Temperature: return "temperature";
                case Humidity: return "humidity";
                case Pressure: return "pressure";
                default: return "battery";
            }
        }

        /// <summary>Gets a quantity's unit as readings write it.</summary>
        public static string UnitOf(int quantity)
        {
            switch (quantity)
            {
                case Temperature: return "C";
                case Humidity: return "%";
                default: return "hPa";
            }
        }
    }
}

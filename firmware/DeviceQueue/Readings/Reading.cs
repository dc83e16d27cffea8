using System;

namespace DeviceQueue.Readings
{
    /// <summary>What a sensor measured at one moment; one object is filled again and again.</summary>
    public sealed class Reading
    {
        /// <summary>Gets or sets the temperature in °C.</summary>
        public double TemperatureC { get; set; }

        /// <summary>Gets or sets a value indicating whether the sensor measures humidity (a BMP280 does not).</summary>
        public bool HasHumidity { get; set; }

        /// <summary>Gets or sets the relative humidity in %, 0 to 100.</summary>
        public double HumidityPercent { get; set; }

        /// <summary>Gets or sets the pressure in hPa.</summary>
        public double PressureHPa { get; set; }

        /// <summary>Gets or sets when it was measured, in milliseconds since start.</summary>
        public long TakenMs { get; set; }

        /// <summary>Gets or sets a value indicating whether the calendar clock was set then.</summary>
        public bool HasUtc { get; set; }

        /// <summary>Gets or sets when it was measured in UTC, if <see cref="HasUtc"/>.</summary>
        public DateTime TakenUtc { get; set; }

        /// <summary>
        /// Gets or sets a value indicating whether the calendar clock was doubted then, if <see cref="HasUtc"/>.
        /// </summary>
        public bool IsClockDoubted { get; set; }
    }
}

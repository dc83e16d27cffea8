using System;

namespace DeviceQueue.Readings
{
    /// <summary>What a sensor measured at one moment; one object is filled again and again.</summary>
    public sealed class Reading
    {
        private readonly double[] _values = new double[Quantity.Count];

        /// <summary>Gets which quantities it has: bit n stands for the <see cref="Quantity"/> n.</summary>
        public int Quantities { get; internal set; }

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

        /// <summary>Takes all quantities away.</summary>
        public void Clear()
        {
            Quantities = 0;
        }

        /// <summary>Puts the value of a <see cref="Quantity"/> in, in its unit.</summary>
        public void Set(int quantity, double value)
        {
            Quantities |= 1 << quantity;
            _values[quantity] = value;
        }

        /// <summary>Tells whether the sensor has measured a <see cref="Quantity"/>.</summary>
        public bool Has(int quantity)
        {
            return (Quantities & (1 << quantity)) != 0;
        }

        /// <summary>Gets the value of a <see cref="Quantity"/> that it has.</summary>
        public double Get(int quantity)
        {
            return _values[quantity];
        }
    }
}

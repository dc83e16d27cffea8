namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// Bosch's compensation formulas in double precision (BST-BME280-DS002, sections 4.2.2 and 8.1; BST-BMP280-DS001,
    /// section 8.1). The trimming registers stay as they are read: decoded they would take five times the memory.
    /// </summary>
    internal sealed class Bmx280Compensation
    {
        /// <summary>Where <see cref="Trimming"/> is read from: T1 to P9, a reserved byte, H1.</summary>
        public const byte TrimmingRegister = 0x88;

        /// <summary>Where <see cref="HumidityTrimming"/> is read from: H2 to H6.</summary>
        public const byte HumidityTrimmingRegister = 0xE1;

        private const double FinePerDegree = 5120;

        public byte[] Trimming { get; } = new byte[26];

        public byte[] HumidityTrimming { get; } = new byte[7];

        /// <summary>
        /// Gets a value indicating whether H4 or H5, numbers of 12 bits, are negative. Iot.Device.Bmxx80 1.2.1016 takes
        /// them for positive, so that its humidity is wrong then.
        /// </summary>
        public bool IsHumiditySigned => (HumidityTrimming[3] & 0x80) != 0 || (HumidityTrimming[5] & 0x80) != 0;

        public static double ToCelsius(double fine)
        {
            return fine / FinePerDegree;
        }

        /// <summary>Computes the temperature in the unit that the other two formulas take: 1/5120 °C.</summary>
        public double FineTemperature(int raw)
        {
            double t1 = Unsigned(0);
            double linear = ((raw / 16384.0) - (t1 / 1024.0)) * Signed(2);
            double root = (raw / 131072.0) - (t1 / 8192.0);
            return linear + (root * root * Signed(4));
        }

        /// <summary>Computes the pressure in Pa; 0 when the trimming values are none.</summary>
        public double Pressure(int raw, double fine)
        {
            double t = (fine / 2.0) - 64000.0;
            double offset = (((t * t * Signed(16) / 32768.0) + (t * Signed(14) * 2.0)) / 4.0) + (Signed(12) * 65536.0);
            double slope = ((Signed(10) * t * t / 524288.0) + (Signed(8) * t)) / 524288.0;
            slope = (1.0 + (slope / 32768.0)) * Unsigned(6);
            if (slope == 0)
            {
                return 0; // the device throws where the desktop has an infinity
            }

            double p = (1048576.0 - raw - (offset / 4096.0)) * 6250.0 / slope;
            return p + (((Signed(22) * p * p / 2147483648.0) + (p * Signed(20) / 32768.0) + Signed(18)) / 16.0);
        }

        /// <summary>Computes the relative humidity in %, 0 to 100.</summary>
        public double Humidity(int raw, double fine)
        {
            byte[] h = HumidityTrimming;
            int h4 = ((sbyte)h[3] << 4) | (h[4] & 0x0F);
            int h5 = ((sbyte)h[5] << 4) | (h[4] >> 4);
            double t = fine - 76800.0;
            double slope = 1.0 + ((sbyte)h[6] / 67108864.0 * t * (1.0 + (h[2] / 67108864.0 * t)));
            slope *= (short)(h[0] | (h[1] << 8)) / 65536.0;
            double humidity = (raw - ((h4 * 64.0) + (h5 / 16384.0 * t))) * slope;
            humidity *= 1.0 - (Trimming[25] * humidity / 524288.0);
            return humidity < 0 ? 0 : humidity > 100 ? 100 : humidity;
        }

        private int Unsigned(int index)
        {
            return Trimming[index] | (Trimming[index + 1] << 8);
        }

        private int Signed(int index)
        {
            return (short)Unsigned(index);
        }
    }
}

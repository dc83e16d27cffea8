namespace DeviceQueue.Readings
{
    /// <summary>The values of <c>device.sensor.type</c>.</summary>
    public static class SensorTypes
    {
        /// <summary>The values in the order of their numbers.</summary>
        public const string Names = "auto,bme280,bmp280,sht31";

        /// <summary>The lower one of the addresses of a BME280 or BMP280; those of an SHT31 are below.</summary>
        public const int LowestBoschAddress = 0x76;

        /// <summary>Which address a sensor may have, in words.</summary>
        public const string Addresses = "an SHT31 has 0x44 or 0x45, the other types have 0x76 or 0x77";

        /// <summary>The first that answers.</summary>
        public const int Auto = 0;

        /// <summary>A BME280: temperature, humidity, pressure.</summary>
        public const int Bme280 = 1;

        /// <summary>A BMP280: temperature, pressure.</summary>
        public const int Bmp280 = 2;

        /// <summary>An SHT31: temperature, humidity.</summary>
        public const int Sht31 = 3;

        /// <summary>Tells whether a sensor of a type may have an address; 0 is any.</summary>
        public static bool MayHave(int type, int address)
        {
            return address == 0 || type == Auto || (address < LowestBoschAddress) == (type == Sht31);
        }
    }
}

using DeviceQueue.Readings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// The sensors that the firmware knows, a line for each in <see cref="Create"/> and one in the search. An object of
    /// this class is the sensor of <c>device.sensor.type</c> auto: the first that answers, searched in a fixed order.
    /// </summary>
    public sealed class SensorCatalog : ISensor
    {
        private readonly int _address;
        private ISensor _sensor;
        private SensorState _state = SensorState.NotFound;

        private SensorCatalog(int address)
        {
            _address = address;
        }

        /// <inheritdoc/>
        public string Description => _sensor == null ? null : _sensor.Description;

        /// <inheritdoc/>
        public int Address => _sensor == null ? 0 : _sensor.Address;

        /// <summary>Makes the sensor of the settings.</summary>
        /// <param name="type">One of <see cref="SensorTypes"/>.</param>
        /// <param name="address">The 7-bit address, or 0 to search.</param>
        /// <returns>A sensor that is looked for at each reading until it is there.</returns>
        public static ISensor Create(int type, int address)
        {
            switch (type)
            {
                case SensorTypes.Bme280: return new Bmx280Sensor(Bmx280Sensor.Bme280Chip, address);
                case SensorTypes.Bmp280: return new Bmx280Sensor(Bmx280Sensor.Bmp280Chip, address);
                case SensorTypes.Sht31: return new Sht31Sensor(address);
                default: return new SensorCatalog(address);
            }
        }

        /// <inheritdoc/>
        public SensorState Read(Reading reading)
        {
            bool isThere = _state == SensorState.Ok || _state == SensorState.Reset || _state == SensorState.OutOfRange;
            _state = isThere ? _sensor.Read(reading) : Search(reading);
            return _state;
        }

        // 0x76, 0x77, 0x44, 0x45, or the kind that may have the address. A chip that is not known does not end the
        // search.
        private SensorState Search(Reading reading)
        {
            SensorState state = SensorState.NotFound;
            if (_address == 0 || _address >= SensorTypes.LowestBoschAddress)
            {
                state = Try(new Bmx280Sensor(Bmx280Sensor.EitherChip, _address), state, reading);
            }

            bool isOpen = state == SensorState.NotFound || state == SensorState.WrongChip;
            return isOpen && _address < SensorTypes.LowestBoschAddress
                ? Try(new Sht31Sensor(_address), state, reading)
                : state;
        }

        private SensorState Try(ISensor sensor, SensorState before, Reading reading)
        {
            SensorState state = sensor.Read(reading);
            if (state == SensorState.NotFound)
            {
                return before;
            }

            _sensor = sensor;
            return state;
        }
    }
}

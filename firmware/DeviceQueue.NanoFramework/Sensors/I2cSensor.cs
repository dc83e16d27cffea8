using System;
using System.Device.I2c;
using System.Threading;
using DeviceQueue.Readings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// A sensor on the I2C bus, which may have two neighbouring addresses. It is looked for and set up until it
    /// answers, and after each fault.
    /// </summary>
    public abstract class I2cSensor : ISensor
    {
        /// <summary>A pause of 10 ms at least: Sleep counts in ticks of 10 ms and may end one early.</summary>
        protected const int PauseMs = 20;

        private const int BusId = 1; // the program gives it its pins

        private readonly int _address;

        /// <summary>Makes a sensor that is looked for at each reading until it is there.</summary>
        /// <param name="address">The 7-bit address, or 0 to search both.</param>
        protected I2cSensor(int address)
        {
            _address = address;
        }

        /// <inheritdoc/>
        public string Description { get; private set; }

        /// <inheritdoc/>
        public int Address => Device == null ? 0 : Device.ConnectionSettings.DeviceAddress;

        /// <summary>Gets the lower one of the two addresses that the sensor may have.</summary>
        protected abstract int LowestAddress { get; }

        /// <summary>Gets the sensor on its bus, open in <see cref="SetUp"/> and <see cref="Measure"/>.</summary>
        protected I2cDevice Device { get; private set; }

        /// <inheritdoc/>
        public SensorState Read(Reading reading)
        {
            SensorState state = Attempt(reading);
            if (state != SensorState.Ok && state != SensorState.Reset)
            {
                Thread.Sleep(PauseMs);
                state = Attempt(reading); // a single transfer that fails costs no reading
            }

            if (state != SensorState.Ok)
            {
                Release();
            }

            return state;
        }

        /// <summary>Tells whether a value is a number in a range.</summary>
        protected static bool IsWithin(double value, double min, double max)
        {
            return !double.IsNaN(value) && value >= min && value <= max;
        }

        /// <summary>Tells whether all bytes of a transfer passed.</summary>
        protected static bool IsFull(I2cTransferResult result)
        {
            return result.Status == I2cTransferStatus.FullTransfer;
        }

        /// <summary>Makes sure that this is the sensor, says so by <see cref="Describe"/>, sets it up.</summary>
        /// <param name="address">Where it is.</param>
        /// <returns>Its state.</returns>
        protected abstract SensorState SetUp(int address);

        /// <summary>Measures with a sensor that is set up; see <see cref="ISensor.Read"/>.</summary>
        protected abstract SensorState Measure(Reading reading);

        /// <summary>Lets the sensor go, so that it is looked for.</summary>
        protected virtual void Release()
        {
            if (Device != null)
            {
                Device.Dispose();
            }

            Device = null;
        }

        /// <summary>Says what answers, see <see cref="ISensor.Description"/>.</summary>
        protected void Describe(string chip, int address)
        {
            Description = chip + " at 0x" + address.ToString("X2");
        }

        private SensorState Attempt(Reading reading)
        {
            try
            {
                reading.Clear();
                SensorState state = Device == null ? Find() : SensorState.Ok;
                return state == SensorState.Ok ? Measure(reading) : state;
            }
            catch (Exception)
            {
                Release();
                return SensorState.NoAnswer;
            }
        }

        private SensorState Find()
        {
            SensorState state = Open(_address != 0 ? _address : LowestAddress);
            if (state == SensorState.Ok || _address != 0)
            {
                return state;
            }

            SensorState other = Open(LowestAddress + 1);
            return other == SensorState.NotFound ? state : other;
        }

        private SensorState Open(int address)
        {
            Device = new I2cDevice(new I2cConnectionSettings(BusId, address));
            SensorState state = SetUp(address);
            if (state != SensorState.Ok)
            {
                Release();
            }

            return state;
        }
    }
}

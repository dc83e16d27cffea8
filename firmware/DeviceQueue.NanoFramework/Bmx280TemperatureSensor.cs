using System;
using System.Device.I2c;
using System.Threading;
using DeviceQueue.Sensing;
using Iot.Device.Bmxx80;
using Iot.Device.Bmxx80.ReadResult;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// A BME280 or BMP280 through Iot.Device.Bmxx80, in forced mode with one sample of each quantity (the datasheet's weather monitoring). The driver ignores
    /// what the bus says, so an absent sensor would read -140.88 °C and one that was reset 26.46 °C: before and after each measurement this class asks the chip itself.
    /// </summary>
    public sealed class Bmx280TemperatureSensor : ITemperatureSensor
    {
        // Registers and values: BME280 datasheet BST-BME280-DS002, section 5.3 and 5.4.
        private const byte ChipIdRegister = 0xD0;
        private const byte HumidityControlRegister = 0xF2;
        private const byte MeasureControlRegister = 0xF4;
        private const byte DataRegister = 0xF7;
        private const int DataBytes = 8;
        private const int Bme280ChipId = 0x60;
        private const int Bmp280ChipId = 0x58;
        private const int SamplingMask = 0xFC;
        private const int OneSampleOfEach = 0x24; // osrs_t = osrs_p = 001
        private const int OneSample = 0x01; // osrs_h = 001
        private const int HumidityMask = 0x07;
        private const int NotMeasured = 0x80000;
        private const int AllOnes = 0xFFFFF;
        private const int StartUpMs = 10; // t_startup is 2 ms; Sleep counts in ticks

        private const double MinTemperatureC = -40;
        private const double MaxTemperatureC = 85;
        private const double MinPressureHPa = 300;
        private const double MaxPressureHPa = 1100;
        private const double PaPerHPa = 100;

        private static readonly int[] SearchedAddresses = { Bmx280Base.SecondaryI2cAddress, Bmx280Base.DefaultI2cAddress };

        private readonly int _busId;
        private readonly int _address;
        private readonly byte[] _register = new byte[1];
        private readonly byte[] _value = new byte[1];
        private readonly byte[] _data = new byte[DataBytes];
        private I2cDevice _device;
        private Bme280 _bme280;
        private Bmp280 _bmp280;
        private int _chipId;

        /// <summary>Initializes a new instance of the <see cref="Bmx280TemperatureSensor"/> class; the sensor is looked for at each reading until it is there.</summary>
        /// <param name="busId">The I2C bus, whose pin functions are set already.</param>
        /// <param name="address">The 7-bit address, or 0 to search 0x76 and 0x77.</param>
        public Bmx280TemperatureSensor(int busId, int address)
        {
            _busId = busId;
            _address = address;
        }

        /// <inheritdoc/>
        public string Description { get; private set; }

        /// <inheritdoc/>
        public SensorState Read(Reading reading)
        {
            try
            {
                SensorState state = _device == null ? Find() : Check();
                if (state == SensorState.Ok)
                {
                    state = Measure(reading);
                }

                if (state != SensorState.Ok)
                {
                    Release();
                }

                return state;
            }
            catch (Exception)
            {
                Release();
                return SensorState.NoAnswer;
            }
        }

        private static bool IsRawValid(int raw)
        {
            return raw != 0 && raw != NotMeasured && raw != AllOnes;
        }

        private static bool IsWithin(double value, double min, double max)
        {
            return !double.IsNaN(value) && value >= min && value <= max;
        }

        private SensorState Find()
        {
            if (_address != 0)
            {
                return TryOpen(_address) ? SensorState.Ok : SensorState.NotFound;
            }

            for (int i = 0; i < SearchedAddresses.Length; i++)
            {
                if (TryOpen(SearchedAddresses[i]))
                {
                    return SensorState.Ok;
                }
            }

            return SensorState.NotFound;
        }

        private bool TryOpen(int address)
        {
            _device = new I2cDevice(new I2cConnectionSettings(_busId, address));
            if (!TryReadRegister(ChipIdRegister, out _chipId) || (_chipId != Bme280ChipId && _chipId != Bmp280ChipId))
            {
                Release();
                return false;
            }

            if (_chipId == Bme280ChipId)
            {
                _bme280 = new Bme280(_device);
            }
            else
            {
                _bmp280 = new Bmp280(_device);
            }

            // The driver resets the chip and writes its settings at once, while the chip may still be starting.
            Thread.Sleep(StartUpMs);
            Configure();
            Description = (_chipId == Bme280ChipId ? "BME280 at 0x" : "BMP280 at 0x") + address.ToString("X2");
            return Check() == SensorState.Ok;
        }

        private void Configure()
        {
            if (_bme280 != null)
            {
                _bme280.TemperatureSampling = Sampling.UltraLowPower;
                _bme280.PressureSampling = Sampling.UltraLowPower;
                _bme280.HumiditySampling = Sampling.UltraLowPower;
            }
            else
            {
                _bmp280.TemperatureSampling = Sampling.UltraLowPower;
                _bmp280.PressureSampling = Sampling.UltraLowPower;
            }
        }

        /// <summary>Asks the chip who it is and whether it still has its settings.</summary>
        private SensorState Check()
        {
            if (!TryReadRegister(ChipIdRegister, out int chipId) || !TryReadRegister(MeasureControlRegister, out int measure))
            {
                return SensorState.NoAnswer;
            }

            if (chipId != _chipId)
            {
                return SensorState.NoAnswer;
            }

            if ((measure & SamplingMask) != OneSampleOfEach)
            {
                return SensorState.Reset;
            }

            if (_bme280 == null)
            {
                return SensorState.Ok;
            }

            if (!TryReadRegister(HumidityControlRegister, out int humidity))
            {
                return SensorState.NoAnswer;
            }

            return (humidity & HumidityMask) == OneSample ? SensorState.Ok : SensorState.Reset;
        }

        private SensorState Measure(Reading reading)
        {
            if (_bme280 != null)
            {
                Bme280ReadResult result = _bme280.Read();
                reading.TemperatureC = result.Temperature.DegreesCelsius;
                reading.PressureHPa = result.Pressure.Pascals / PaPerHPa;
                reading.HumidityPercent = result.Humidity.Percent;
                reading.HasHumidity = true;
            }
            else
            {
                Bmp280ReadResult result = _bmp280.Read();
                reading.TemperatureC = result.Temperature.DegreesCelsius;
                reading.PressureHPa = result.Pressure.Pascals / PaPerHPa;
                reading.HasHumidity = false;
            }

            SensorState state = Check();
            return state == SensorState.Ok ? CheckRaw(reading) : state;
        }

        /// <summary>Reads once more, with the bus's word for it, what the driver has just read: the chip keeps it until the next measurement.</summary>
        private SensorState CheckRaw(Reading reading)
        {
            _register[0] = DataRegister;
            if (_device.WriteRead(_register, _data).Status != I2cTransferStatus.FullTransfer)
            {
                return SensorState.NoAnswer;
            }

            int pressure = (_data[0] << 12) | (_data[1] << 4) | (_data[2] >> 4);
            int temperature = (_data[3] << 12) | (_data[4] << 4) | (_data[5] >> 4);
            if (!IsRawValid(pressure) || !IsRawValid(temperature))
            {
                return SensorState.OutOfRange;
            }

            bool isPlausible = IsWithin(reading.TemperatureC, MinTemperatureC, MaxTemperatureC)
                && IsWithin(reading.PressureHPa, MinPressureHPa, MaxPressureHPa)
                && (!reading.HasHumidity || IsWithin(reading.HumidityPercent, 0, 100));
            return isPlausible ? SensorState.Ok : SensorState.OutOfRange;
        }

        private bool TryReadRegister(byte register, out int value)
        {
            _register[0] = register;
            I2cTransferResult result = _device.WriteRead(_register, _value);
            value = _value[0];
            return result.Status == I2cTransferStatus.FullTransfer;
        }

        private void Release()
        {
            Bmxx80Base driver = _bme280 != null ? (Bmxx80Base)_bme280 : _bmp280;
            if (driver != null)
            {
                driver.Dispose(); // disposes of the device too
            }
            else if (_device != null)
            {
                _device.Dispose();
            }

            _device = null;
            _bme280 = null;
            _bmp280 = null;
        }
    }
}

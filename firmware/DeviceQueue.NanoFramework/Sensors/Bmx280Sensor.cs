using System;
using System.Threading;
using DeviceQueue.Readings;
using Iot.Device.Bmxx80;
using UnitsNet;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// A BME280 or BMP280 through Iot.Device.Bmxx80, in forced mode with one sample of each quantity (the datasheet's
    /// weather monitoring). The driver ignores the status of its transfers, so it takes an absent chip for -140.88 °C
    /// and computes with calibration values that never arrived. Therefore the values are proved: this class reads the
    /// trimming, the settings and the raw values, and starts the measurement, by transfers whose status it checks. What
    /// the driver reads must agree with what Bosch's formulas make of these.
    /// </summary>
    public sealed class Bmx280Sensor : I2cSensor
    {
        /// <summary>The chip id of a BME280.</summary>
        public const int Bme280Chip = 0x60;

        /// <summary>The chip id of a BMP280.</summary>
        public const int Bmp280Chip = 0x58;

        /// <summary>Stands for both.</summary>
        public const int EitherChip = 0;

        // Registers and values: BST-BME280-DS002, sections 5.3 and 5.4.
        private const byte ChipIdRegister = 0xD0;
        private const byte HumidityControlRegister = 0xF2;
        private const byte MeasureControlRegister = 0xF4;
        private const byte ConfigRegister = 0xF5;
        private const byte OneSampleOfEach = 0x24; // osrs_t = osrs_p = 001
        private const byte Forced = 0x02;
        private const byte OneSample = 0x01; // osrs_h = 001
        private const int HumidityMask = 0x07;
        private const int SamplingMask = 0xFC;
        private const int BusyMask = 0x09; // measuring, im_update
        private const int NotMeasured = 0x80000;
        private const int AllOnes = 0xFFFFF;
        private const int HumidityNotMeasured = 0x8000;
        private const int HumidityAllOnes = 0xFFFF;

        // A standby time, which forced mode does not use; a chip that lost its power since it was set up has 0.
        private const byte Mark = (byte)StandbyTime.Ms125 << 5;

        // One transfer after a measurement reads 0xF2 to 0xFE: ctrl_hum, status, ctrl_meas, config, a reserved byte,
        // pressure, temperature, humidity.
        private const int StatusAt = 1;
        private const int MeasureControlAt = 2;
        private const int ConfigAt = 3;
        private const int PressureAt = 5;
        private const int TemperatureAt = 8;
        private const int HumidityAt = 11;
        private const int StateBytes = 13;
        private const int WriteBytes = 2;

        private const int StartUpMs = 10; // t_startup is 2 ms; Sleep counts in ticks
        private const int MeasuringMs = 10; // 9.3 ms at most (section 9.1)
        private const int MaxWaits = 3;

        private const double MinTemperatureC = -40;
        private const double MaxTemperatureC = 85;
        private const double MinPressureHPa = 300;
        private const double MaxPressureHPa = 1100;
        private const double PaPerHPa = 100;
        private const double Tolerance = 0.005; // half of the last digit that is published

        private readonly int _chipId;
        private readonly byte[] _state = new byte[StateBytes];
        private readonly Bmx280Compensation _compensation = new Bmx280Compensation();
        private Bmx280Base _driver;

        /// <summary>Makes a sensor that is looked for at each reading until it is there.</summary>
        /// <param name="chipId">The chip that it has to be.</param>
        /// <param name="address">The 7-bit address, or 0 to search 0x76 and 0x77.</param>
        public Bmx280Sensor(int chipId, int address)
            : base(address)
        {
            _chipId = chipId;
        }

        /// <inheritdoc/>
        protected override int LowestAddress => Bmx280Base.SecondaryI2cAddress;

        /// <inheritdoc/>
        protected override SensorState SetUp(int address)
        {
            if (!TryRead(ChipIdRegister, _state) || _state[0] == 0 || _state[0] == byte.MaxValue)
            {
                return SensorState.NotFound;
            }

            int chipId = _state[0];
            bool isBme280 = chipId == Bme280Chip;
            bool isKnown = isBme280 || chipId == Bmp280Chip;
            Describe(isBme280 ? "BME280" : isKnown ? "BMP280" : "0x" + chipId.ToString("X2"), address);
            if (!isKnown || (_chipId != EitherChip && _chipId != chipId))
            {
                return SensorState.WrongChip;
            }

            _driver = isBme280 ? (Bmx280Base)new Bme280(Device) : new Bmp280(Device);
            return TrySetUp() ? SensorState.Ok : SensorState.NoAnswer;
        }

        /// <inheritdoc/>
        protected override SensorState Measure(Reading reading)
        {
            // Not by the driver: a measurement that did not start leaves the values of the one before, which it would
            // read.
            if (!TryWrite(MeasureControlRegister, OneSampleOfEach | Forced))
            {
                return SensorState.NoAnswer;
            }

            SensorState state = Await();
            state = state == SensorState.Ok ? Compute(reading) : state;
            if (state == SensorState.Ok && !IsConfirmed(reading) && !IsConfirmed(reading))
            {
                Release(); // not by a lost transfer, so the driver has other calibration values
                return SensorState.NoAnswer;
            }

            return state;
        }

        /// <inheritdoc/>
        protected override void Release()
        {
            base.Release();
            _driver = null;
        }

        private static bool IsRawValid(int raw)
        {
            return raw != 0 && raw != NotMeasured && raw != AllOnes;
        }

        private static bool IsNear(double value, double proved)
        {
            return IsWithin(value, proved - Tolerance, proved + Tolerance);
        }

        /// <summary>
        /// Reads the trimming and sets the chip up once more: the driver's writes may meet a chip that still resets.
        /// </summary>
        private bool TrySetUp()
        {
            Thread.Sleep(StartUpMs);
            return TryRead(Bmx280Compensation.TrimmingRegister, _compensation.Trimming)
                && TryWrite(ConfigRegister, Mark)
                && (!(_driver is Bme280) || TrySetUpHumidity());
        }

        private bool TrySetUpHumidity()
        {
            return TryRead(Bmx280Compensation.HumidityTrimmingRegister, _compensation.HumidityTrimming)
                && TryWrite(HumidityControlRegister, OneSample);
        }

        /// <summary>
        /// Waits for the end of the measurement; reads its values, and the settings that it was made with.
        /// </summary>
        private SensorState Await()
        {
            for (int i = 0; i < MaxWaits; i++)
            {
                Thread.Sleep(MeasuringMs);
                if (!TryRead(HumidityControlRegister, _state))
                {
                    return SensorState.NoAnswer;
                }

                bool hasSettings = _state[ConfigAt] == Mark
                    && (_state[MeasureControlAt] & SamplingMask) == OneSampleOfEach
                    && (!(_driver is Bme280) || (_state[0] & HumidityMask) == OneSample);
                if (!hasSettings)
                {
                    return SensorState.Reset;
                }

                // Asleep again, so neither busy nor still in forced mode.
                if ((_state[StatusAt] & BusyMask) == 0 && _state[MeasureControlAt] == OneSampleOfEach)
                {
                    return SensorState.Ok;
                }
            }

            return SensorState.NoAnswer;
        }

        private SensorState Compute(Reading reading)
        {
            int pressure = Raw20(PressureAt);
            int temperature = Raw20(TemperatureAt);
            if (!IsRawValid(pressure) || !IsRawValid(temperature))
            {
                return SensorState.OutOfRange;
            }

            double fine = _compensation.FineTemperature(temperature);
            double celsius = Bmx280Compensation.ToCelsius(fine);
            double hectopascals = _compensation.Pressure(pressure, fine) / PaPerHPa;
            reading.Set(Quantity.Temperature, celsius);
            reading.Set(Quantity.Pressure, hectopascals);
            if (_driver is Bme280)
            {
                int humidity = (_state[HumidityAt] << 8) | _state[HumidityAt + 1];
                if (humidity == 0 || humidity == HumidityNotMeasured || humidity == HumidityAllOnes)
                {
                    return SensorState.OutOfRange;
                }

                reading.Set(Quantity.Humidity, _compensation.Humidity(humidity, fine));
            }

            bool isPlausible = IsWithin(celsius, MinTemperatureC, MaxTemperatureC)
                && IsWithin(hectopascals, MinPressureHPa, MaxPressureHPa)
                && (!reading.Has(Quantity.Humidity) || IsWithin(reading.Get(Quantity.Humidity), 0, 100));
            return isPlausible ? SensorState.Ok : SensorState.OutOfRange;
        }

        /// <summary>
        /// Tells whether the driver agrees. It reads the same measurement: the chip keeps it until the next one.
        /// </summary>
        private bool IsConfirmed(Reading reading)
        {
            if (!_driver.TryReadTemperature(out Temperature temperature)
                || !IsNear(temperature.DegreesCelsius, reading.Get(Quantity.Temperature))
                || !_driver.TryReadPressure(out Pressure pressure)
                || !IsNear(pressure.Pascals / PaPerHPa, reading.Get(Quantity.Pressure)))
            {
                return false;
            }

            return !(_driver is Bme280 bme280)
                || _compensation.IsHumiditySigned
                || (bme280.TryReadHumidity(out RelativeHumidity humidity)
                    && IsNear(humidity.Percent, reading.Get(Quantity.Humidity)));
        }

        private int Raw20(int index)
        {
            return (_state[index] << 12) | (_state[index + 1] << 4) | (_state[index + 2] >> 4);
        }

        private bool TryRead(byte register, byte[] values)
        {
            values[0] = register;
            return IsFull(Device.WriteRead(new SpanByte(values, 0, 1), values));
        }

        private bool TryWrite(byte register, byte value)
        {
            _state[0] = register;
            _state[1] = value;
            return IsFull(Device.Write(new SpanByte(_state, 0, WriteBytes)));
        }
    }
}

using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;

namespace DeviceQueue.Readings
{
    /// <summary>
    /// Measures the battery's voltage through a divider, and tells when it is low. What is outside of what the chip can
    /// measure is a state, never a number.
    /// </summary>
    public sealed class Battery
    {
        /// <summary>What the chip's converter reads at the end of its scale.</summary>
        public const int MaxSteps = 4095;

        /// <summary>How far above <c>device.battery.low_v</c> a low battery is well again, in millivolts.</summary>
        public const int HysteresisMv = 100;

        /// <summary>The bit of <see cref="Status"/> that stands for a low battery.</summary>
        internal const int LowFlag = 1 << 24;

        private const int StateShift = 16; // the voltage in millivolts below, the state and the flag above
        private const int MvMask = (1 << StateShift) - 1;
        private const int StateMask = 255;
        private const int Reads = 9;

        // ESP32 datasheet and ESP-IDF's ADC pages at 12 dB: 3.1 V at the end of the scale. Below 0.15 V it is not
        // linear, and a pin that is open or above the scale reads next to an end.
        private const double StepMv = 3100.0 / MaxSteps;
        private const int LeastSteps = 198;
        private const int MostSteps = 4000;

        private readonly IAnalogInput _input;
        private readonly double _mvPerStep;
        private readonly int _lowMv;
        private readonly int[] _steps = new int[Reads];

        /// <summary>Makes a battery that has not been measured.</summary>
        /// <param name="input">The pin.</param>
        /// <param name="factor">The battery's voltage over that at the pin.</param>
        /// <param name="lowMv">Below this many millivolts it is low; 0: it never is.</param>
        public Battery(IAnalogInput input, double factor, int lowMv)
        {
            _input = input;
            _mvPerStep = factor * StepMv;
            _lowMv = lowMv;
        }

        /// <summary>Gets or sets what a sleep must not lose.</summary>
        public int Status { get; set; } = (int)SensorState.NotFound << StateShift;

        /// <summary>Gets a value indicating whether it was low when it was measured last.</summary>
        public bool IsLow => (Status & LowFlag) != 0;

        /// <summary>Tells whether it is low now or cannot be measured, and was not so before.</summary>
        /// <param name="before">An earlier <see cref="Status"/>.</param>
        public bool HasNewFault(int before)
        {
            int now = Status >> StateShift;
            return now != (int)SensorState.Ok && now != before >> StateShift;
        }

        /// <summary>Measures, and says what has changed.</summary>
        /// <param name="reading">Receives the voltage, if there is one.</param>
        /// <param name="logger">The console.</param>
        public void Measure(Reading reading, ILogger logger)
        {
            int steps = ReadMedian();
            SensorState state = steps < 0 ? SensorState.NoAnswer
                : steps < LeastSteps || steps > MostSteps ? SensorState.OutOfRange : SensorState.Ok;
            int mv = 0;
            int flag = Status & LowFlag;
            if (state == SensorState.Ok)
            {
                mv = (int)((steps * _mvPerStep) + 0.5);
                flag = mv < _lowMv + (flag == 0 ? 0 : HysteresisMv) ? LowFlag : 0;
                reading.Set(Quantity.Battery, mv / 1000.0);
            }

            int before = Status;
            Status = mv | ((int)state << StateShift) | flag;
            if (before >> StateShift != Status >> StateShift)
            {
                string text = state == SensorState.Ok ? mv.ToString() + " mV" : Sampler.NameOf(state);
                text = "battery: " + text + (flag == 0 ? null : ", low");
                logger.Log(Status >> StateShift == 0 ? LogLevel.Info : LogLevel.Error, null, text);
            }
        }

        /// <summary>Writes its share of the health report.</summary>
        public void WriteHealth(JsonWriter writer)
        {
            SensorState state = (SensorState)((Status >> StateShift) & StateMask);
            writer.Name("battery");
            writer.BeginObject();
            writer.Name("state");
            writer.WriteText(Sampler.NameOf(state));
            if (state == SensorState.Ok)
            {
                writer.Name("voltage");
                writer.WriteFixed((Status & MvMask) / 1000.0, ReadingWriter.BatteryDecimals);
            }

            writer.Name("low");
            writer.WriteBoolean(IsLow);
            writer.EndObject();
        }

        // -1: the chip does not measure. A single one of its values may be far off.
        private int ReadMedian()
        {
            try
            {
                for (int i = 0; i < Reads; i++)
                {
                    int steps = _input.Read();
                    int at = i;
                    for (; at > 0 && _steps[at - 1] > steps; at--)
                    {
                        _steps[at] = _steps[at - 1];
                    }

                    _steps[at] = steps;
                }

                return _steps[Reads / 2];
            }
            catch (Exception)
            {
                return -1;
            }
        }
    }
}

using System;
using DeviceQueue.Diagnostics;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Readings
{
    /// <summary>
    /// Reads the sensor on schedule, doubts what is not plausible and tells which readings are worth publishing. A
    /// fault is a state that is said once when it begins and once when it ends, never a number. Called from one thread.
    /// </summary>
    public sealed class Sampler : IHealthPart
    {
        /// <summary>The first of the places that this takes among the numbers that are kept over a sleep.</summary>
        public const int SavedAt = Messaging.OutboxLog.SavedEnd;

        /// <summary>
        /// The end of the places: the published and the accepted temperature, the doubted one, when it was published,
        /// when it was measured, state and quantities, the battery, the sensor's address, faults.
        /// </summary>
        public const int SavedEnd = SavedAt + 9;

        /// <summary>The place of the address where the sensor was found; 0: it has to be looked for.</summary>
        public const int AddressAt = SavedAt + 7;

        /// <summary>The place of the time of the last measurement.</summary>
        internal const int TakenAt = SavedAt + 4;

        /// <summary>The place of the battery's <see cref="Battery.Status"/>.</summary>
        internal const int BatteryAt = SavedAt + 6;

        private const int QuantitiesShift = 8;
        private const int StateMask = 255;

        // Far below the 0.01 °C that is published: a change of 0.1 as people read it is often a little less in binary.
        private const double RoundingC = 1e-6;

        // Magnus formula over water, the saturation pressure grows as exp(a T / (b + T)): WMO Guide No. 8, annex 4.B.
        private const double MagnusA = 17.62;
        private const double MagnusB = 243.12;

        private readonly ISensor _sensor;
        private readonly SamplingSchedule _schedule;
        private readonly TrustedClock _clock;
        private readonly ILogger _logger;
        private double _offsetC;
        private double _maxStepC;
        private double _reportDeltaC;
        private int _reportAtLeastMs;

        // As measured, without the offset, so that another offset is no step. NaN: none.
        private double _acceptedC = double.NaN;
        private double _doubtedC = double.NaN;

        // What was published last; a fault ends it.
        private double _reportedC = double.NaN;
        private long _reportedMs;

        /// <summary>Initializes a new instance of the <see cref="Sampler"/> class.</summary>
        /// <param name="sensor">The sensor.</param>
        /// <param name="schedule">When to read it.</param>
        /// <param name="clock">Dates the readings.</param>
        /// <param name="logger">Takes what there is to say.</param>
        public Sampler(ISensor sensor, SamplingSchedule schedule, TrustedClock clock, ILogger logger)
        {
            _sensor = sensor;
            _schedule = schedule;
            _clock = clock;
            _logger = logger;
        }

        /// <summary>
        /// Gets the last reading, valid if the last <see cref="TrySample"/> or <see cref="TryRead"/> was.
        /// </summary>
        public Reading Reading { get; } = new Reading();

        /// <summary>Gets what came of the last measurement.</summary>
        public SensorState State { get; private set; }

        /// <summary>Gets what answers at the sensor's address, see <see cref="ISensor.Description"/>.</summary>
        public string Description => _sensor.Description;

        /// <summary>Gets a value indicating whether the sensor has been asked at least once.</summary>
        public bool HasRead { get; private set; }

        /// <summary>Gets or sets the battery, which is measured with the sensor; or <see langword="null"/>.</summary>
        public Battery Battery { get; set; }

        /// <summary>Gets how many measurements failed.</summary>
        public int Faults { get; private set; }

        /// <summary>Gets the time of the next measurement, in milliseconds since start.</summary>
        public long DueMs => _schedule.DueMs;

        /// <summary>Names a state as the console and health do.</summary>
        /// <param name="state">The state.</param>
        /// <returns>One word.</returns>
        public static string NameOf(SensorState state)
        {
            switch (state)
            {
                case SensorState.Ok: return "ok";
                case SensorState.NotFound: return "not_found";
                case SensorState.NoAnswer: return "no_answer";
                case SensorState.Reset: return "reset";
                case SensorState.Step: return "step";
                case SensorState.WrongChip: return "wrong_chip";
                default: return "out_of_range";
            }
        }

        /// <summary>Corrects and judges readings from now on. Until then each is published as measured.</summary>
        /// <param name="offsetC">Added to the temperature, in °C.</param>
        /// <param name="maxStepC">The largest change in °C that needs no second reading; 0: any.</param>
        /// <param name="reportDeltaC">The change in °C that is worth publishing; 0: each reading is.</param>
        /// <param name="reportAtLeastMs">The longest time without a published reading, in milliseconds.</param>
        public void Apply(double offsetC, double maxStepC, double reportDeltaC, int reportAtLeastMs)
        {
            _offsetC = offsetC;
            _maxStepC = maxStepC;
            _reportDeltaC = reportDeltaC;
            _reportAtLeastMs = reportAtLeastMs;
        }

        /// <summary>Measures, if it is time.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> when there is a new reading to publish.</returns>
        public bool TrySample(long nowMs)
        {
            if (!_schedule.TryAdvance(nowMs) || !TryRead() || !IsWorthPublishing())
            {
                return false;
            }

            _reportedC = Reading.Get(Quantity.Temperature);
            _reportedMs = Reading.TakenMs;
            return true;
        }

        /// <summary>Measures now, beside the schedule, which goes on as before.</summary>
        /// <returns>Whether <see cref="Reading"/> is new; if not, <see cref="State"/> says why.</returns>
        public bool TryRead()
        {
            SensorState state = Read();
            state = state == SensorState.Ok ? CheckStep(Reading.Get(Quantity.Temperature)) : state;
            if (state == SensorState.Ok && _offsetC != 0)
            {
                Correct();
            }

            Battery?.Measure(Reading, _logger);
            Reading.TakenMs = _clock.NowMs;
            Reading.HasUtc = _clock.TryDate(out DateTime utc, out bool isDoubted);
            Reading.TakenUtc = utc;
            Reading.IsClockDoubted = isDoubted;
            Report(state);
            return state == SensorState.Ok;
        }

        /// <summary>Puts what a sleep must not lose among numbers that are kept over it.</summary>
        internal void Save(long[] saved)
        {
            saved[SavedAt] = BitConverter.DoubleToInt64Bits(_reportedC);
            saved[SavedAt + 1] = BitConverter.DoubleToInt64Bits(_acceptedC);
            saved[SavedAt + 2] = BitConverter.DoubleToInt64Bits(_doubtedC);
            saved[SavedAt + 3] = _reportedMs;
            saved[TakenAt] = Reading.TakenMs;
            saved[SavedAt + 5] = (int)State | (Reading.Quantities << QuantitiesShift);
            saved[BatteryAt] = Battery == null ? 0 : Battery.Status;
            if (State != SensorState.Ok || _sensor.Address > 0)
            {
                // 0: it was not asked since the sleep
                saved[AddressAt] = State == SensorState.Ok ? _sensor.Address : 0;
            }

            saved[SavedEnd - 1] = Faults;
        }

        /// <summary>Tells whether there is a fault now that was not there before.</summary>
        /// <param name="saved">What <see cref="Save"/> made then.</param>
        internal bool HasNewFault(long[] saved)
        {
            return (State != SensorState.Ok && State != GetState(saved))
                || (Battery != null && Battery.HasNewFault((int)saved[BatteryAt]));
        }

        /// <summary>Goes on after a sleep.</summary>
        /// <param name="saved">What <see cref="Save"/> made.</param>
        internal void Resume(long[] saved)
        {
            int flags = (int)saved[SavedAt + 5];
            _reportedC = BitConverter.Int64BitsToDouble(saved[SavedAt]);
            _acceptedC = BitConverter.Int64BitsToDouble(saved[SavedAt + 1]);
            _doubtedC = BitConverter.Int64BitsToDouble(saved[SavedAt + 2]);
            _reportedMs = saved[SavedAt + 3];
            Reading.TakenMs = saved[TakenAt];
            State = GetState(saved);
            Reading.Quantities = flags >> QuantitiesShift;
            Faults = (int)saved[SavedEnd - 1];
            HasRead = true;
            if (Battery != null)
            {
                Battery.Status = (int)saved[BatteryAt];
            }
        }

        /// <inheritdoc/>
        public void WriteHealth(JsonWriter writer)
        {
            writer.Name("sensor");
            writer.BeginObject();
            writer.Name("state");
            writer.WriteText(NameOf(State));
            if (State == SensorState.WrongChip)
            {
                writer.Name("chip");
                writer.WriteText(Description);
            }

            writer.Name("faults");
            writer.WriteNumber(Faults);
            writer.EndObject();
            Battery?.WriteHealth(writer);
        }

        private static SensorState GetState(long[] saved)
        {
            return (SensorState)((int)saved[SavedAt + 5] & StateMask);
        }

        private static bool IsApart(double one, double other, double distance)
        {
            double difference = one - other;
            return difference > distance || -difference > distance;
        }

        private static double Magnus(double celsius)
        {
            return MagnusA * celsius / (MagnusB + celsius);
        }

        /// <summary>
        /// Adds the offset; the relative humidity becomes that of the same water at the corrected temperature.
        /// </summary>
        private void Correct()
        {
            double measuredC = Reading.Get(Quantity.Temperature);
            double correctedC = measuredC + _offsetC;
            Reading.Set(Quantity.Temperature, correctedC);
            if (Reading.Has(Quantity.Humidity))
            {
                double humidity = Reading.Get(Quantity.Humidity) * Math.Exp(Magnus(measuredC) - Magnus(correctedC));
                Reading.Set(Quantity.Humidity, humidity > 100 ? 100 : humidity);
            }
        }

        private bool IsWorthPublishing()
        {
            return double.IsNaN(_reportedC)
                || _reportDeltaC == 0
                || IsApart(Reading.Get(Quantity.Temperature), _reportedC, _reportDeltaC - RoundingC)
                || _schedule.DueMs - _reportedMs > _reportAtLeastMs; // the next sampling would be too late
        }

        /// <summary>
        /// Doubts a temperature far from the last one, unless the reading before was as far and near to this one.
        /// </summary>
        private SensorState CheckStep(double celsius)
        {
            bool isStep = _maxStepC > 0 && !double.IsNaN(_acceptedC) && IsApart(celsius, _acceptedC, _maxStepC);
            if (isStep && (double.IsNaN(_doubtedC) || IsApart(celsius, _doubtedC, _maxStepC)))
            {
                _doubtedC = celsius;
                return SensorState.Step;
            }

            _doubtedC = double.NaN;
            _acceptedC = celsius;
            return SensorState.Ok;
        }

        private SensorState Read()
        {
            try
            {
                return _sensor.Read(Reading);
            }
            catch (Exception e)
            {
                if (State != SensorState.NoAnswer || !HasRead)
                {
                    _logger.Log(LogLevel.Error, null, "sensor: " + e.ToString());
                }

                return SensorState.NoAnswer;
            }
        }

        private void Report(SensorState state)
        {
            if (state != SensorState.Ok)
            {
                Faults++;
                _reportedC = double.NaN; // who waits for a change is to hear that readings are back
                _doubtedC = state == SensorState.Step ? _doubtedC : double.NaN;
            }

            if (state != State || !HasRead)
            {
                bool isOk = state == SensorState.Ok;
                string text = isOk ? "sensor: " + Description : "sensor fault: " + NameOf(state);
                text += state == SensorState.WrongChip ? " " + Description : null;
                _logger.Log(isOk ? LogLevel.Info : LogLevel.Error, null, text);
            }

            HasRead = true;
            State = state;
        }
    }
}

using System;
using DeviceQueue.Components;
using DeviceQueue.Platform;

namespace DeviceQueue.Sensing
{
    /// <summary>Reads the sensor on schedule and keeps count of its faults. A fault is a state that is said once when it begins and once when it ends, never a number.</summary>
    public sealed class Sampler
    {
        private readonly ITemperatureSensor _sensor;
        private readonly SamplingSchedule _schedule;
        private readonly IClock _clock;
        private readonly ILogger _logger;
        private bool _hasRead;

        /// <summary>Initializes a new instance of the <see cref="Sampler"/> class.</summary>
        /// <param name="sensor">The sensor.</param>
        /// <param name="schedule">When to read it.</param>
        /// <param name="clock">Dates the readings.</param>
        /// <param name="logger">Takes what there is to say.</param>
        public Sampler(ITemperatureSensor sensor, SamplingSchedule schedule, IClock clock, ILogger logger)
        {
            _sensor = sensor;
            _schedule = schedule;
            _clock = clock;
            _logger = logger;
        }

        /// <summary>Gets the last reading, if <see cref="TrySample"/> returned <see langword="true"/>.</summary>
        public Reading Reading { get; } = new Reading();

        /// <summary>Gets what came of the last measurement.</summary>
        public SensorState State { get; private set; }

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
                default: return "out_of_range";
            }
        }

        /// <summary>Measures, if it is time.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> when there is a new reading.</returns>
        public bool TrySample(long nowMs)
        {
            if (!_schedule.TryAdvance(nowMs))
            {
                return false;
            }

            SensorState state = Read();
            Reading.TakenMs = _clock.NowMs;
            Reading.HasUtc = _clock.TryGetUtc(out DateTime utc);
            Reading.TakenUtc = utc;
            Report(state);
            return state == SensorState.Ok;
        }

        private SensorState Read()
        {
            try
            {
                return _sensor.Read(Reading);
            }
            catch (Exception e)
            {
                if (State != SensorState.NoAnswer || !_hasRead)
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
            }

            if (state != State || !_hasRead)
            {
                string text = state == SensorState.Ok ? "sensor: " + _sensor.Description : "sensor fault: " + NameOf(state);
                _logger.Log(state == SensorState.Ok ? LogLevel.Info : LogLevel.Error, null, text);
            }

            _hasRead = true;
            State = state;
        }
    }
}


namespace DeviceQueue.Readings
{
    /// <summary>
    /// When to sample: at start and then each interval on a fixed grid, so that lateness never adds up; a missed moment
    /// is skipped, not caught up.
    /// </summary>
    public sealed class SamplingSchedule
    {
        private long _startMs;
        private int _intervalMs;
        private long _dueMs;

        /// <summary>Initializes a new instance of the <see cref="SamplingSchedule"/> class.</summary>
        /// <param name="startMs">The first moment, in milliseconds since start.</param>
        /// <param name="intervalMs">The interval in milliseconds, at least 1.</param>
        public SamplingSchedule(long startMs, int intervalMs)
        {
            _startMs = startMs;
            _intervalMs = intervalMs;
            _dueMs = startMs;
        }

        /// <summary>Gets the next moment, in milliseconds since start.</summary>
        public long DueMs => _dueMs;

        /// <summary>
        /// Goes over to another interval: the next moment stays, unless it is further than the new interval, and the
        /// grid goes on from there.
        /// </summary>
        /// <param name="nowMs">The time.</param>
        /// <param name="intervalMs">The interval in milliseconds, at least 1.</param>
        public void Change(long nowMs, int intervalMs)
        {
            if (intervalMs == _intervalMs)
            {
                return;
            }

            _intervalMs = intervalMs;
            _dueMs = _dueMs - nowMs > intervalMs ? nowMs + intervalMs : _dueMs;
            _startMs = _dueMs;
        }

        /// <summary>Tells whether it is time, and if so moves on to the next moment that is not past.</summary>
        /// <param name="nowMs">The time.</param>
        /// <returns><see langword="true"/> once for each moment, or for each run of moments that were missed.</returns>
        public bool TryAdvance(long nowMs)
        {
            if (nowMs < _dueMs)
            {
                return false;
            }

            _dueMs = _startMs + ((((nowMs - _startMs) / _intervalMs) + 1) * _intervalMs);
            return true;
        }
    }
}

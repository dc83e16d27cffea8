using System;
using DeviceQueue.Mqtt;

namespace DeviceQueue.NanoFramework
{
    /// <summary>
    /// Chance for jitter and message ids. The platform seeds its generator from the time since power-on, which is much
    /// the same at each boot, so the caller gives a seed that is not.
    /// </summary>
    public sealed class DeviceRandom : IRandom
    {
        private readonly object _lock = new object();
        private readonly Random _random;

        /// <summary>Initializes a new instance of the <see cref="DeviceRandom"/> class.</summary>
        /// <param name="seed">A number of this board and this boot alone.</param>
        public DeviceRandom(int seed)
        {
            _random = new Random(seed);
        }

        /// <inheritdoc/>
        public int Next(int limit)
        {
            lock (_lock)
            {
                return _random.Next(limit);
            }
        }

        /// <inheritdoc/>
        public void NextBytes(byte[] buffer)
        {
            lock (_lock)
            {
                _random.NextBytes(buffer);
            }
        }
    }
}

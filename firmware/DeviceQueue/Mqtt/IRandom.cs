
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Chance as the library sees it: a seeded implementation replays a run. Implementations are safe to call from any
    /// thread.
    /// </summary>
    public interface IRandom
    {
        /// <summary>Draws a number.</summary>
        /// <param name="limit">The exclusive upper limit, at least 1.</param>
        /// <returns>A number from 0 to <paramref name="limit"/> - 1.</returns>
        int Next(int limit);

        /// <summary>Fills a buffer with random bytes.</summary>
        /// <param name="buffer">The buffer, filled over its whole length.</param>
        void NextBytes(byte[] buffer);
    }
}

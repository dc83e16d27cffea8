
namespace DeviceQueue.Esp32
{
    /// <summary>
    /// Notices a loop that has stopped. It counts its own looks, not milliseconds: a native call that stops every
    /// thread of the chip stops the looks too, and is no stall of the loop.
    /// </summary>
    public sealed class StallWatch
    {
        /// <summary>A loop without a beat for so long, in milliseconds, has stalled.</summary>
        public const int StallMs = 60000;

        /// <summary>How many looks without a beat make a stall.</summary>
        public const int Checks = 12;

        /// <summary>The time between two looks, in milliseconds.</summary>
        public const int CheckIntervalMs = StallMs / Checks;

        private int _beats;
        private int _seenBeats;
        private int _stillChecks;

        /// <summary>Says that the loop runs. Called by its thread.</summary>
        public void Beat()
        {
            _beats++;
        }

        /// <summary>
        /// Looks whether the loop still runs. To be called every <see cref="CheckIntervalMs"/> by another thread.
        /// </summary>
        /// <returns><see langword="true"/> when it has stalled.</returns>
        public bool HasStalled()
        {
            int beats = _beats;
            _stillChecks = beats == _seenBeats ? _stillChecks + 1 : 0;
            _seenBeats = beats;
            return _stillChecks >= Checks;
        }
    }
}

namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// What happens to a message, a value or a subscription that the broker has not confirmed: it is sent again on the
    /// same link, each time after twice the delay.
    /// </summary>
    public static class RetryPolicy
    {
        /// <summary>The delay before the first repeat, in milliseconds.</summary>
        public const int FirstDelayMs = 5000;

        /// <summary>The longest delay, in milliseconds.</summary>
        public const int MaxDelayMs = 320000;

        /// <summary>
        /// After so many attempts, including those that a link did not survive, a message no longer goes before the
        /// others: it may be what ends the links.
        /// </summary>
        public const int OrderedAttempts = 4;

        /// <summary>
        /// The link is closed when so many publishes in a row stay unanswered, and the probes between them too; those
        /// that fail together count as one. A broker that is slow but answers the probes keeps its link.
        /// </summary>
        public const int MaxUnanswered = 3;

        /// <summary>
        /// The highest count of attempts, in three bits: by then the delay has reached its limit.
        /// </summary>
        internal const int MaxCounted = 7;

        /// <summary>Gets the delay before the next attempt.</summary>
        /// <param name="repeats">How many repeats there were, at most <see cref="MaxCounted"/>.</param>
        internal static int GetDelayMs(int repeats)
        {
            int delayMs = FirstDelayMs << repeats;
            return delayMs < MaxDelayMs ? delayMs : MaxDelayMs;
        }

        /// <summary>Adds one to a count of attempts, up to <see cref="MaxCounted"/>.</summary>
        internal static byte CountUp(int attempts)
        {
            return (byte)(attempts < MaxCounted ? attempts + 1 : MaxCounted);
        }
    }
}

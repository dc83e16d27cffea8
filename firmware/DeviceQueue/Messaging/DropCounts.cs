namespace DeviceQueue.Messaging
{
    /// <summary>Why a queue let go of a message that it had been given.</summary>
    public enum DropReason
    {
        /// <summary>There was no room, and the overflow policy chose this message.</summary>
        Overflow = 0,

        /// <summary>A newer message on the same topic took its place (overflow policy coalesce).</summary>
        Replaced = 1,

        /// <summary>It was larger than <c>max_message_size</c>, or, from an outbox's file, than a <c>max_bytes</c> that was lowered.</summary>
        TooLarge = 2,

        /// <summary>It arrived and was no envelope.</summary>
        Unreadable = 3,

        /// <summary>There was no room, and the overflow policy chose this message, which had been sent and never acknowledged: it may have arrived.</summary>
        Unconfirmed = 4,

        /// <summary>Memory ran short.</summary>
        Memory = 5,
    }

    /// <summary>Counts what was dropped, by reason. Safe to read from any thread; written under the owner's lock.</summary>
    public sealed class DropCounts
    {
        /// <summary>How many reasons there are.</summary>
        public const int Reasons = 6;

        private readonly int[] _messages = new int[Reasons];
        private readonly int[] _bytes = new int[Reasons];

        /// <summary>Gets how many messages were dropped for a reason.</summary>
        /// <param name="reason">The reason.</param>
        /// <returns>The count since start.</returns>
        public int GetMessages(DropReason reason)
        {
            return _messages[(int)reason];
        }

        /// <summary>Gets how many bytes were dropped for a reason, in the unit of <see cref="MessageBuffer"/>.</summary>
        /// <param name="reason">The reason.</param>
        /// <returns>The count since start.</returns>
        public int GetBytes(DropReason reason)
        {
            return _bytes[(int)reason];
        }

        internal void Add(DropReason reason, int bytes)
        {
            _messages[(int)reason]++;
            _bytes[(int)reason] += bytes;
        }
    }
}

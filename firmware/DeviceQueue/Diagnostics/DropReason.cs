
namespace DeviceQueue.Diagnostics
{
    /// <summary>Why a message was lost: the reasons of a queue's <see cref="Diagnostics.Counts"/>.</summary>
    public static class DropReason
    {
        /// <summary>There was no room, and the overflow policy chose this message.</summary>
        public const int Overflow = 0;

        /// <summary>
        /// As <see cref="Overflow"/> or <see cref="Memory"/>, but it had been sent and never acknowledged: it may have
        /// arrived.
        /// </summary>
        public const int Unconfirmed = 1;

        /// <summary>A newer message on the same topic took its place (overflow policy coalesce).</summary>
        public const int Replaced = 2;

        /// <summary>Memory ran short.</summary>
        public const int Memory = 3;

        /// <summary>An answer to a command found no room.</summary>
        public const int Answers = 4;

        /// <summary>It arrived and there was no room or no memory for it.</summary>
        public const int Arrived = 5;

        /// <summary>It arrived and was larger than <c>max_message_size</c>.</summary>
        public const int TooLarge = 6;

        /// <summary>It arrived and was no envelope.</summary>
        public const int Unreadable = 7;

        /// <summary>The queue refused it, and the device, which had made it, has no other place for it.</summary>
        public const int Refused = 8;

        /// <summary>It was stored under wider limits and is larger than those of now.</summary>
        public const int Outgrown = 9;

        /// <summary>Storage had only a part of it: a power cut or a failing write cut it off.</summary>
        public const int Torn = 10;

        /// <summary>Storage had something else in its place, or could not be read.</summary>
        public const int Damaged = 11;

        /// <summary>
        /// How many of them stand in the health report as dropped; storage's own stand with the queue.
        /// </summary>
        public const int Reported = Torn;

        /// <summary>Their names, in their order.</summary>
        public const string Names =
            "overflow unconfirmed replaced memory answers commands too_large unreadable refused outgrown torn damaged";
    }
}

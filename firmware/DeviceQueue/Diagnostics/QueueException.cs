using System;

namespace DeviceQueue.Diagnostics
{
    /// <summary>A queue that cannot do what it was asked; <see cref="Code"/> says why.</summary>
    public class QueueException : Exception
    {
        /// <summary>The message is larger than <c>max_message_size</c>.</summary>
        public const string TooLarge = "TOO_LARGE";

        /// <summary>There is no room for the message.</summary>
        public const string Full = "QUEUE_FULL";

        /// <summary>The topic is empty, too long, or has a wildcard or NUL.</summary>
        public const string BadTopic = "BAD_TOPIC";

        /// <summary>Initializes a new instance of the <see cref="QueueException"/> class.</summary>
        /// <param name="code">One of the codes of this class, or of the one derived from it.</param>
        /// <param name="message">What happened, in words.</param>
        public QueueException(string code, string message)
            : base(message)
        {
            Code = code;
        }

        /// <summary>Gets the code.</summary>
        public string Code { get; }
    }
}

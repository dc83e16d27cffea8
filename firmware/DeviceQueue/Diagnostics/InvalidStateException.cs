
namespace DeviceQueue.Diagnostics
{
    /// <summary>A queue or connection that is not in the state that the call needs.</summary>
    public sealed class InvalidStateException : QueueException
    {
        /// <summary>It is not open.</summary>
        public const string NotOpened = "NOT_OPENED";

        /// <summary>It has been opened, so that it can be neither configured nor given references any more.</summary>
        public const string AlreadyOpened = "ALREADY_OPENED";

        /// <summary>The shared connection is not open, or has no place for one more queue.</summary>
        public const string NoConnection = "NO_CONNECTION";

        /// <summary>The references lack the platform, or the platform lacks a part.</summary>
        public const string NoPlatform = "NO_PLATFORM";

        /// <summary>A receiver listens already.</summary>
        public const string AlreadyListening = "ALREADY_LISTENING";

        /// <summary>The message was not received, or has been completed or put back.</summary>
        public const string NotReceived = "NOT_RECEIVED";

        /// <summary>Initializes a new instance of the <see cref="InvalidStateException"/> class.</summary>
        /// <param name="code">One of the codes of this class.</param>
        /// <param name="message">What happened, in words.</param>
        public InvalidStateException(string code, string message)
            : base(code, message)
        {
        }
    }
}

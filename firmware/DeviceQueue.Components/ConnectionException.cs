using DeviceQueue.Diagnostics;

namespace DeviceQueue.Components
{
    /// <summary>A connection to a broker that did not come about.</summary>
    public sealed class ConnectionException : QueueException
    {
        /// <summary>No broker could be reached, or each refused.</summary>
        public const string ConnectFailed = "CONNECT_FAILED";

        /// <summary>Initializes a new instance of the <see cref="ConnectionException"/> class.</summary>
        /// <param name="code">One of the codes of this class.</param>
        /// <param name="message">What happened, in words.</param>
        public ConnectionException(string code, string message)
            : base(code, message)
        {
        }
    }
}

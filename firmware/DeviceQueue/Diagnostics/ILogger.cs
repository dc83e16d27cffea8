
namespace DeviceQueue.Diagnostics
{
    /// <summary>
    /// Takes what a component has to say. Implementations are safe to call from any thread and do not throw.
    /// </summary>
    public interface ILogger
    {
        /// <summary>Logs a message.</summary>
        /// <param name="level">How bad it is.</param>
        /// <param name="correlationId">The id that ties the message to a call chain, or <see langword="null"/>.</param>
        /// <param name="message">One line of text, without secrets.</param>
        void Log(LogLevel level, string correlationId, string message);
    }

    /// <summary>How bad a logged event is, worst first.</summary>
    public enum LogLevel
    {
        /// <summary>Something the device was asked to do did not happen.</summary>
        Error = 2,

        /// <summary>Something is wrong and the device goes on.</summary>
        Warn = 3,

        /// <summary>A change of state that an operator wants to see.</summary>
        Info = 4,

        /// <summary>Detail for someone who looks for a fault.</summary>
        Debug = 5,
    }
}

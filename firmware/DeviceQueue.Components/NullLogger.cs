using DeviceQueue.Diagnostics;

namespace DeviceQueue.Components
{
    /// <summary>Hears and says nothing.</summary>
    internal sealed class NullLogger : ILogger
    {
        /// <inheritdoc/>
        public void Log(LogLevel level, string correlationId, string message)
        {
        }
    }
}

using System.Collections.Concurrent;
using DeviceQueue.Diagnostics;

namespace DeviceQueue.Tests.Components;

/// <summary>Keeps what was said.</summary>
internal sealed class MemoryLogger : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public IEnumerable<string> Lines => _lines.Select(line => line.Text);

    public IEnumerable<string> Errors => _lines.Where(line => line.Level == LogLevel.Error).Select(line => line.Text);

    /// <summary>Gets or sets what tells whether there is no memory left for a line.</summary>
    public Func<string, bool> IsOutOfMemory { get; set; } = _ => false;

    public void Log(LogLevel level, string correlationId, string message)
    {
        if (IsOutOfMemory(message))
        {
            throw new OutOfMemoryException("no heap left");
        }

        _lines.Enqueue((level, message));
    }
}

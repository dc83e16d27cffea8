using System.Collections.Concurrent;
using DeviceQueue.Components;

namespace DeviceQueue.Tests.Components;

/// <summary>Keeps what was counted.</summary>
internal sealed class MemoryCounters : ICounters
{
    public ConcurrentDictionary<string, int> Counts { get; } = new();

    public void IncrementOne(string name) => Counts.AddOrUpdate(name, 1, (_, count) => count + 1);
}

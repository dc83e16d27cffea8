using DeviceQueue.Time;

namespace DeviceQueue.Tests.Storage;

/// <summary>Real time, for what waits on an event; tells of each look at it, and can hold who looks.</summary>
internal sealed class SystemTime : IClock
{
    public SemaphoreSlim Looks { get; } = new(0);

    public Action Looked { get; set; } = () => { };

    public long NowMs
    {
        get
        {
            Looks.Release();
            Looked();
            return Environment.TickCount64;
        }
    }

    public bool TryGetUtc(out DateTime utc)
    {
        utc = DateTime.UtcNow;
        return true;
    }
}

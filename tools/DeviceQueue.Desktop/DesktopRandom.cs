using DeviceQueue.Mqtt;

namespace DeviceQueue.Desktop;

/// <summary>Chance for jitter and message ids: unique, not secret.</summary>
public sealed class DesktopRandom : IRandom
{
    public int Next(int limit) => Random.Shared.Next(limit);

    public void NextBytes(byte[] buffer) => Random.Shared.NextBytes(buffer);
}

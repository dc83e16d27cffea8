using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Storage;

/// <summary>Chance that repeats.</summary>
internal sealed class SeededRandom(int seed) : IRandom
{
    private readonly Random _random = new(seed);

    public int Next(int limit) => _random.Next(limit);

    public void NextBytes(byte[] buffer) => _random.NextBytes(buffer);
}

using DeviceQueue.Platform;

namespace DeviceQueue.Tests.Platform;

/// <summary>Storage in memory whose power can be cut in the middle of a write.</summary>
internal sealed class MemoryStore : IStore
{
    public Dictionary<string, byte[]> Files { get; } = [];

    public int Writes { get; private set; }

    public bool FailsWrites { get; set; }

    /// <summary>Gets or sets the start of the names of files that cannot be changed.</summary>
    public string? FailsName { get; set; }

    /// <summary>Gets or sets how many bytes the next write leaves before the power fails; what it replaces is gone then.</summary>
    public int? CutAfterBytes { get; set; }

    /// <summary>Gets or sets how many bytes can still be written, a removal counting as one, until the power fails for good: from then on nothing is written any more.</summary>
    public int? PowerForBytes { get; set; }

    public bool IsDead => PowerForBytes < 0;

    public int GetSize(string name) => Files.TryGetValue(name, out byte[]? file) ? file.Length : -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        if (!Files.TryGetValue(name, out byte[]? file))
        {
            return false;
        }

        count = Math.Min(file.Length, buffer.Length);
        Array.Copy(file, buffer, count);
        return true;
    }

    public bool TryWrite(string name, byte[] data, int count)
    {
        Writes++;
        if (FailsWrites || IsDead || Fails(name))
        {
            return false;
        }

        if (PowerForBytes < count)
        {
            Files[name] = data[..PowerForBytes.Value];
            PowerForBytes = -1;
            return false;
        }

        PowerForBytes -= count;

        Files[name] = data[..Math.Min(count, CutAfterBytes ?? count)];
        bool isCut = CutAfterBytes is not null;
        CutAfterBytes = null;
        return !isCut;
    }

    public bool TryDelete(string name)
    {
        if (FailsWrites || Fails(name) || PowerForBytes <= 0)
        {
            PowerForBytes = PowerForBytes <= 0 ? -1 : PowerForBytes;
            return false;
        }

        PowerForBytes--;
        Files.Remove(name);
        return true;
    }

    private bool Fails(string name) => FailsName is not null && name.StartsWith(FailsName, StringComparison.Ordinal);
}

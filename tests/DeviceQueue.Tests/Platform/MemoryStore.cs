using DeviceQueue.Platform;

namespace DeviceQueue.Tests.Platform;

/// <summary>Storage in memory whose power can be cut in the middle of a write.</summary>
internal sealed class MemoryStore : IStore
{
    public Dictionary<string, byte[]> Files { get; } = [];

    public int Writes { get; private set; }

    public bool FailsWrites { get; set; }

    /// <summary>Gets or sets how many bytes the next write leaves before the power fails; what it replaces is gone then.</summary>
    public int? CutAfterBytes { get; set; }

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
        if (FailsWrites)
        {
            return false;
        }

        Files[name] = data[..Math.Min(count, CutAfterBytes ?? count)];
        bool isCut = CutAfterBytes is not null;
        CutAfterBytes = null;
        return !isCut;
    }

    public bool TryDelete(string name)
    {
        Files.Remove(name);
        return true;
    }
}

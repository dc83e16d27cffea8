using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

/// <summary>
/// Storage that now and then fails as <see cref="IStore"/> allows: a write leaves some first bytes, or all, and is
/// refused; a delete is refused; a file cannot be read, or its size not be told.
/// </summary>
internal sealed class FaultyStore(Random random) : IStore
{
    public Dictionary<string, byte[]> Files { get; set; } = [];

    public int WriteFaults { get; set; } // in percent

    /// <summary>Gets or sets how many writes succeed before one is refused; null: none is.</summary>
    public int? WritesToFault { get; set; }

    public int DeleteFaults { get; set; }

    public int SizeFaults { get; set; }

    public int ReadFaults { get; set; }

    /// <summary>Gets or sets a file that cannot be read from a position on, as with a block of the flash that is
    /// bad.</summary>
    public (string Name, int Position)? BadBlock { get; set; }

    public List<string> Log { get; } = [];

    /// <summary>Gets all that the last write or append would have left.</summary>
    public byte[]? Whole { get; private set; }

    public int GetSize(string name) =>
        Hit(SizeFaults)
            ? Said("GetSize " + name + " -> -2", -2)
            : Files.TryGetValue(name, out byte[]? file)
            ? file.Length
            : -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        if (Hit(ReadFaults) || !Files.TryGetValue(name, out byte[]? file))
        {
            return false;
        }

        count = Math.Min(file.Length, buffer.Length);
        Array.Copy(file, buffer, count);
        return true;
    }

    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
    {
        bool isBad = BadBlock is { } bad && bad.Name == name && position + count > bad.Position;
        if (isBad || Hit(ReadFaults) || !Files.TryGetValue(name, out byte[]? file) || position + count > file.Length)
        {
            return false;
        }

        Array.Copy(file, position, buffer, offset, count);
        return true;
    }

    public bool TryAppend(string name, byte[] data, int offset, int count) =>
        Put("append", name, Files.GetValueOrDefault(name, []), data.AsSpan(offset, count));

    public bool TryWrite(string name, byte[] data, int count) => Put("write", name, [], data.AsSpan(0, count));

    public bool TryDelete(string name)
    {
        if (Hit(DeleteFaults))
        {
            return Said("delete " + name + " refused", false);
        }

        Files.Remove(name);
        return Said("delete " + name, true);
    }

    private bool Put(string kind, string name, byte[] before, ReadOnlySpan<byte> data)
    {
        bool fails = Hit(WriteFaults) || WritesToFault == 0;
        WritesToFault = WritesToFault > 0 ? WritesToFault - 1 : null;
        int kept = !fails ? data.Length : random.Next(3) == 0 ? data.Length : random.Next(data.Length + 1);
        Whole = [.. before, .. data];
        Files[name] = [.. before, .. data[..kept]];
        return Said(
            $"{kind} {name} {before.Length}+{kept}/{data.Length}" + (fails ? " refused" : string.Empty), !fails);
    }

    private bool Hit(int percent) => percent > 0 && random.Next(100) < percent;

    private T Said<T>(string text, T result)
    {
        Log.Add(text);
        return result;
    }
}

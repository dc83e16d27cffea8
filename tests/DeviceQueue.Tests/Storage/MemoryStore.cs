using System.Diagnostics.CodeAnalysis;
using DeviceQueue.Storage;
using VirtualBoard;

namespace DeviceQueue.Tests.Storage;

/// <summary>
/// Storage in memory whose power can be cut in the middle of a write, with an account of what a flash chip has to bear.
/// </summary>
internal sealed class MemoryStore : IStore
{
    public Dictionary<string, byte[]> Files { get; init; } = [];

    public int Writes { get; private set; }

    public string? LastWritten { get; private set; }

    /// <summary>Gets what a flash chip would have borne.</summary>
    public FlashWear Wear { get; } = new();

    public int Deletes => (int)Wear.Deletes;

    public long BytesWritten { get; private set; }

    /// <summary>Gets the names of the files that were read.</summary>
    public HashSet<string> ReadNames { get; } = [];

    public bool FailsWrites { get; set; }

    /// <summary>Gets or sets a value indicating whether each write throws, as for want of memory.</summary>
    public bool ThrowsOnWrite { get; set; }

    /// <summary>Gets or sets the start of the names of files that cannot be changed.</summary>
    public string? FailsName { get; set; }

    /// <summary>Gets or sets the start of the names of files that cannot be read.</summary>
    public string? UnreadName { get; set; }

    /// <summary>Gets or sets the start of the names of files of which nothing can be told, not even the size.</summary>
    public string? UntoldName { get; set; }

    /// <summary>Gets or sets a value indicating whether each write fails after its first byte.</summary>
    public bool TearsWrites { get; set; }

    /// <summary>
    /// Gets or sets how many bytes the next write leaves before the power fails; what it replaces is gone then.
    /// </summary>
    public int? CutAfterBytes { get; set; }

    /// <summary>Gets or sets after how many more bytes written and files deleted the power stays off.</summary>
    public int? StepsToPowerCut { get; set; }

    /// <summary>Gets or sets what happens when a file is about to go.</summary>
    public Action<string> Deleting { get; set; } = _ => { };

    public bool IsOff => StepsToPowerCut < 0;

    public int GetSize(string name) =>
        Is(name, UntoldName) ? -2 : !IsOff && Files.TryGetValue(name, out byte[]? file) ? file.Length : -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        if (!CanRead(name, out byte[]? file))
        {
            return false;
        }

        count = Math.Min(file.Length, buffer.Length);
        Array.Copy(file, buffer, count);
        return true;
    }

    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
    {
        if (!CanRead(name, out byte[]? file) || position + count > file.Length)
        {
            return false;
        }

        Array.Copy(file, position, buffer, offset, count);
        return true;
    }

    public bool TryAppend(string name, byte[] data, int offset, int count) =>
        TryPut(name, Files.GetValueOrDefault(name, []), data.AsSpan(offset, count));

    public bool TryWrite(string name, byte[] data, int count) => TryPut(name, [], data.AsSpan(0, count));

    public bool TryDelete(string name)
    {
        if (Fails(name) || Spend(1) == 0)
        {
            return false;
        }

        if (Files.ContainsKey(name))
        {
            Deleting(name);
            Files.Remove(name);
            Wear.OnDelete();
        }

        return true;
    }

    private static bool Is(string name, string? start) =>
        start is not null && name.StartsWith(start, StringComparison.Ordinal);

    private bool Fails(string name) => FailsWrites || Is(name, FailsName);

    private bool CanRead(string name, [NotNullWhen(true)] out byte[]? file)
    {
        file = null;
        ReadNames.Add(name);
        return !IsOff && !Is(name, UnreadName) && !Is(name, UntoldName) && Files.TryGetValue(name, out file);
    }

    private bool TryPut(string name, byte[] before, ReadOnlySpan<byte> data)
    {
        Writes++;
        if (ThrowsOnWrite)
        {
            throw new OutOfMemoryException();
        }

        if (Fails(name) || IsOff)
        {
            return false;
        }

        bool isCut = CutAfterBytes is not null || TearsWrites;
        int room = CutAfterBytes ?? (TearsWrites ? 1 : int.MaxValue);
        CutAfterBytes = null;
        int written = Spend(Math.Min(data.Length, room));
        LastWritten = name;
        Files[name] = [.. before, .. data[..written]];
        BytesWritten += written;
        Wear.OnWrite(before.Length, written);
        return !isCut && !IsOff;
    }

    private int Spend(int steps)
    {
        if (StepsToPowerCut is not { } left)
        {
            return steps;
        }

        StepsToPowerCut = left >= steps ? left - steps : -1;
        return Math.Min(steps, Math.Max(left, 0));
    }
}

using DeviceQueue.Storage;

namespace Simulator;

/// <summary>
/// Files for code of the firmware that may look and not change: what it writes or deletes is taken and forgotten.
/// </summary>
/// <param name="read">Gives a file's content, or null when there is none.</param>
internal sealed class ReadOnlyStore(Func<string, byte[]?> read) : IStore
{
    public int GetSize(string name) => read(name)?.Length ?? -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        byte[]? data = read(name);
        count = Math.Min(data?.Length ?? 0, buffer.Length);
        data?.AsSpan(0, count).CopyTo(buffer);
        return data != null;
    }

    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
    {
        byte[]? data = read(name);
        bool isThere = data != null && position + count <= data.Length;
        if (isThere)
        {
            data.AsSpan(position, count).CopyTo(buffer.AsSpan(offset));
        }

        return isThere;
    }

    public bool TryAppend(string name, byte[] data, int offset, int count) => true;

    public bool TryWrite(string name, byte[] data, int count) => true;

    public bool TryDelete(string name) => true;
}

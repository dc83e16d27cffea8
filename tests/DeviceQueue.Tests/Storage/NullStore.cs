using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

/// <summary>Storage that takes all it is given, has nothing, and allocates nothing.</summary>
internal sealed class NullStore : IStore
{
    public int GetSize(string name) => -1;

    public bool TryRead(string name, byte[] buffer, out int count)
    {
        count = 0;
        return false;
    }

    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count) => false;

    public bool TryAppend(string name, byte[] data, int offset, int count) => true;

    public bool TryWrite(string name, byte[] data, int count) => true;

    public bool TryDelete(string name) => true;
}

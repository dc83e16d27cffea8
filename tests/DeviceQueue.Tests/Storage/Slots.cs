using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

internal static class Slots
{
    /// <summary>Writes a record over the older one, as each owner of such a file does.</summary>
    public static bool Put(this TwoSlotFile file, byte[] record)
    {
        file.EnsureRead();
        record.CopyTo(file.Buffer, TwoSlotFile.HeaderBytes);
        return file.TryWrite(record.Length);
    }
}

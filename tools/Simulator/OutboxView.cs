using DeviceQueue.Messaging;
using VirtualBoard;

namespace Simulator;

/// <summary>
/// The readings that wait in the board's flash, counted by the firmware's own code as at a boot. The files are as old
/// as options.outbox_flush_ms.
/// </summary>
internal sealed class OutboxView(QueueOptions options, FlashStorage flash)
{
    /// <summary>Gets a value indicating whether the queue is in flash at all.</summary>
    public bool IsKept => options.Outbox.Length > 0 && options.Qos > 0;

    /// <summary>Gets how many wait, and in how many bytes of how many.</summary>
    public (int Messages, int Bytes, int MaxBytes) Count()
    {
        Dictionary<string, byte[]?> files = [];
        ReadOnlyStore store = new(name => files.TryGetValue(name, out byte[]? data) ? data : files[name] = Read(name));
        using AutoResetEvent wake = new(false);
        Outbox outbox = new(options, wake, store);
        return (outbox.Count, outbox.Bytes, outbox.MaxBytes);
    }

    private byte[]? Read(string name)
    {
        int size = flash.GetSize(name);
        byte[] data = new byte[Math.Max(size, 0)];
        bool isRead = size == 0 || (size > 0 && flash.TryReadAt(name, 0, data, 0, size)); // it may be gone by now
        return isRead ? data : null;
    }
}

using DeviceQueue.Storage;

namespace DeviceQueue.Desktop;

/// <summary>The files of a folder. What was written or added is on the disk when the call returns.</summary>
public sealed class DesktopStore : IStore
{
    private readonly string _folder;

    /// <summary>
    /// Initializes a new instance of the <see cref="DesktopStore"/> class; makes the folder when there is none.
    /// </summary>
    public DesktopStore(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    /// <inheritdoc/>
    public int GetSize(string name) => new FileInfo(PathOf(name)) is { Exists: true } file ? (int)file.Length : -1;

    /// <inheritdoc/>
    public bool TryRead(string name, byte[] buffer, out int count)
    {
        int read = 0;
        bool isRead = Try(() =>
        {
            using FileStream file = File.OpenRead(PathOf(name));
            read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        });
        count = read;
        return isRead;
    }

    /// <inheritdoc/>
    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count) => Try(() =>
    {
        using FileStream file = File.OpenRead(PathOf(name));
        file.Seek(position, SeekOrigin.Begin);
        file.ReadExactly(buffer, offset, count);
    });

    /// <inheritdoc/>
    public bool TryAppend(string name, byte[] data, int offset, int count) =>
        TryPut(name, FileMode.Append, data, offset, count);

    /// <inheritdoc/>
    public bool TryWrite(string name, byte[] data, int count) => TryPut(name, FileMode.Create, data, 0, count);

    /// <inheritdoc/>
    public bool TryDelete(string name) => Try(() => File.Delete(PathOf(name)));

    private static bool Try(Action access)
    {
        try
        {
            access();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool TryPut(string name, FileMode mode, byte[] data, int offset, int count) => Try(() =>
    {
        using FileStream file = new(PathOf(name), mode, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(data, offset, count);
        file.Flush(flushToDisk: true);
    });

    private string PathOf(string name) => Path.Combine(_folder, name);
}

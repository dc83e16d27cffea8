namespace VirtualBoard;

/// <summary>
/// The board's file system, with its faults. Names are those that the firmware's IStore allows; nothing here throws
/// into the firmware.
/// </summary>
public sealed class FlashStorage
{
    private const int MaxNameChars = 32;

    private readonly Lock _lock = new();
    private readonly Board _board;
    private int? _bytesToPowerCut;

    internal FlashStorage(Board board) => _board = board;

    /// <summary>
    /// Gets or sets a value indicating whether there is no room for more; a replaced file is lost in the attempt.
    /// </summary>
    public bool Full { get; set; }

    /// <summary>Gets or sets a value indicating whether writes fail and change nothing.</summary>
    public bool FailWrites { get; set; }

    /// <summary>Gets the number of writes so far, failed ones included.</summary>
    public int WriteCount { get; private set; }

    /// <summary>Gets the bytes written so far.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Gets what the chip has borne.</summary>
    public FlashWear Wear { get; } = new();

    /// <summary>
    /// Cuts the board's power when this many more bytes have reached the flash, in the middle of a write or at its end.
    /// </summary>
    public void CutPowerAfterBytes(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        lock (_lock)
        {
            _bytesToPowerCut = count;
        }
    }

    /// <summary>Gets a file's size in bytes; -1 when there is none.</summary>
    public int GetSize(string name)
    {
        Board.Checkpoint();
        lock (_lock)
        {
            return IsName(name) && File.Exists(PathOf(name)) ? SizeOf(name) : -1;
        }
    }

    /// <summary>Reads a file from its start, as much as fits.</summary>
    public bool TryRead(string name, byte[] buffer, out int count)
    {
        Board.Checkpoint();
        int read = 0;
        lock (_lock)
        {
            bool isRead = IsName(name) && Try(() =>
            {
                using FileStream file = File.OpenRead(PathOf(name));
                read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            });
            count = read;
            return isRead;
        }
    }

    /// <summary>Reads a part of a file, all of it or nothing.</summary>
    public bool TryReadAt(string name, int position, byte[] buffer, int offset, int count)
    {
        Board.Checkpoint();
        lock (_lock)
        {
            return IsName(name) && Try(() =>
            {
                using FileStream file = File.OpenRead(PathOf(name));
                file.Seek(position, SeekOrigin.Begin);
                file.ReadExactly(buffer, offset, count);
            });
        }
    }

    /// <summary>Adds to a file's end.</summary>
    public bool TryAppend(string name, byte[] data, int offset, int count) =>
        TryPut(name, FileMode.Append, data.AsMemory(offset, count));

    /// <summary>Replaces a file's content.</summary>
    public bool TryWrite(string name, byte[] data, int count) => TryPut(name, FileMode.Create, data.AsMemory(0, count));

    /// <summary>Removes a file; true when there is none any more.</summary>
    public bool TryDelete(string name)
    {
        Board.Checkpoint();
        lock (_lock)
        {
            return IsName(name) && !FailWrites && !IsOfThePast() && Try(() => Delete(PathOf(name)));
        }
    }

    internal void Mount() => Directory.CreateDirectory(_board.StorageDirectory);

    private static bool IsName(string name) =>
        name is { Length: >= 1 and <= MaxNameChars } and not ("." or "..")
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' or '-');

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

    // Durable as far as the board can tell: it loses its power, this computer does not, and waiting for a busy disk
    // would stall the firmware.
    private static void Put(string path, FileMode mode, ReadOnlySpan<byte> data)
    {
        using FileStream file = new(path, mode, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(data);
    }

    // A thread that waited for the lock while its boot ended must not write into the next one's files; it stops at its
    // next checkpoint.
    private static bool IsOfThePast() => Board.TryGetCurrent(out _) && Board.CurrentBoot.HasEnded;

    private bool TryPut(string name, FileMode mode, ReadOnlyMemory<byte> data)
    {
        Board.Checkpoint();
        int count = data.Length;
        bool isWritten = false;
        bool isPowerCut = false;
        lock (_lock)
        {
            if (!IsName(name) || IsOfThePast())
            {
                return false;
            }

            WriteCount++;
            if (!FailWrites)
            {
                int room = Full ? 0 : count;
                isPowerCut = _bytesToPowerCut <= room;
                int length = isPowerCut ? _bytesToPowerCut!.Value : room;
                int before = mode == FileMode.Append ? SizeOf(name) : 0;
                isWritten = Try(() => Put(PathOf(name), mode, data.Span[..length])) && length == count;
                Age(() => Wear.OnWrite(before, length));
                BytesWritten += length;
                _bytesToPowerCut = isPowerCut ? null : _bytesToPowerCut - length;
            }
        }

        if (isPowerCut)
        {
            CutPower();
        }

        return isWritten;
    }

    private int SizeOf(string name) =>
        new FileInfo(PathOf(name)) is { Exists: true } file ? (int)file.Length : 0;

    private void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
            Age(Wear.OnDelete);
        }
    }

    // Erasing the blocks takes its time, and that is energy.
    private void Age(Action access)
    {
        long worn = Wear.Blocks;
        access();
        _board.Energy.OnErase(Wear.Blocks - worn);
    }

    private void CutPower()
    {
        if (Board.TryGetCurrent(out Board? board) && board == _board)
        {
            board.CutPower(Board.CurrentBoot);
        }
        else
        {
            _board.PowerOff();
        }
    }

    private string PathOf(string name) => Path.Combine(_board.StorageDirectory, name);
}

namespace VirtualBoard;

/// <summary>What a flash chip with littlefs has to bear.</summary>
public sealed class FlashWear
{
    /// <summary>The size of the blocks in which the flash of an ESP32 is erased, in bytes.</summary>
    public const int BlockBytes = 4096;

    // littlefs notes each file that was written or deleted in a log of 4 KB, in a unit of at most 128 bytes here;
    // opening a file for append notes it once more.
    private const int NotesPerBlock = 30;
    private const int NotesPerWrite = 2;

    // The storage partition of a 4 MB ESP32 has 64 blocks of 4 KB; a block bears 100,000 erasures. A quarter of them
    // may stay in use.
    private const int FreeBlocks = 48;
    private const int ErasuresPerBlock = 100_000;
    private const int DaysPerYear = 365;

    public long Writes { get; private set; }

    public long Deletes { get; private set; }

    /// <summary>
    /// Gets the blocks that were erased for contents: littlefs copies the last block of a file with each append.
    /// </summary>
    public long ContentBlocks { get; private set; }

    /// <summary>Gets how often littlefs noted something of a file.</summary>
    public long Notes => (Writes * NotesPerWrite) + Deletes;

    /// <summary>Gets all blocks that were erased.</summary>
    public long Blocks => ContentBlocks + (Notes / NotesPerBlock);

    /// <summary>Says after how many years the flash is worn out.</summary>
    public static double YearsAt(double blocksPerDay) =>
        (double)FreeBlocks * ErasuresPerBlock / blocksPerDay / DaysPerYear;

    /// <summary>Takes note of a write.</summary>
    /// <param name="sizeBefore">What the file had before and keeps, in bytes.</param>
    /// <param name="written">The bytes that were added.</param>
    public void OnWrite(int sizeBefore, int written)
    {
        Writes++;
        int end = sizeBefore + Math.Max(written, 1);
        ContentBlocks += ((end - 1) / BlockBytes) - (sizeBefore / BlockBytes) + 1;
    }

    public void OnDelete() => Deletes++;
}

using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests;

/// <summary>What a day at the default interval does to the flash; <c>tools/bench wear</c> prints it.</summary>
public sealed class Wear_Tests
{
    private const int HourMs = 3600000;
    private const int DayMs = 24 * HourMs;

    // littlefs notes each file that was written or deleted in a log of 4 KB, in a unit of at most 128 bytes here;
    // opening a file for append notes it once more.
    private const int NotesPerBlock = 30;
    private const int NotesPerWrite = 2;

    // The storage partition of a 4 MB ESP32 has 64 blocks of 4 KB; a block bears 100,000 erasures. A quarter of them
    // may stay in use.
    private const int FreeBlocks = 48;
    private const int ErasuresPerBlock = 100_000;

    [Theory]
    [InlineData("online", 0, 40)]
    [InlineData("online, an outage of 4 h", 4, 320)]
    [InlineData("offline", 24, 1700)]
    public void A_day_at_the_default_interval_erases_few_blocks(string name, int outageHours, int maxBlocks)
    {
        var store = new MemoryStore();
        var node = new Node("", store);
        node.World.Open();
        node.Broker.IsUp = outageHours == 0;
        if (outageHours > 0)
        {
            node.Broker.Drop();
        }

        node.World.RunFor((long)outageHours * HourMs);
        node.Broker.IsUp = true;
        node.World.RunFor(DayMs - (outageHours * HourMs));

        long notes = (store.Writes * NotesPerWrite) + store.Deletes;
        long blocks = store.BlocksErased + (notes / NotesPerBlock);
        double years = (double)FreeBlocks * ErasuresPerBlock / blocks / 365;
        Figures.Write(
            "a day at the default interval | blocks erased | for contents | notes | writes | deletes | bytes | years",
            name,
            [blocks, store.BlocksErased, notes, store.Writes, store.Deletes, store.BytesWritten, (long)years]);
        Assert.InRange(blocks, 1, maxBlocks);
    }
}

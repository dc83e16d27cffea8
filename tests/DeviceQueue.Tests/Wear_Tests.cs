using DeviceQueue.Tests.Storage;
using VirtualBoard;

namespace DeviceQueue.Tests;

/// <summary>What a day at the default interval does to the flash; <c>tools/bench wear</c> prints it.</summary>
public sealed class Wear_Tests
{
    private const int HourMs = 3600000;
    private const int DayMs = 24 * HourMs;

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

        FlashWear wear = store.Wear;
        Figures.Write(
            "a day at the default interval | blocks erased | for contents | notes | writes | deletes | bytes | years",
            name,
            [
                wear.Blocks, wear.ContentBlocks, wear.Notes, wear.Writes, wear.Deletes, store.BytesWritten,
                (long)FlashWear.YearsAt(wear.Blocks),
            ]);
        Assert.InRange(wear.Blocks, 1, maxBlocks);
    }
}

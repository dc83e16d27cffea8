using DeviceQueue.Platform;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Storage;

/// <summary>Stored files of the right form and CRC, but of another firmware or crafted: whatever they hold, the node starts and works.</summary>
public sealed class CraftedFiles_Tests
{
    private static readonly byte[] Odd = [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF];

    [Theory]
    [InlineData("boot", 16)]
    [InlineData("utc", 8)]
    [InlineData("life", 280)]
    public void A_node_starts_and_measures_with_any_content(string name, int length)
    {
        var random = new Random(length);
        for (int i = 0; i < 150; i++)
        {
            int count = random.Next(4) == 0 ? random.Next(2 * length) : length;
            byte[] record = new byte[count];
            bool isOdd = random.Next(2) == 0;
            byte filler = Odd[random.Next(Odd.Length)];
            for (int at = 0; at < count; at++)
            {
                record[at] = isOdd ? Odd[random.Next(Odd.Length)] : random.Next(8) == 0 ? (byte)random.Next(256) : filler;
            }

            if (name == "life" && count > 0 && random.Next(3) > 0)
            {
                record[0] = 2;
            }

            AssertWorks(name, record);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(3155378976000000000)] // one tick beyond DateTime.MaxValue
    [InlineData(3155378975999999999)]
    [InlineData(1)]
    public void A_stored_time_that_is_none_does_not_end_the_boot(long ticks)
    {
        AssertWorks("utc", BitConverter.GetBytes(ticks));
    }

    [Theory]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(-5, -5)]
    [InlineData(0, long.MinValue)]
    public void Stored_numbers_that_are_none_do_not_end_the_boot(long boot, long last)
    {
        AssertWorks("boot", [.. BitConverter.GetBytes(boot), .. BitConverter.GetBytes(last)]);
    }

    private static void AssertWorks(string name, byte[] record)
    {
        var store = new MemoryStore();
        Assert.True(new TwoSlotFile(store, name + ".0", name + ".1", record.Length).TryUpdate(record, record.Length));
        var node = new Node("device.health_interval_ms=60000;device.safe_mode_boots=0;", store);
        node.World.Open();
        node.World.RunFor(130000);

        Assert.True(node.On("temperature").Length >= 2, Convert.ToHexString(record));
        Assert.All(node.Sequences(), number => Assert.InRange(number, 1, 1L << 53));
        Assert.NotEmpty(node.On("health"));
        Assert.All(node.On("health"), health => Assert.True(Node.Json(health).GetProperty("boot").GetInt64() > 0));
        node.World.Node!.PrepareRestart();
        Assert.True(new Node("", store).Life.IsStored);
    }
}

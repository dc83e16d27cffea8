using DeviceQueue.HomeAssistant;
using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

/// <summary>
/// Stored files of the right form and CRC, but of another firmware or crafted: whatever they hold, the node starts and
/// works.
/// </summary>
public sealed class CraftedFiles_Tests
{
    private static readonly byte[] Odd = [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF];

    [Theory]
    [InlineData("boot", 16, 0)]
    [InlineData("utc", 8, 0)]
    [InlineData("life", 280, 2)]
    [InlineData("life", 280, 'f')]
    [InlineData("commands", 900, 2)]
    [InlineData("commands", 700, 3)]
    [InlineData("changes", 60, 0)]
    [InlineData("settings", 200, '{')]
    public void A_node_starts_and_measures_with_any_content(string name, int length, int firstByte)
    {
        var random = new Random(length + firstByte);
        for (int i = 0; i < 100; i++)
        {
            AssertWorks(name, MakeRecord(random, length, firstByte));
        }
    }

    [Fact]
    public void A_node_starts_and_measures_with_any_note_of_what_was_announced()
    {
        var random = new Random(4);
        for (int i = 0; i < 100; i++)
        {
            byte[] record = MakeRecord(random, 200, 'd');
            for (int at = 0; at < record.Length; at += 1 + random.Next(20))
            {
                record[at] = (byte)"dswb \n"[random.Next(6)];
            }

            AssertWorks(new MemoryStore { Files = { [DeviceDiscovery.MarkName] = record } }, "device.discovery=true;");
        }
    }

    [Fact]
    public void A_note_of_an_announcement_under_an_id_that_is_none_does_not_keep_the_device_from_being_announced()
    {
        var store = new MemoryStore { Files = { [DeviceDiscovery.MarkName] = World.Utf8("d a#b\n") } };
        var node = new Node("device.discovery=true;", store);
        node.World.Open();
        node.World.RunFor(60_000);

        Assert.NotNull(node.Broker.Retained("homeassistant/device/bar1/config"));
        Assert.DoesNotContain(node.Broker.Arrivals, arrival => arrival.Topic.Contains('#'));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Commands_of_the_year_2106_and_texts_of_any_length_do_not_end_the_boot(byte format)
    {
        IEnumerable<byte> commands = Enumerable.Repeat((byte)0xFF, 64 * (format == 2 ? 13 : 9));
        byte[] record = [format, 64, .. commands, 0x60, 0xEA, 0xFF, 0xFF];

        AssertWorks("commands", record);
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

    /// <summary>
    /// Mostly one byte again and again, or odd ones, so that lengths and counts come out at their limits.
    /// </summary>
    private static byte[] MakeRecord(Random random, int length, int firstByte)
    {
        byte[] record = new byte[random.Next(4) == 0 ? random.Next(2 * length) : length];
        bool isOdd = random.Next(2) == 0;
        byte filler = Odd[random.Next(Odd.Length)];
        for (int at = 0; at < record.Length; at++)
        {
            record[at] = isOdd ? Odd[random.Next(Odd.Length)] : random.Next(8) == 0 ? (byte)random.Next(256) : filler;
        }

        if (firstByte > 0 && record.Length > 0 && random.Next(3) > 0)
        {
            record[0] = (byte)firstByte;
        }

        return record;
    }

    private static void AssertWorks(string name, byte[] record)
    {
        var store = new MemoryStore();
        Assert.True(new TwoSlotFile(store, name + ".0", name + ".1", record.Length).Put(record));
        AssertWorks(store, "");
    }

    private static void AssertWorks(MemoryStore store, string config)
    {
        string files = string.Join("; ", store.Files.Select(file => file.Key + " " + Convert.ToHexString(file.Value)));
        var node = new Node("device.health_interval_ms=60000;device.safe_mode_boots=0;" + config, store);
        node.World.Open();
        node.World.RunFor(130000);

        Assert.True(node.On("temperature").Length >= 2, files);
        Assert.All(node.Sequences(), number => Assert.InRange(number, 1, 1L << 53));
        Assert.NotEmpty(node.On("health"));
        Assert.All(node.On("health"), health => Assert.True(Node.Json(health).GetProperty("boot").GetInt64() > 0));
        Assert.NotEqual("", Node.Status(node.Do("output.set", """{"name":"relay1","on":true}""")));
        node.World.Node!.PrepareRestart();
        Assert.True(new Node("", store).Journal.IsStored);
    }
}

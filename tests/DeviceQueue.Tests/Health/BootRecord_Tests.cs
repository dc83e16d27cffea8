using System.Text;
using DeviceQueue.Health;
using DeviceQueue.Storage;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Text;

namespace DeviceQueue.Tests.Health;

public sealed class BootRecord_Tests
{
    private const int FileBytes = TwoSlotFile.HeaderBytes + 16;

    private readonly MemoryStore _store = new();

    [Fact]
    public void Starts_with_one()
    {
        var record = new BootRecord(_store);

        Assert.Equal((1, 1, 1, 2), (record.Boot, record.FirstSequence, record.NextSequence(), record.NextSequence()));
        Assert.True(record.IsStored);
    }

    [Fact]
    public void Writes_once_in_256_numbers()
    {
        var record = new BootRecord(_store);
        for (int i = 1; i <= 10 * BootRecord.BlockSize; i++)
        {
            Assert.Equal(i, record.NextSequence());
        }

        Assert.Equal(10, _store.Writes);
    }

    [Fact]
    public void Never_goes_back_over_1000_reboots_whenever_the_power_fails()
    {
        var chance = new Random(1);
        long lastNumber = 0;
        long lastBoot = 0;
        for (int i = 0; i < 1000; i++)
        {
            _store.CutAfterBytes = chance.Next(4) == 0 ? chance.Next(FileBytes + 1) : null;
            bool isCutAtStart = _store.CutAfterBytes < FileBytes;
            var record = new BootRecord(_store);
            if (isCutAtStart)
            {
                continue; // the power failed in the constructor, and no number was given
            }

            Assert.True(record.Boot > lastBoot, "boot " + record.Boot + " after " + lastBoot);
            lastBoot = record.Boot;
            lastNumber = Use(record, lastNumber, chance);
        }
    }

    [Fact]
    public void Never_goes_back_when_the_power_fails_at_any_byte_of_a_write()
    {
        for (int cut = 0; cut <= FileBytes; cut++)
        {
            _store.Files.Clear();
            var first = new BootRecord(_store);
            long last = 0;
            while (last < BootRecord.BlockSize)
            {
                last = first.NextSequence();
            }

            _store.CutAfterBytes = cut;
            first.NextSequence(); // the power fails in here, so its number is never seen
            var second = new BootRecord(_store);

            Assert.InRange(second.Boot, 2, 3); // one is left out when the newest record may be the one that is torn
            Assert.True(second.NextSequence() > last, "cut at " + cut);
        }
    }

    [Fact]
    public void Goes_on_when_storage_fails_and_stores_as_soon_as_it_can()
    {
        _store.FailsWrites = true;
        var record = new BootRecord(_store);
        Assert.Equal((1, 2), (record.NextSequence(), record.NextSequence()));
        Assert.False(record.IsStored);

        _store.FailsWrites = false;
        Assert.Equal(3, record.NextSequence());
        Assert.True(record.IsStored);
        var next = new BootRecord(_store);
        Assert.True(next.Boot == 2 && next.FirstSequence > 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(300)]
    [InlineData(5000)]
    public void The_numbers_of_readings_never_go_back_even_when_one_slot_is_bad(int count)
    {
        foreach (string slot in new[] { "boot.0", "boot.1" })
        {
            _store.Files.Clear();
            _ = new BootRecord(_store);
            var record = new BootRecord(_store);
            long last = 0;
            for (int i = 0; i < count; i++)
            {
                last = record.NextSequence();
            }

            _store.Files[slot][^1] ^= 1;
            var next = new BootRecord(_store);

            Assert.True(next.FirstSequence > last, slot);
            Assert.True(next.Boot > record.Boot, slot);
            Assert.DoesNotContain("seq_may_repeat", Health(next));
        }
    }

    [Fact]
    public void Health_says_that_numbers_may_repeat_when_both_slots_are_bad()
    {
        _ = new BootRecord(_store);
        _ = new BootRecord(_store);
        Assert.DoesNotContain("seq_may_repeat", Health(new BootRecord(_store)));
        _store.Files["boot.0"][3] ^= 1;
        _store.Files["boot.1"][3] ^= 1;

        Assert.Contains("\"seq_may_repeat\":true", Health(new BootRecord(_store)));
    }

    [Fact]
    public void Health_says_that_numbers_may_repeat_while_none_can_be_stored()
    {
        _store.FailsWrites = true;
        var record = new BootRecord(_store);
        Assert.Contains("\"seq_may_repeat\":true", Health(record));
        _store.FailsWrites = false;
        record.NextSequence();

        Assert.DoesNotContain("seq_may_repeat", Health(record));
    }

    private static string Health(BootRecord record)
    {
        var writer = new JsonWriter();
        byte[] buffer = new byte[200];
        writer.Reset(buffer, 0);
        writer.BeginObject();
        record.WriteHealth(writer);
        writer.EndObject();
        return Encoding.UTF8.GetString(buffer, 0, writer.Length);
    }

    /// <summary>
    /// Takes some numbers until the end of this boot, by a power cut in the middle of a write now and then.
    /// </summary>
    private long Use(BootRecord record, long last, Random chance)
    {
        int count = chance.Next(600);
        for (int i = 0; i < count; i++)
        {
            int writes = _store.Writes;
            _store.CutAfterBytes = chance.Next(300) == 0 ? chance.Next(FileBytes) : null;
            bool isCut = _store.CutAfterBytes is not null;
            long number = record.NextSequence();
            if (isCut && _store.Writes > writes)
            {
                break;
            }

            Assert.True(number > last, number + " after " + last);
            last = number;
        }

        _store.CutAfterBytes = null;
        return last;
    }
}

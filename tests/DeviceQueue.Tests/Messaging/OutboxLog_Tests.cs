using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Messaging;

/// <summary>What the outbox's log promises when power, storage or link fail.</summary>
public sealed class OutboxLog_Tests
{
    private const int NameBytes = 64;
    private const int HeaderBytes = 14;
    private const string Small = "options.max_messages=4;options.max_inflight=3;options.max_message_size=128;"
        + "options.max_bytes=512;options.outbox_max_bytes=65536;";

    [Fact]
    public void Wherever_a_write_is_cut_what_was_flushed_and_not_acknowledged_is_there_once_in_order_and_alone()
    {
        int steps = RunTo(null, out StoredOutbox whole);
        Assert.Equal(1, whole.Store.Deletes);
        int torn = 0;
        for (int cut = 0; cut < steps; cut++)
        {
            RunTo(cut, out StoredOutbox run);
            Assert.True(run.Store.IsOff, $"the power does not fail at {cut}");
            run.Restart();
            torn += run.Outbox.Drops[DropReason.Torn];

            run.Add(20);
            Assert.True(run.Flush());
            run.Restart();
            run.Drain();
            Assert.True(run.Flush());
            Assert.Empty(run.Store.Files);
        }

        Assert.InRange(torn, steps / 2, steps);
    }

    [Fact]
    public void Whatever_happens_in_whatever_order_no_restart_loses_what_was_flushed_or_brings_back_the_acknowledged()
    {
        var steps = from kind in Gen.Choose(0, 10)
                    from number in Gen.Choose(0, 5000)
                    select (kind, number);

        Fuzz.ForAll(steps.ArrayOf(), run =>
        {
            var outbox = new StoredOutbox(new MemoryStore(), Small);
            foreach (var (kind, number) in run)
            {
                if (kind == 10)
                {
                    outbox.Restart();
                    outbox.Store.StepsToPowerCut = number % 2 == 0 ? number : null;
                }
                else
                {
                    outbox.Do(kind, number);
                }
            }

            outbox.Restart();
            int[] drained = outbox.Drain();
            Assert.Equal(drained.Order().Distinct(), drained);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(300)]
    public void Bytes_that_have_changed_in_storage_cost_the_messages_they_are_in_and_no_other(int step)
    {
        var source = new StoredOutbox(new MemoryStore(), Small);
        for (int i = 0; i < 12; i++)
        {
            source.Add(40);
        }

        source.Flush();
        string name = Assert.Single(source.Store.Files).Key;
        byte[] whole = source.Store.Files[name];
        for (int at = 14; at < whole.Length; at += step)
        {
            var store = new MemoryStore { Files = { [name] = [.. whole] } };
            store.Files[name][at] ^= 0x10;
            Outbox outbox = StoredOutbox.Open(store);

            Assert.Equal((11, 1), (outbox.Count, outbox.Drops.Total));
        }
    }

    [Fact]
    public void A_file_of_anything_is_no_messages()
    {
        Fuzz.ForAll(Gen.Choose(0, 255).ArrayOf(), bytes =>
        {
            var store = new MemoryStore { Files = { ["out.3"] = Array.ConvertAll(bytes, b => (byte)b) } };
            Outbox outbox = StoredOutbox.Open(store);

            Assert.Equal((0, false), (outbox.Count, outbox.TryTake(1000, new PublishRequest())));
            Assert.Equal(bytes.Length > 0 ? 1 : 0, outbox.Drops.Total);
            Assert.Empty(store.Files);
        });
    }

    [Fact]
    public void Whole_records_that_say_anything_end_no_boot_and_lose_nothing_that_is_sent_since()
    {
        int[] numbers = [0, 1, 2, 3, -1, int.MinValue, int.MaxValue, int.MaxValue - 1, 4681, 100000];
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var store = new MemoryStore();
            for (int segment = 0; segment < 3; segment++)
            {
                byte[][] records =
                [
                    .. Enumerable.Range(0, random.Next(6))
                        .Select(_ => MakeRecord(random, numbers[random.Next(numbers.Length)])),
                ];
                store.Files["out." + segment] = [.. records.SelectMany(record => record)];
            }

            Outbox outbox = StoredOutbox.Open(store);
            outbox.OnLinkUp();
            List<string> sent = Drain(outbox);
            for (int i = 0; i < 5; i++)
            {
                Add(outbox, i);
            }

            sent.AddRange(Drain(outbox));
            Assert.Equal(Enumerable.Range(0, 5).Select(i => "number " + i), sent.TakeLast(5));
            Assert.Equal(0, outbox.Count);
        }
    }

    private static byte[] MakeRecord(Random random, int sequence)
    {
        byte[] flags = [1, 1, 1, 0x21, 0x41, 0x80, 0x80, 0xE5];
        byte[] body = new byte[random.Next(3) == 0 ? 0 : random.Next(12)];
        int extra = random.Next(3) == 0 ? random.Next(65536) : random.Next(10);
        Array.Fill(body, (byte)random.Next(256));
        byte[] record =
        [
            (byte)body.Length, 0, flags[random.Next(flags.Length)], 0xD1, .. BitConverter.GetBytes(sequence),
            (byte)extra, (byte)(extra >> 8), 0, 0, 0, 0, .. body,
        ];
        uint crc = DeviceQueue.Storage.Crc32.Append(
            DeviceQueue.Storage.Crc32.Compute(record, 0, 10), record, HeaderBytes, body.Length);
        BitConverter.GetBytes(crc).CopyTo(record, 10);
        return record;
    }

    private static List<string> Drain(Outbox outbox)
    {
        var sent = new List<string>();
        var request = new PublishRequest();
        for (int id = 1; outbox.TryTake(1000L * 1000 * id, request); id++)
        {
            Assert.InRange(id, 1, 100);
            sent.Add(Encoding.UTF8.GetString(request.Payload));
            outbox.OnHandedOver(id);
            Assert.True(outbox.OnPublished(id, true, 1000L * 1000 * id));
        }

        return sent;
    }

    [Fact]
    public void A_damaged_head_of_a_segment_costs_its_first_message_and_no_other_nor_their_order()
    {
        var source = new StoredOutbox(new MemoryStore(), Small);
        for (int i = 0; i < 150; i++)
        {
            source.Add(60);
        }

        source.Flush();
        Assert.InRange(source.Store.Files.Count, 3, 16);
        foreach (string name in source.Store.Files.Keys)
        {
            var store = new MemoryStore
            {
                Files = source.Store.Files.ToDictionary(file => file.Key, file => file.Value.ToArray()),
            };
            store.Files[name].AsSpan(0, 14).Clear();

            Assert.Equal(
                1, StoredOutbox.Open(new MemoryStore { Files = store.Files.ToDictionary() }).Drops[DropReason.Damaged]);
            int[] left = StoredOutbox.ReadAll(store);
            Assert.Equal(149, left.Length);
            Assert.Equal(left.Order().Distinct(), left);
        }
    }

    [Fact]
    public void What_is_missing_in_the_middle_is_counted_message_by_message()
    {
        var source = new StoredOutbox(new MemoryStore(), Small);
        for (int i = 0; i < 150; i++)
        {
            source.Add(60);
        }

        source.Flush();
        string name = source.Store.Files.Keys.Order().ElementAt(1);
        source.Store.Files[name].AsSpan(100, 1000).Clear();
        Outbox outbox = StoredOutbox.Open(source.Store);

        Assert.InRange(outbox.Drops[DropReason.Damaged], 11, 14); // 1000 bytes, 86 each
        Assert.Equal(150, outbox.Count + outbox.Drops[DropReason.Damaged]);
    }

    [Fact]
    public void A_segment_whose_size_cannot_be_told_at_start_is_counted_and_not_written_over()
    {
        var store = new FaultyStore(new Random(1));
        Fill(store, 5, out _);
        byte[] before = Assert.Single(store.Files).Value;
        store.SizeFaults = 100;
        Fill(store, 0, out Outbox outbox);
        store.SizeFaults = 0;
        Assert.True(outbox.TryAdd("t", [5], 1, 1, false));
        Assert.False(outbox.Flush());

        Assert.NotEqual(0, outbox.Drops[DropReason.Damaged]);
        Assert.Contains(before, store.Files.Values);
        Fill(store, 0, out Outbox later);
        Assert.Equal(5, later.Count);
    }

    [Fact]
    public void Storage_that_cannot_be_read_for_a_while_costs_no_message_and_counts_as_no_damage()
    {
        var store = new FaultyStore(new Random(1));
        Fill(store, 5, out _);
        Fill(store, 0, out Outbox outbox, "options.max_messages=2;");
        var request = new PublishRequest();
        int read = 0;
        for (long nowMs = 1000; nowMs < 120000; nowMs += 1000)
        {
            store.ReadFaults = nowMs < 60000 ? 100 : 0;
            if (outbox.TryTake(nowMs, request))
            {
                Assert.Equal("number " + read, Encoding.ASCII.GetString(request.Payload));
                outbox.OnHandedOver(++read);
                outbox.OnPublished(read, true, nowMs);
            }
        }

        Assert.Equal((5, 0, 0), (read, outbox.Drops[DropReason.Damaged], outbox.Count));
    }

    [Fact]
    public void A_block_that_cannot_be_read_holds_up_no_message_behind_it_and_arrives_when_it_can_be_read()
    {
        const int Messages = 400;
        var store = new FaultyStore(new Random(1));
        Fill(store, Messages, out _);
        Assert.Equal(["out.0", "out.1", "out.2"], store.Files.Keys.Order());
        store.BadBlock = ("out.1", 1000);
        Fill(store, 0, out Outbox outbox);
        int missing = outbox.Drops[DropReason.Damaged];
        Assert.InRange(missing, 50, 150);
        Assert.Equal(Messages, outbox.Count + missing);

        int[] arrived = Drain(outbox, 1000);
        outbox.Flush();
        store.BadBlock = null;
        Fill(store, 0, out Outbox later);
        int[] atLast = Drain(later, 1000);

        Assert.Contains(Messages - 1, arrived);
        Assert.Equal(Messages, arrived.Concat(atLast).Distinct().Count());
        Assert.Equal(missing, atLast.Except(arrived).Count());
    }

    private static int[] Drain(Outbox outbox, long nowMs)
    {
        var request = new PublishRequest();
        List<int> taken = [];
        while (outbox.TryTake(nowMs, request))
        {
            taken.Add(int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[1]));
            outbox.OnHandedOver(taken.Count);
            Assert.True(outbox.OnPublished(taken.Count, true, nowMs));
        }

        return [.. taken];
    }

    private static void Fill(FaultyStore store, int count, out Outbox outbox, string options = "")
    {
        options += "options.qos=1;options.outbox=out;options.outbox_flush_ms=0";
        outbox = new Outbox(World.Read(options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        for (int i = 0; i < count; i++)
        {
            Add(outbox, i);
        }
    }

    private static void Add(Outbox outbox, int number)
    {
        byte[] payload = Encoding.ASCII.GetBytes("number " + number);
        Assert.True(outbox.TryAdd("t", payload, payload.Length, 1, false));
        Assert.True(outbox.Flush());
    }

    [Fact]
    public void One_message_that_is_never_acknowledged_does_not_fill_the_file()
    {
        StoredOutbox outbox = RunWithOneStuck(1000, new MemoryStore());

        Assert.Equal((1, 0), (outbox.Outbox.Count, outbox.Outbox.Drops[DropReason.Overflow]));
        outbox.Flush();
        Assert.InRange(outbox.Store.Files.Sum(file => file.Value.Length), 1, 8192);
        Assert.Equal([0], outbox.Restart());
    }

    [Fact]
    public void It_is_not_sent_twice_when_others_wait_in_the_file_behind_it()
    {
        var outbox = new StoredOutbox(
            new MemoryStore(),
            "options.max_messages=4;options.max_inflight=4;options.max_message_size=128;"
            + "options.outbox_max_bytes=8192;");
        for (int i = 0; i < 20; i++)
        {
            outbox.Add(60);
        }

        List<int?> taken = [outbox.Take()];
        for (int i = 20; i < 400; i++)
        {
            outbox.Add(60);
            Assert.True(outbox.Flush());
            taken.Add(outbox.Take());
            outbox.Answer(1, true);
        }

        Assert.Equal(Enumerable.Range(0, 381).Select(i => (int?)i), taken);
        Assert.Equal(20, outbox.Outbox.Count);
    }

    [Fact]
    public void A_write_that_failed_in_the_middle_and_was_tried_again_leaves_each_message_once()
    {
        for (int written = 0; written < 240; written++)
        {
            var outbox = new StoredOutbox(new MemoryStore(), Small);
            outbox.Add(40);
            Assert.True(outbox.Flush());
            outbox.Add(40);
            outbox.Add(40);
            outbox.Add(40);
            outbox.Store.CutAfterBytes = written;
            Assert.False(outbox.Flush());
            Assert.True(outbox.Outbox.IsDegraded);
            Assert.True(outbox.Flush());
            Assert.False(outbox.Outbox.IsDegraded);

            Assert.Equal([0, 1, 2, 3], outbox.Restart());
            outbox.Drain();
            Assert.True(outbox.Flush());
            Assert.Empty(outbox.Store.Files);
        }
    }

    [Fact]
    public void It_is_there_once_wherever_the_power_fails_while_it_is_copied_forward()
    {
        MemoryStore whole = RunWithOneStuck(120, new MemoryStore()).Store;
        Assert.True(whole.Deletes >= 2);
        for (int cut = 3800; cut < 4700; cut++)
        {
            StoredOutbox outbox = RunWithOneStuck(120, new MemoryStore { StepsToPowerCut = cut });
            Assert.True(outbox.Store.IsOff);
            Assert.Contains(0, outbox.Restart(isInOrder: false));
            Assert.Contains(0, outbox.Drain());
        }
    }

    [Fact]
    public void In_steady_state_it_allocates_nothing_but_the_names_of_files()
    {
        var outbox = new Outbox(
            World.Read(
                "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;options.max_messages=8;"
                + "options.overflow=drop_oldest"),
            new AutoResetEvent(false),
            new NullStore());
        byte[] payload = new byte[100];
        for (int i = 0; i < 1000; i++)
        {
            outbox.TryAdd("a", payload, 100, 1, false);
            outbox.Poll(i);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            outbox.TryAdd("a", payload, 100, 1, false);
            outbox.Poll(i);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * NameBytes);
    }

    // All but the first message are acknowledged, each when it is in the file already.
    private static StoredOutbox RunWithOneStuck(int messages, MemoryStore store)
    {
        var outbox = new StoredOutbox(
            store,
            "options.max_messages=8;options.max_inflight=8;options.max_message_size=128;"
            + "options.outbox_max_bytes=8192;");
        outbox.Add(60);
        outbox.Flush();
        Assert.Equal(0, outbox.Take());
        for (int i = 1; i < messages && !store.IsOff; i++)
        {
            outbox.Add(60);
            Assert.True(outbox.Flush() || store.IsOff, $"at {i}");
            Assert.Equal(i, outbox.Take());
            outbox.Answer(1, true);
        }

        return outbox;
    }

    // A run in which the file goes on into a second segment, with acknowledgements in and out of turn and unanswered
    // messages, and the first segment goes.
    private static int RunTo(int? cut, out StoredOutbox run)
    {
        run = new StoredOutbox(new MemoryStore { StepsToPowerCut = cut }, Small);
        var chance = new Random(5);
        for (int i = 0; i < 40 && !run.Store.IsOff; i++)
        {
            run.Add(90);
            run.Do(i % 5 == 0 ? 8 : 6, i);
        }

        for (int i = 0; i < 60 && !run.Store.IsOff; i++)
        {
            run.Take();
            run.Take();
            run.Answer(chance.Next(3), isPublished: i % 10 != 3);
            run.Do(i % 4 == 0 ? 8 : 6, chance.Next(3));
        }

        return (int)run.Store.BytesWritten + run.Store.Deletes;
    }
}

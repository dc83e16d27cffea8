using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// A message that was to be moved within the file, and whose copy storage refused, stays where it was.
/// </summary>
public sealed class UnwrittenCopy_Tests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_was_flushed_survives_a_power_cut_after_its_copy_was_refused(int seed)
    {
        var store = new FaultyStore(new Random(seed));
        const string Options = "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;"
            + "options.overflow=drop_oldest;options.max_messages=2;options.max_bytes=4096;"
            + "options.max_message_size=1000;options.outbox_max_bytes=8192";
        var outbox = new Outbox(World.Read(Options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        int number = 0;
        void Add(int count, int length)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(
                    outbox.TryAdd(
                        "t", Encoding.ASCII.GetBytes((number++ + " ").PadRight(length, '.')), length, 1, false));
                outbox.Flush();
            }
        }

        Add(4, 900);
        Add(2, 100);
        Add(6, 600);
        var request = new PublishRequest();
        for (int id = 1; id <= 4; id++)
        {
            Assert.True(outbox.TryTake(1000, request));
            outbox.OnHandedOver(id);
            outbox.OnPublished(id, true, 1000);
        }

        Assert.True(outbox.TryTake(1000, request)); // 4 is with the link, 5 is read into memory
        outbox.OnHandedOver(5);
        store.WritesToFault = 1;
        Assert.True(outbox.Flush()); // the acknowledgements are written, the copies of 4 and 5 behind them are refused
        Assert.Contains(store.Log, line => line.EndsWith(" refused", StringComparison.Ordinal));
        int before = Dropped(outbox);
        // the next reading, to be flushed within outbox_flush_ms
        Assert.True(outbox.TryAdd("t", Encoding.ASCII.GetBytes((number++ + " ").PadRight(300, '.')), 300, 1, false));

        int dropped = Dropped(outbox) - before;
        outbox = new Outbox(World.Read(Options), new AutoResetEvent(false), store); // the power was cut
        var left = new List<int>();
        for (int id = 1; id < 100 && outbox.TryTake(1000, request); id++)
        {
            left.Add(int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[0]));
            outbox.OnHandedOver(id);
            outbox.OnPublished(id, true, 1000);
        }

        int[] lost = [.. Enumerable.Range(4, 8).Except(left)];
        Assert.True(
            lost.Length <= dropped,
            "lost " + string.Join(' ', lost) + ", counted " + dropped + "\n"
            + string.Join('\n', store.Log.TakeLast(12)));
    }

    private static int Dropped(Outbox outbox) =>
        Enumerable.Range(0, DropReason.Reported).Sum(reason => outbox.Drops[reason]);
}

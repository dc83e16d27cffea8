using System.Text;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// A segment that storage refused after it had reached the flash does not hide the one that is written in its place.
/// </summary>
public sealed class StaleSegment_Tests
{
    [Fact]
    public void What_was_flushed_survives_a_reboot_after_one_refused_write()
    {
        var store = new FaultyStore(new Random(1));
        const string Options = "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;options.max_messages=32;"
            + "options.max_bytes=8192;options.max_message_size=1024;options.outbox_max_bytes=16384";
        var outbox = new Outbox(World.Read(Options), new AutoResetEvent(false), store);
        outbox.OnLinkUp();
        for (int i = 0; i < 8; i++)
        {
            Add(outbox, i); // 0 to 3 in out.0, 4 to 7 in out.1
            Assert.True(outbox.Flush());
        }

        Assert.Equal(["out.0", "out.1"], store.Files.Keys.Order());
        store.WriteFaults = 100; // the next write reaches the flash, and is refused all the same
        store.DeleteFaults = 100;
        Add(outbox, 8);
        Assert.False(outbox.Flush());
        Assert.True(store.Files.ContainsKey("out.2"));
        store.Files["out.2"] = store.Whole!;
        store.WriteFaults = store.DeleteFaults = 0;
        Acknowledge(outbox, 4); // the broker has 0 to 3: out.0 goes
        outbox.Poll(20000);
        Add(outbox, 9);
        Assert.True(outbox.Flush());
        Assert.Equal(6, outbox.Count); // 4 to 9, all of them in the flash

        outbox = new Outbox(World.Read(Options), new AutoResetEvent(false), store); // a reboot

        Assert.Equal([4, 5, 6, 7, 8, 9], Drain(outbox));
    }

    private static void Add(Outbox outbox, int number)
    {
        byte[] payload = Encoding.ASCII.GetBytes((number + " ").PadRight(1000, '.'));
        Assert.True(outbox.TryAdd("t", payload, payload.Length, 1, false));
    }

    private static void Acknowledge(Outbox outbox, int count)
    {
        var request = new PublishRequest();
        for (int id = 1; id <= count; id++)
        {
            Assert.True(outbox.TryTake(1000, request));
            outbox.OnHandedOver(id);
            outbox.OnPublished(id, true, 1000);
        }
    }

    private static int[] Drain(Outbox outbox)
    {
        var found = new List<int>();
        var request = new PublishRequest();
        for (int id = 1; id < 100 && outbox.TryTake(1000, request); id++)
        {
            found.Add(int.Parse(Encoding.ASCII.GetString(request.Payload).Split(' ')[0]));
            outbox.OnHandedOver(id);
            outbox.OnPublished(id, true, 1000);
        }

        return [.. found];
    }
}

using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// What becomes of messages with options.outbox on the way from a queue to the broker, through outages, reboots and
/// storage that is full.
/// </summary>
public sealed class StoredDelivery_Tests
{
    private const int SecondMs = 1000;
    private const int MinuteMs = 60 * SecondMs;
    private const string Topic = "t";
    private const string Options = "options.qos=1;options.serialize_envelope=false;options.outbox=out;"
        + "options.max_messages=8;options.max_bytes=1024;";

    private readonly MemoryStore _store = new();

    [Theory]
    [InlineData(MinuteMs)]
    [InlineData(SecondMs)] // as long as the flush time: the next message comes when the one before would be due
    [InlineData(300)]
    public void What_is_acknowledged_within_the_flush_time_never_touches_storage(int intervalMs)
    {
        (World world, MqttMessageQueue queue) = Start();
        world.Open();
        world.SendEach(queue, intervalMs, 100);
        world.RunFor(100 * intervalMs);

        Assert.Equal(Numbers(0, 100), Seen(world));
        Assert.Equal((0, 0), (_store.Writes, _store.Deletes));
    }

    [Theory]
    [InlineData("options.overflow=reject")]
    [InlineData("options.overflow=drop_oldest")]
    [InlineData("options.overflow=coalesce")]
    public void Far_more_than_fits_in_memory_waits_through_an_outage_and_arrives_in_order(string overflow)
    {
        (World world, MqttMessageQueue queue) = Start(overflow);
        world.Broker.IsUp = false;
        world.Connection.Open();
        for (int i = 0; i < 300; i++)
        {
            Send(world, queue, i, i % 20);
        }

        Assert.Equal(overflow.EndsWith("coalesce") ? 1 : 300, queue.Outbox.Count);
        world.Broker.IsUp = true;
        world.RunFor(2 * MinuteMs);
        Assert.Equal(overflow.EndsWith("coalesce") ? ["299"] : Numbers(0, 300), Seen(world));
        Assert.Equal((0, 0), (queue.Outbox.Count, queue.Outbox.Bytes));
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void A_reboot_in_an_outage_sends_what_was_flushed_first_and_then_what_is_new()
    {
        (World world, MqttMessageQueue queue) = Start();
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.SendEach(queue, 100, 50);
        world.RunFor(50 * 100);
        world.RunFor(SecondMs);
        World.Send(queue, "50"); // is written at once, because nothing was for a while
        World.Send(queue, "lost with the power");

        (World next, MqttMessageQueue reopened) = Start();
        Assert.Equal(51, reopened.Outbox.Count);
        World.Send(reopened, "51");
        next.Open();
        next.RunFor(MinuteMs);

        Assert.Equal(Numbers(0, 52), Seen(next));
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void Nothing_is_sent_again_after_a_reboot_when_its_puback_was_flushed()
    {
        (World world, MqttMessageQueue queue) = Start();
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.SendEach(queue, 10, 60);
        world.RunFor(2 * SecondMs);
        world.Broker.IsUp = true;
        world.RunFor(5 * MinuteMs, () => Seen(world).Length >= 20);
        world.Broker.IsUp = false;
        world.Broker.Drop();
        world.RunFor(5 * SecondMs);
        int acknowledged = 60 - queue.Outbox.Count;

        (World next, _) = Start();
        next.Open();
        next.RunFor(MinuteMs);
        Assert.InRange(acknowledged, 10, 59);
        Assert.Equal(Numbers(acknowledged, 60 - acknowledged), Seen(next));
    }

    [Fact]
    public void A_closed_queue_has_everything_in_storage_and_finds_it_when_opened_again()
    {
        (World world, MqttMessageQueue queue) = Start();
        world.Broker.IsUp = false;
        World.Send(queue, "0");
        queue.Close(null);

        (World next, MqttMessageQueue reopened) = Start();
        Assert.Equal(1, reopened.Outbox.Count);
        next.Open();
        next.RunFor(SecondMs);
        Assert.Equal(["0"], Seen(next));
    }

    [Fact]
    public void A_queue_that_is_closed_and_opened_again_sends_what_waited_once_and_clears_its_file()
    {
        (World world, MqttMessageQueue queue) = Start("options.max_messages=2");
        world.Broker.IsUp = false;
        world.Connection.Open();
        for (int i = 0; i < 5; i++)
        {
            World.Send(queue, i.ToString());
        }

        queue.Close(null);
        Assert.Equal(5, StoredOutbox.Open(new MemoryStore { Files = _store.Files.ToDictionary() }).Count);
        queue.Open(null);
        World.Send(queue, "5");
        world.Broker.IsUp = true;
        world.RunFor(2 * MinuteMs);

        Assert.Equal(Numbers(0, 6), Seen(world));
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void Coalesce_keeps_the_newest_only_after_a_reboot_in_an_outage_too()
    {
        (World world, MqttMessageQueue queue) = Start("options.overflow=coalesce");
        world.Broker.IsUp = false;
        World.Send(queue, "0");
        queue.Flush();

        (World next, MqttMessageQueue reopened) = Start("options.overflow=coalesce;options.outbox_max_bytes=8192");
        next.Broker.IsUp = false;
        next.Connection.Open();
        for (int i = 1; i < 1000; i++)
        {
            Send(next, reopened, i, 30);
        }

        Assert.Equal(1, reopened.Outbox.Count);
        next.Broker.IsUp = true;
        next.RunFor(2 * MinuteMs);
        Assert.Equal(["999"], Seen(next));
    }

    [Fact]
    public void What_is_larger_than_memory_after_the_limits_were_lowered_holds_up_nothing_and_is_counted()
    {
        (_, MqttMessageQueue queue) = Start();
        World.Send(queue, "0");
        World.Send(queue, new string('x', 500));
        World.Send(queue, "1");
        queue.Flush();

        (World next, MqttMessageQueue reopened) = Start("options.max_bytes=256;options.max_message_size=256");
        next.Open();
        next.RunFor(MinuteMs);

        Assert.Equal(["0", "1"], Seen(next));
        Assert.Equal(1, reopened.Drops[DropReason.Outgrown]);
        Assert.Equal(0, reopened.Outbox.Count);
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void When_the_file_is_full_the_oldest_go_are_counted_and_the_newest_arrive_in_order()
    {
        (World world, MqttMessageQueue queue) = Start("options.overflow=drop_oldest;options.outbox_max_bytes=8192");
        world.Broker.IsUp = false;
        world.Connection.Open();
        for (int i = 0; i < 1000; i++)
        {
            Send(world, queue, i, i % 30);
        }

        int dropped = queue.Outbox.Drops[DropReason.Overflow];
        Assert.Equal(1000, dropped + queue.Outbox.Count);
        world.Broker.IsUp = true;
        world.RunFor(5 * MinuteMs);
        Assert.Equal(Numbers(dropped, 1000 - dropped), Seen(world));
        Assert.InRange(dropped, 500, 900);
    }

    [Fact]
    public void When_a_full_file_cannot_be_written_either_the_oldest_stay()
    {
        (World world, MqttMessageQueue queue) = Start("options.overflow=drop_oldest;options.outbox_max_bytes=8192");
        world.Broker.IsUp = false;
        world.Connection.Open();
        int sent = 0;
        for (; queue.Outbox.Drops[DropReason.Overflow] == 0; sent++)
        {
            Send(world, queue, sent, 100);
        }

        for (int i = 0; i < 30; i++, sent++)
        {
            Send(world, queue, sent, 100);
        }

        int oldest = queue.Outbox.Drops[DropReason.Overflow];
        _store.FailsWrites = true;
        for (int i = 0; i < 60; i++)
        {
            Send(world, queue, sent + i, 100);
        }

        int kept = queue.Outbox.Count;
        Assert.Equal(sent + 60, kept + queue.Outbox.Drops[DropReason.Overflow]);
        world.Broker.IsUp = true;
        world.RunFor(5 * MinuteMs);
        Assert.Equal(Numbers(oldest, kept), Seen(world));
    }

    [Fact]
    public void When_the_file_is_full_reject_refuses_and_what_was_taken_arrives()
    {
        (World world, MqttMessageQueue queue) = Start("options.outbox_max_bytes=8192");
        world.Broker.IsUp = false;
        world.Connection.Open();
        int taken = 0;
        QueueException refused = Assert.Throws<QueueException>(() =>
        {
            for (; taken < 1000; taken++)
            {
                Send(world, queue, taken, 30);
            }
        });

        Assert.Equal(QueueException.Full, refused.Code);
        Assert.Equal(taken, queue.Outbox.Count);
        Assert.InRange(_store.Files.Sum(file => file.Value.Length), 7000, 8192);
        world.Broker.IsUp = true;
        world.RunFor(5 * MinuteMs);
        Assert.Equal(Numbers(0, taken), Seen(world));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Storage_that_fails_degrades_to_memory_is_reported_and_is_used_again_when_it_can(bool isTearing)
    {
        (World world, MqttMessageQueue queue) = Start("options.overflow=drop_oldest");
        world.Broker.IsUp = false;
        world.Connection.Open();
        _store.FailsWrites = !isTearing;
        _store.TearsWrites = isTearing;
        world.SendEach(queue, SecondMs, 20);
        world.RunFor(30 * SecondMs);
        Assert.True(queue.Outbox.IsDegraded);
        Assert.InRange(_store.Writes, 2, 5); // it is left in peace between
        Assert.Contains("outbox of queue t: storage is full or fails, messages wait in memory only", world.Log.Errors);
        int kept = queue.Outbox.Count;
        Assert.InRange(kept, 8, 20);
        Assert.Equal(20 - kept, queue.Outbox.Drops[DropReason.Overflow]);

        _store.FailsWrites = _store.TearsWrites = false;
        world.RunFor(Outbox.StorageRetryMs + SecondMs);
        Assert.False(queue.Outbox.IsDegraded);

        (World next, MqttMessageQueue reopened) = Start();
        Assert.Equal(kept, reopened.Outbox.Count);
        next.Open();
        next.RunFor(MinuteMs);
        Assert.Equal(Numbers(20 - kept, kept), Seen(next));
    }

    [Fact]
    public void Storage_that_fails_in_an_outage_costs_nothing_that_is_in_it()
    {
        (World world, MqttMessageQueue queue) = Start("options.overflow=drop_oldest");
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.SendEach(queue, SecondMs, 40);
        world.RunFor(42 * SecondMs);
        _store.FailsWrites = true;
        for (int i = 40; i < 140; i++)
        {
            Send(world, queue, i, 30);
        }

        int dropped = queue.Outbox.Drops[DropReason.Overflow];
        Assert.Equal(140, queue.Outbox.Count + dropped);
        world.Broker.IsUp = true;
        world.RunFor(5 * MinuteMs);
        string[] seen = Seen(world);
        Assert.Equal(140 - dropped, seen.Length);
        Assert.Equal(Numbers(0, 140 - dropped), seen);
    }

    [Fact]
    public void With_a_flush_time_of_0_a_message_is_in_storage_when_send_returns()
    {
        (_, MqttMessageQueue queue) = Start("options.outbox_flush_ms=0");
        World.Send(queue, "0");

        (_, MqttMessageQueue next) = Start();
        Assert.Equal(1, next.Outbox.Count);
    }

    [Fact]
    public async Task Three_threads_at_one_outbox_deliver_everything_once_and_in_order()
    {
        const int Messages = 5000;
        using var wake = new AutoResetEvent(false);
        var outbox = new Outbox(
            World.Read(Options + "options.outbox_flush_ms=0;options.outbox_max_bytes=65536"), wake, _store);
        outbox.OnLinkUp();
        bool isOver = false;
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task sender = Task.Run(
            () =>
            {
                for (int i = 0; i < Messages;)
                {
                    byte[] payload = World.Utf8(i.ToString());
                    i += outbox.TryAdd(Topic, payload, payload.Length, 1, false) ? 1 : 0;
                }
            },
            cancel);
        Task flusher = Task.Run(
            () =>
            {
                for (long now = 0; !Volatile.Read(ref isOver); now++)
                {
                    outbox.Poll(now);
                }
            },
            cancel);
        List<string> taken = await Task.Run(() => TakeAll(outbox, Messages), cancel)
            .WaitAsync(TimeSpan.FromSeconds(60), cancel);
        Volatile.Write(ref isOver, true);
        await sender;
        await flusher;

        Assert.Equal(Numbers(0, Messages), taken);
        Assert.True(outbox.Flush());
        Assert.Equal(0, outbox.Count);
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void A_file_without_a_store_is_an_error_that_says_so()
    {
        var error = Assert.Throws<InvalidStateException>(() => new World().Queue(Topic, Options));

        Assert.Equal("options.outbox of queue t needs a platform with a store", error.Message);
    }

    [Fact]
    public void Qos_0_has_no_file()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue(Topic, Options + "options.qos=0;options.outbox_flush_ms=0", _store);
        World.Send(queue, "0");
        queue.Flush();

        Assert.Equal((1, 0), (queue.Outbox.Count, _store.Writes));
    }

    private static List<string> TakeAll(Outbox outbox, int count)
    {
        var request = new PublishRequest();
        List<string> taken = [];
        while (taken.Count < count)
        {
            if (outbox.TryTake(0, request))
            {
                taken.Add(System.Text.Encoding.UTF8.GetString(request.Payload));
                outbox.OnHandedOver(taken.Count);
                Assert.True(outbox.OnPublished(taken.Count, true, 0));
            }
        }

        return taken;
    }

    private static void Send(World world, MqttMessageQueue queue, int number, int length)
    {
        queue.Send(null, new MessageEnvelope(null, null, Text(number, length)));
        world.RunFor(1);
    }

    private static string[] Seen(World world) => [.. world.Broker.Seen(Topic).Select(text => text.Trim())];

    private static string Text(int number, int length) => number.ToString().PadLeft(length, ' ');

    private static string[] Numbers(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => i.ToString())];

    private (World World, MqttMessageQueue Queue) Start(string options = "")
    {
        var world = new World();
        return (world, world.Queue(Topic, Options + options, _store));
    }
}

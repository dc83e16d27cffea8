using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Messaging;

public sealed class Outbox_Tests
{
    private readonly PublishRequest _request = new();
    private long _nowMs = 1000;
    private int _lastId;

    [Fact]
    public void Offers_messages_in_order_as_they_were_given()
    {
        Outbox outbox = Make("options.max_inflight=8");
        Assert.True(outbox.TryAdd("a/b", "one;"u8.ToArray(), 3, 1, true));
        Assert.True(outbox.TryAdd("a/c", "two"u8.ToArray(), 3, 2, false));

        Assert.True(outbox.TryTake(_nowMs, _request));
        Assert.Equal(
            ("a/b", "one", 1, true),
            (_request.Topic, Encoding.UTF8.GetString(_request.Payload), _request.Qos, _request.Retain));
        outbox.OnHandedOver(1);
        Assert.True(outbox.TryTake(_nowMs, _request));
        Assert.Equal(
            ("a/c", "two", 2, false),
            (_request.Topic, Encoding.UTF8.GetString(_request.Payload), _request.Qos, _request.Retain));
    }

    [Fact]
    public void Keeps_a_message_until_its_puback()
    {
        Outbox outbox = Make();
        Add(outbox, "0");
        int id = Take(outbox, "0");

        Assert.Equal(1, outbox.Count);
        Assert.True(outbox.OnPublished(id, true, _nowMs));
        Assert.Equal((0, 0), (outbox.Count, outbox.Bytes));
        Assert.False(outbox.OnPublished(id, true, _nowMs));
    }

    [Fact]
    public void Lets_go_of_qos_0_when_the_link_has_it_and_not_before()
    {
        Outbox outbox = Make();
        Add(outbox, "0", qos: 0);
        Assert.True(outbox.TryTake(_nowMs, _request));
        outbox.OnHandedOver(0);

        Assert.Equal(1, outbox.Count);
        Take(outbox, "0");
        Assert.Equal(0, outbox.Count);
    }

    [Fact]
    public void Has_at_most_max_inflight_unacknowledged()
    {
        Outbox outbox = Make("options.max_inflight=3");
        AddMany(outbox, 10);

        int[] ids = TakeAll(outbox);

        Assert.Equal(3, ids.Length);
        outbox.OnPublished(ids[1], true, _nowMs);
        Assert.Single(TakeAll(outbox));
    }

    [Fact]
    public void Sends_fewer_at_once_after_an_unanswered_one_and_more_again_with_each_answer()
    {
        Outbox outbox = Make("options.max_inflight=8");
        AddMany(outbox, 60);
        int[] ids = TakeAll(outbox);
        Assert.Equal(8, ids.Length);

        outbox.OnPublished(ids[0], false, _nowMs);
        AckAll(outbox, ids[1..4]);
        Assert.Equal(3, TakeAll(outbox).Length); // 8 / 2 + 3 answers = 7, of which 4 are on their way
        for (int i = 0; i < 20; i++)
        {
            AckAll(outbox, ids[4..]);
            ids = [0, 0, 0, 0, .. TakeAll(outbox)];
            Assert.InRange(ids.Length - 4, 0, 8);
        }
    }

    [Fact]
    public void Sends_one_at_a_time_when_nothing_is_answered()
    {
        Outbox outbox = Make("options.max_inflight=8");
        AddMany(outbox, 40);
        foreach (int id in TakeAll(outbox))
        {
            outbox.OnPublished(id, false, _nowMs);
        }

        Assert.Single(TakeAll(outbox));
    }

    [Fact]
    public void Repeats_an_unanswered_message_later_each_time()
    {
        Outbox outbox = Make();
        Add(outbox, "0");
        var rests = new List<long>();
        for (int i = 0; i < 9; i++)
        {
            outbox.OnPublished(Take(outbox, "0"), false, _nowMs);
            long due = outbox.GetDueMs();
            rests.Add((due - _nowMs) / 1000);
            Assert.False(outbox.TryTake(due - 1, _request));
            _nowMs = due;
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 320, 320], rests);
    }

    [Fact]
    public void Sends_new_messages_before_repeats_while_nothing_is_answered()
    {
        Outbox outbox = Make("options.max_inflight=1");
        AddMany(outbox, 3);
        outbox.OnPublished(Take(outbox, "0"), false, _nowMs);
        _nowMs += 60000;

        outbox.OnPublished(Take(outbox, "1"), false, _nowMs);
        outbox.OnPublished(Take(outbox, "2"), false, _nowMs);
        Assert.False(outbox.TryTake(_nowMs, _request));
        _nowMs = outbox.GetDueMs();
        outbox.OnPublished(Take(outbox, "0"), true, _nowMs);
        outbox.OnPublished(Take(outbox, "1"), true, _nowMs);
        outbox.OnPublished(Take(outbox, "2"), true, _nowMs);
    }

    [Fact]
    public void Goes_back_to_the_order_with_the_first_answer()
    {
        Outbox outbox = Make("options.max_inflight=1");
        AddMany(outbox, 4);
        outbox.OnPublished(Take(outbox, "0"), false, _nowMs);
        _nowMs += 60000;

        outbox.OnPublished(Take(outbox, "1"), true, _nowMs);
        outbox.OnPublished(Take(outbox, "0"), true, _nowMs);
        outbox.OnPublished(Take(outbox, "2"), true, _nowMs);
        Take(outbox, "3");
    }

    [Fact]
    public void Does_not_let_several_that_are_given_up_together_count_as_a_long_silence()
    {
        Outbox outbox = Make("options.max_inflight=8");
        AddMany(outbox, 8);
        foreach (int id in TakeAll(outbox))
        {
            outbox.OnPublished(id, false, _nowMs);
        }

        Assert.Equal(_nowMs + RetryPolicy.FirstDelayMs, outbox.GetDueMs());
    }

    [Fact]
    public void Offers_everything_unacknowledged_again_and_in_order_after_the_link_is_lost()
    {
        Outbox outbox = Make("options.max_inflight=3");
        AddMany(outbox, 5);
        int[] ids = TakeAll(outbox);
        outbox.OnPublished(ids[1], true, _nowMs);
        Reconnect(outbox);

        Take(outbox, "0");
        Take(outbox, "2");
        Take(outbox, "3");
        Assert.Equal(4, outbox.Count);
    }

    [Fact]
    public void Sets_a_message_aside_that_no_link_survives()
    {
        Outbox outbox = Make("options.max_inflight=1");
        AddMany(outbox, 3);
        for (int i = 0; i < RetryPolicy.OrderedAttempts; i++)
        {
            Take(outbox, "0");
            Reconnect(outbox);
        }

        outbox.OnPublished(Take(outbox, "1"), true, _nowMs);
        outbox.OnPublished(Take(outbox, "2"), true, _nowMs);
        _nowMs += RetryPolicy.MaxDelayMs;
        Take(outbox, "0");
    }

    [Fact]
    public void Reject_refuses_what_does_not_fit_and_keeps_the_rest()
    {
        Outbox outbox = Make("options.max_messages=2");
        Add(outbox, "0");
        Add(outbox, "1");

        Assert.False(TryAdd(outbox, "2"));
        Assert.Equal(["0", "1"], Contents(outbox));
        Assert.Equal(0, outbox.Drops[DropReason.Overflow]);
    }

    [Fact]
    public void Drop_newest_keeps_the_older_ones_and_counts_the_newer()
    {
        Outbox outbox = Make("options.max_messages=2;options.overflow=drop_newest");
        Add(outbox, "0");
        Add(outbox, "1");
        Add(outbox, "22");

        Assert.Equal(1, outbox.Drops[DropReason.Overflow]);
        Assert.Equal(["0", "1"], Contents(outbox));
    }

    [Fact]
    public void Drop_oldest_makes_room_and_counts_what_it_took()
    {
        Outbox outbox = Make(
            "options.max_messages=8;options.max_message_size=10;options.max_bytes=10;options.overflow=drop_oldest");
        Add(outbox, "000");
        Add(outbox, "111");
        Add(outbox, "2222222");

        Assert.Equal(2, outbox.Drops[DropReason.Overflow]);
        Assert.False(TryAdd(outbox, new string('3', 10)));
        Assert.Equal(["2222222"], Contents(outbox));
    }

    [Fact]
    public void Coalesce_keeps_the_newest_of_each_topic_and_counts_the_replaced()
    {
        Outbox outbox = Make("options.max_messages=2;options.overflow=coalesce");
        Add(outbox, "0", "a");
        Add(outbox, "1", "b");
        Add(outbox, "2", "a");

        Assert.Equal(1, outbox.Drops[DropReason.Replaced]);
        Assert.False(TryAdd(outbox, "3", "c"));
        Assert.Equal(["1", "2"], Contents(outbox));
    }

    [Fact]
    public void Coalesce_keeps_the_older_value_when_the_newer_does_not_fit()
    {
        Outbox outbox = Make("options.max_bytes=10;options.max_message_size=10;options.overflow=coalesce");
        Add(outbox, "0", "a");
        Add(outbox, "11111", "b");

        Assert.False(TryAdd(outbox, new string('2', 4), "a"));
        Assert.Equal(["0", "11111"], Contents(outbox));
        Assert.Equal(0, outbox.Drops[DropReason.Replaced]);
        Assert.True(TryAdd(outbox, new string('2', 3), "a"));
    }

    [Fact]
    public void Dropping_a_message_in_flight_does_no_harm()
    {
        Outbox outbox = Make("options.max_messages=2;options.max_inflight=2;options.overflow=drop_oldest");
        Add(outbox, "0");
        Add(outbox, "1");
        int[] ids = TakeAll(outbox);
        Add(outbox, "2"); // in the place of 0

        Assert.False(outbox.TryTake(_nowMs, _request)); // the client library has two still
        Assert.True(outbox.OnPublished(ids[0], true, _nowMs));
        Assert.Equal(2, outbox.Count);
        int id = Take(outbox, "2");
        Assert.True(outbox.OnPublished(ids[1], true, _nowMs));
        Assert.True(outbox.OnPublished(id, true, _nowMs));
        Assert.Equal(0, outbox.Count);
    }

    [Fact]
    public void Dropping_a_message_while_it_is_handed_over_does_no_harm()
    {
        Outbox outbox = Make("options.max_messages=1;options.overflow=drop_oldest");
        Add(outbox, "0");
        Assert.True(outbox.TryTake(_nowMs, _request));
        Add(outbox, "1");
        outbox.OnHandedOver(7);

        Assert.True(outbox.OnPublished(7, true, _nowMs));
        outbox.OnPublished(Take(outbox, "1"), true, _nowMs);
        Assert.Equal(0, outbox.Count);
    }

    [Fact]
    public void Keeps_its_bounds_and_loses_nothing_uncounted_whatever_happens()
    {
        var step = from kind in Gen.Choose(0, 9)
                   from number in Gen.Choose(0, 40)
                   select (kind, number);

        var runs = from policy in Gen.Elements(Enum.GetValues<OverflowPolicy>())
                   from steps in step.ListOf()
                   select (policy, steps);
        Fuzz.ForAll(runs, run =>
        {
            var model = new OutboxModel(run.policy);
            foreach (var (kind, number) in run.steps)
            {
                model.Do(kind, number);
            }

            model.Drain();
        });
    }

    private static Outbox Make(string options = "") => new(World.Read(options), new AutoResetEvent(false));

    private static bool TryAdd(Outbox outbox, string text, string topic = "t", int qos = 1)
    {
        byte[] payload = Encoding.UTF8.GetBytes(text);
        return outbox.TryAdd(topic, payload, payload.Length, qos, false);
    }

    private static void Add(Outbox outbox, string text, string topic = "t", int qos = 1) =>
        Assert.True(TryAdd(outbox, text, topic, qos));

    private static void AddMany(Outbox outbox, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add(outbox, i.ToString());
        }
    }

    private static void Reconnect(Outbox outbox)
    {
        outbox.OnLinkDown();
        outbox.OnLinkUp();
    }

    private int Take(Outbox outbox, string expected)
    {
        Assert.True(outbox.TryTake(_nowMs, _request));
        Assert.Equal(expected, Encoding.UTF8.GetString(_request.Payload));
        outbox.OnHandedOver(++_lastId);
        return _lastId;
    }

    private int[] TakeAll(Outbox outbox)
    {
        var ids = new List<int>();
        while (outbox.TryTake(_nowMs, _request))
        {
            outbox.OnHandedOver(++_lastId);
            ids.Add(_lastId);
        }

        return [.. ids];
    }

    private void AckAll(Outbox outbox, int[] ids) => Array.ForEach(ids, id => outbox.OnPublished(id, true, _nowMs));

    /// <summary>Takes everything out; an outbox is not used after that.</summary>
    private string[] Contents(Outbox outbox)
    {
        var texts = new List<string>();
        while (outbox.TryTake(_nowMs, _request))
        {
            texts.Add(Encoding.UTF8.GetString(_request.Payload));
            outbox.OnHandedOver(++_lastId);
            outbox.OnPublished(_lastId, true, _nowMs);
        }

        return [.. texts];
    }

    [Fact]
    public void A_message_that_is_dropped_while_the_link_has_it_may_have_arrived()
    {
        var outbox = new Outbox(
            World.Read("options.qos=1;options.max_messages=1;options.overflow=drop_oldest"), new AutoResetEvent(false));
        outbox.OnLinkUp();
        outbox.TryAdd("t", [1], 1, 1, false);
        Assert.True(outbox.TryTake(0, new PublishRequest()));
        outbox.OnHandedOver(1);
        outbox.TryAdd("t", [2], 1, 1, false);

        Assert.Equal((0, 1), (outbox.Drops[DropReason.Overflow], outbox.Drops[DropReason.Unconfirmed]));
    }

    [Fact]
    public void A_message_that_is_shed_for_want_of_memory_while_the_link_has_it_may_have_arrived()
    {
        var outbox = new Outbox(World.Read("options.qos=1;options.max_messages=1"), new AutoResetEvent(false));
        outbox.OnLinkUp();
        outbox.TryAdd("t", [1], 1, 1, false);
        Assert.True(outbox.TryTake(0, new PublishRequest()));
        outbox.Shed();

        Assert.Equal((0, 1), (outbox.Drops[DropReason.Memory], outbox.Drops[DropReason.Unconfirmed]));
    }
}

using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Mqtt;

namespace DeviceQueue.Tests.Messaging;

/// <summary>
/// What becomes of readings on the way from a queue to the broker, link and time being what they are in the field.
/// </summary>
public sealed class Delivery_Tests
{
    private const int SecondMs = 1000;
    private const int MinuteMs = 60 * SecondMs;
    private const int HourMs = 60 * MinuteMs;
    private const int DayMs = 24 * HourMs;
    private const string Status = "sensor/bar1/status";
    private const string Topic = "sensor/bar1/temperature";

    [Theory]
    [InlineData(20 * SecondMs, 0)]
    [InlineData(10 * MinuteMs, 0)]
    [InlineData(DayMs, 1440 - 64)]
    public void After_an_outage_all_that_fitted_arrives_in_order_and_the_rest_is_counted(int outageMs, int dropped)
    {
        World world = MakeNode();
        MqttMessageQueue queue = world.Queue(Topic);
        world.Open();
        int before = 30;
        int during = (outageMs / MinuteMs) + 1;
        world.SendEach(queue, MinuteMs, before + during + 30);
        world.RunFor((before * MinuteMs) - SecondMs);
        Break(world);
        world.RunFor(outageMs);
        world.Broker.IsUp = true;
        world.RunFor((31L * MinuteMs) + (2 * MinuteMs));

        string[] seen = world.Broker.Seen(Topic);
        int counted = queue.Outbox.Drops[DropReason.Overflow] + queue.Outbox.Drops[DropReason.Unconfirmed];
        // one more when the next reading comes before the link
        Assert.InRange(counted, dropped, dropped == 0 ? 0 : dropped + 1);
        Assert.Equal([.. Numbers(0, before), .. Numbers(before + counted, 30 + during - counted)], seen);
        Assert.Equal(0, queue.Outbox.Count);
        Assert.Equal("online", world.Broker.Retained(Status));
    }

    [Fact]
    public void A_way_that_swallows_everything_for_ten_minutes_loses_nothing_and_keeps_the_order()
    {
        World world = MakeNode();
        MqttMessageQueue queue = world.Queue(Topic);
        world.Open();
        world.SendEach(queue, MinuteMs, 30);
        world.RunFor(5 * MinuteMs);
        world.Broker.IsBlackHole = true;
        world.Broker.Connack = _ => new(MqttLinkError.NoAnswer, 0, null);
        world.RunFor(10 * MinuteMs);
        world.Broker.IsBlackHole = false;
        world.Broker.Connack = null;
        world.RunFor(20 * MinuteMs);

        Assert.Equal(Numbers(0, 30), world.Broker.Seen(Topic));
        Assert.Equal(0, queue.Outbox.Count);
    }

    // A link on which each PUBACK comes after the client library has given up, so that nothing is ever confirmed. What
    // can be proved of it:
    // - A first delivery waits for one attempt at most, 3 s: it goes before repeats, and the window is down to one.
    // - The broker answers the probes, so the link is held.
    // - Repeats: one each 5, 10, 20, … and then 320 s: 18 in the hour, 7 in the ten minutes.
    // - One message: one attempt each 5, 10, 20, … 320 s at most.
    [Theory]
    [InlineData(60000, 60, 1, 18, 17)]
    [InlineData(5000, 120, 1, 7, 7)]
    public void A_link_that_confirms_nothing_carries_every_message_at_once_and_few_twice(
        int intervalMs, int count, int maxLinks, int maxRepeats, int maxCopies)
    {
        World world = MakeNode();
        MqttMessageQueue queue = world.Queue(Topic);
        world.Open();
        world.Broker.PubackMs = 5000;
        long startMs = world.Clock.NowMs;
        world.SendEach(queue, intervalMs, count);
        world.RunFor(((long)count * intervalMs) - 1);

        Arrival[] arrivals = [.. world.Broker.Arrivals.Where(arrival => arrival.Topic == Topic && !arrival.IsRepeat)];
        Assert.Equal(Numbers(0, count), world.Broker.Seen(Topic));
        Assert.All(
            arrivals.DistinctBy(arrival => arrival.Text).Index(),
            first => Assert.InRange(first.Item.AtMs - startMs - ((long)first.Index * intervalMs), 0, 3000));
        Assert.InRange(arrivals.Length, count, count + maxRepeats);
        Assert.InRange(arrivals.GroupBy(arrival => arrival.Text).Max(copies => copies.Count()), 1, maxCopies);
        Assert.InRange(world.Connection.Connects, 1, maxLinks);
    }

    [Fact]
    public void A_link_that_confirms_again_is_trusted_again_within_a_minute()
    {
        World world = MakeNode();
        MqttMessageQueue queue = world.Queue(Topic);
        world.Open();
        world.Broker.PubackMs = 5000;
        world.SendEach(queue, MinuteMs, 62);
        world.RunFor(HourMs);
        world.Broker.PubackMs = 800;
        world.RunFor(2 * MinuteMs);

        Assert.Equal(0, queue.Outbox.Count);
        Assert.Equal(0, queue.Outbox.Drops[DropReason.Overflow]);
        world.Broker.IsBlackHole = true;
        World.Send(queue, "dead");
        int connects = world.Connection.Connects;
        world.RunFor(25 * SecondMs, () => world.Connection.Connects > connects);
    }

    [Fact]
    public void One_message_that_the_broker_never_acknowledges_costs_the_others_nothing()
    {
        World world = MakeNode();
        MqttMessageQueue queue = world.Queue(Topic);
        world.Open();
        world.Broker.Publishing = (_, topic) => world.Broker.PubackMs = topic == "poison" ? null : 20;
        queue.Send(null, new MessageEnvelope(null, null, "x") { Topic = "poison" });
        world.SendEach(queue, MinuteMs, 60);
        world.RunFor(HourMs);

        Assert.Equal(Numbers(0, 60), world.Broker.Seen(Topic));
        Assert.Equal(60, world.Broker.Arrivals.Count(arrival => arrival.Topic == Topic));
        Assert.InRange(world.Broker.Arrivals.Count(arrival => arrival.Topic == "poison" && !arrival.IsRepeat), 2, 17);
        Assert.Equal(1, queue.Outbox.Count);
        Assert.Single(world.Broker.Attempts);
    }

    [Fact]
    public void Whatever_the_link_does_each_message_arrives_or_is_counted_and_nothing_is_kept_for_ever()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            World world = MakeNode("options.max_messages=12;options.max_inflight=4");
            MqttMessageQueue queue = world.Queue(Topic);
            var chance = new Random(seed);
            world.Connection.Open();
            world.SendEach(queue, 5 * SecondMs, 120);
            for (int i = 0; i < 40; i++)
            {
                Disturb(world, chance);
                world.RunFor(chance.Next(30 * SecondMs));
            }

            Heal(world);
            world.RunFor(12 * MinuteMs);

            int dropped = queue.Outbox.Drops[DropReason.Overflow] + queue.Outbox.Drops[DropReason.Unconfirmed];
            Assert.True(queue.Outbox.Count == 0, "seed " + seed);
            Assert.True(world.Broker.Seen(Topic).Length >= 120 - dropped, "seed " + seed);
            Assert.Equal("online", world.Broker.Retained(Status));
        }
    }

    private static World MakeNode(string options = "")
    {
        var world = new World("options.overflow=drop_oldest;options.max_message_size=2048;" + options);
        world.Connection.SetStatus(Status, "online", "offline");
        world.Connection.LatestValues.Set(
            world.Connection.LatestValues.Add("sensor/bar1/output/relay1", true), World.Utf8("OFF"));
        world.Connection.Attach(new RecordingSink("sensor/bar1/command"));
        return world;
    }

    private static void Break(World world)
    {
        world.Broker.IsUp = false;
        world.Broker.Drop();
    }

    private static void Heal(World world)
    {
        world.Broker.IsUp = true;
        world.Broker.IsBlackHole = false;
        world.Broker.PubackMs = 20;
        world.Broker.SubackMs = 20;
    }

    private static void Disturb(World world, Random chance)
    {
        Heal(world);
        switch (chance.Next(7))
        {
            case 0:
                Break(world);
                break;
            case 1:
                world.Broker.IsBlackHole = true;
                break;
            case 2:
                world.Broker.PubackMs = chance.Next(4000);
                break;
            case 3:
                world.Broker.PubackMs = null;
                break;
            case 4:
                world.Broker.SubackMs = null;
                break;
            case 5:
                world.Broker.Drop();
                break;
            default:
                break;
        }
    }

    private static string[] Numbers(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => i.ToString())];
}

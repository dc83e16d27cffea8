using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>What the client library refuses on a link that is up, for want of memory, say.</summary>
public sealed class RefusedPublish_Tests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_message_that_was_refused_is_sent_later_on_the_same_link(int qos)
    {
        var world = new World("options.qos=" + qos);
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Refuses = _ => true;
        World.Send(queue, "0");
        world.RunFor(1000);
        world.Broker.Refuses = _ => false;
        world.RunFor(10000);

        Assert.Equal((1, 0), (world.Connection.Connects, queue.Outbox.Count));
        Assert.Equal(["0"], world.Broker.Seen("t"));
    }

    [Fact]
    public void However_many_are_refused_the_queue_goes_on_and_nothing_is_lost()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        for (int i = 0; i < 20; i++)
        {
            world.Broker.Refuses = _ => true;
            World.Send(queue, "refused " + i);
            world.RunFor(10);
            world.Broker.Refuses = _ => false;
            world.RunFor(60000);
        }

        world.SendEach(queue, 60000, 10);
        world.RunFor(3600000);

        Assert.Equal((1, 0), (world.Connection.Connects, queue.Outbox.Count));
        Assert.Equal(30, world.Broker.Seen("t").Length);
    }

    [Fact]
    public void A_refused_status_is_said_later_on_the_same_link_and_holds_up_no_reading()
    {
        var world = new World();
        world.Connection.SetStatus("status", "online", "offline");
        MqttMessageQueue queue = world.Queue("t");
        world.Broker.Refuses = topic => topic == "status";
        world.Open();
        World.Send(queue, "0");
        world.RunFor(1000);
        Assert.Equal(["0"], world.Broker.Seen("t"));

        world.Broker.Refuses = _ => false;
        world.RunFor(10000);

        Assert.Equal(("online", 1), (world.Broker.Retained("status"), world.Connection.Connects));
    }
}

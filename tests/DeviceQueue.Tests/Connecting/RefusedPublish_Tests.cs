using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Connecting;

/// <summary>A publish that the client library refuses on a link that holds, for want of memory, is sent later and holds up nothing.</summary>
public sealed class RefusedPublish_Tests
{
    [Fact]
    public void A_message_that_the_client_library_refused_once_is_sent_later_on_the_same_link()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        world.Broker.Refuses = _ => true; // for want of memory, say
        World.Send(queue, "0");
        world.RunFor(1000);
        world.Broker.Refuses = _ => false;
        world.SendEach(queue, 1000, 60);
        world.RunFor(3600000);

        Assert.Equal(1, world.Connection.Connects); // the link holds
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Fact]
    public void Eight_refusals_do_not_stop_the_queue_on_a_link_that_holds()
    {
        var world = new World();
        MqttMessageQueue queue = world.Queue("t");
        world.Open();
        for (int i = 0; i < 8; i++)
        {
            world.Broker.Refuses = _ => true;
            World.Send(queue, "refused " + i);
            world.RunFor(10);
            world.Broker.Refuses = _ => false;
            world.RunFor(60000);
        }

        world.SendEach(queue, 60000, 10);
        world.RunFor(3600000);

        Assert.Equal(1, world.Connection.Connects);
        Assert.Equal(0, queue.Outbox.Count);
    }
}

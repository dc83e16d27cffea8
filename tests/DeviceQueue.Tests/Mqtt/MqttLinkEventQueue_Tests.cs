using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Mqtt;

public sealed class MqttLinkEventQueue_Tests
{
    private readonly AutoResetEvent _wake = new(false);
    private readonly MqttLinkEvent _event = new();

    [Fact]
    public void Wakes_who_has_taken_all_and_not_once_for_each()
    {
        var events = new MqttLinkEventQueue(_wake);
        events.AddMessage("t", [1], false);
        Assert.True(_wake.WaitOne(0));
        events.AddPublished(1, true);
        events.AddMessage("t", [2], false);
        Assert.False(_wake.WaitOne(0));

        while (events.TryTake(_event))
        {
        }

        events.AddAlive();
        Assert.True(_wake.WaitOne(0));
        events.AddClosed();
        Assert.True(_wake.WaitOne(0));
    }

    [Fact]
    public void Has_as_many_places_for_messages_as_its_link_asks_for()
    {
        var events = new MqttLinkEventQueue(_wake, 3);
        for (byte i = 0; i < 5; i++)
        {
            events.AddMessage("t", [i], false);
        }

        Assert.Equal((3, 2), (events.MessageCount, events.DroppedMessages));
        for (byte i = 0; i < 3; i++)
        {
            Assert.True(events.TryTake(_event));
            Assert.Equal([i], _event.Payload);
        }

        Assert.False(events.TryTake(_event));
    }

    [Fact]
    public void What_arrives_is_bounded_in_bytes_before_it_is_looked_at()
    {
        var events = new MqttLinkEventQueue(_wake);
        events.AddMessage("t", new byte[MqttLinkEventQueue.MaxBytes - 10], false);
        events.AddMessage("t", new byte[10], false);
        events.AddMessage("t", new byte[1], false);
        Assert.Equal(
            (2, MqttLinkEventQueue.MaxBytes, 1), (events.MessageCount, events.MessageBytes, events.DroppedMessages));

        Assert.True(events.TryTake(_event));
        events.AddMessage("t", new byte[1], false);
        Assert.Equal((2, 11, 1), (events.MessageCount, events.MessageBytes, events.DroppedMessages));
    }

    [Fact]
    public void One_message_that_is_larger_than_all_room_is_handed_on_to_be_counted_there()
    {
        var events = new MqttLinkEventQueue(_wake);
        for (int i = 0; i < 16; i++)
        {
            events.AddMessage("t", new byte[16384], false);
        }

        Assert.Equal((1, 16384, 15), (events.MessageCount, events.MessageBytes, events.DroppedMessages));
    }

    [Fact]
    public void What_one_round_of_the_connection_leaves_is_taken_in_the_next()
    {
        var links = new FullLinks();
        var platform = new MqttPlatform { Links = links, Clock = new VirtualClock(), Random = new SeededRandom(1) };
        var endpoint = new MqttLinkOptions { CleanSession = true, KeepAliveSeconds = 15 };
        var connection = new MqttConnection(platform, [endpoint], World.Read(""), new MemoryLogger());
        var sink = new RecordingSink("t");
        connection.Attach(sink);
        connection.Open();
        connection.Poll();
        for (int i = 0; i < MqttLinkEventQueue.MaxAnswers; i++)
        {
            links.Events!.AddAlive();
        }

        links.Events!.AddMessage("t", [1], false);
        connection.Wake.WaitOne(0);
        connection.Poll();

        Assert.True(connection.Wake.WaitOne(0));
        connection.Poll();
        Assert.Single(sink.Taken);
    }

    /// <summary>A link that reports what its test puts into it.</summary>
    private sealed class FullLinks : IMqttLinkFactory, IMqttLink
    {
        public MqttLinkEventQueue? Events { get; private set; }

        public bool IsOpen => true;

        public int MaxInflight => 18;

        public int DroppedMessages => 0;

        public IMqttLink Create(AutoResetEvent wake)
        {
            Events = new MqttLinkEventQueue(wake);
            return this;
        }

        public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession) => new(MqttLinkError.None, 0, null);

        public int TryPublish(string topic, byte[] payload, int qos, bool retain) => 1;

        public int TrySubscribe(string filter, int qos) => 1;

        public int TryUnsubscribe(string filter) => 1;

        public bool TryProbe() => true;

        public bool TryTakeEvent(MqttLinkEvent e) => Events!.TryTake(e);

        public void Close(bool isClean)
        {
        }
    }
}

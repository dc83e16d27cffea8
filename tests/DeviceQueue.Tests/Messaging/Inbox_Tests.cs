using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Messaging;

/// <summary>What can be done with messages that wait in a queue, beside receiving them.</summary>
public sealed class Inbox_Tests
{
    private const string Envelopes = "options.qos=1;options.autosubscribe=true";
    private const string Raw = Envelopes + ";options.serialize_envelope=false";

    private readonly World _world = new();

    [Fact]
    public void Peeks_at_the_oldest_and_leaves_it()
    {
        MqttMessageQueue queue = Filled(Raw, "0", "1");

        Assert.Equal("0", queue.Peek(null).GetMessageAsString());
        Assert.Equal("0", queue.Peek(null).GetMessageAsString());
        Assert.Equal(2, queue.ReadMessageCount());
        Assert.Equal("0", queue.Receive(null, 0).GetMessageAsString());
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(100, 3)]
    public void Peeks_at_as_many_as_there_are_and_are_wanted(int wanted, int found)
    {
        MqttMessageQueue queue = Filled(Raw, "0", "1", "2");

        Assert.Equal(new[] { "0", "1", "2" }.Take(found), Texts(queue.PeekBatch(null, wanted)));
        Assert.Equal(3, queue.ReadMessageCount());
    }

    [Fact]
    public void Peeks_past_what_it_cannot_read_and_counts_that_once()
    {
        MqttMessageQueue queue = Filled(
            Envelopes, "poison", "{\"message\":\"MA==\"}", "[]", "{\"message\":\"MQ==\"}", "{");

        Assert.Equal(["0", "1"], Texts(queue.PeekBatch(null, 10)));
        Assert.Equal(["0", "1"], Texts(queue.PeekBatch(null, 10)));
        Assert.Equal(3, queue.Drops[DropReason.Unreadable]);
        Assert.Equal(2, queue.ReadMessageCount());
    }

    [Fact]
    public void Subscribes_with_the_first_peek_when_it_does_not_by_itself()
    {
        MqttMessageQueue queue = _world.Queue("t", "options.qos=1");
        _world.Open();

        Assert.Null(queue.Peek(null));
        Assert.Empty(queue.PeekBatch(null, 3));
        _world.RunFor(100);
        Assert.Equal(["t"], _world.Broker.Link.Filters);
    }

    [Fact]
    public void Puts_an_abandoned_message_back_before_all_others()
    {
        MqttMessageQueue queue = Filled(Raw, "0", "1", "2");
        MessageEnvelope first = queue.Receive(null, 0);
        MessageEnvelope second = queue.Receive(null, 0);
        queue.Abandon(second);
        queue.Abandon(first);

        Assert.Equal(["0", "1", "2"], Texts(queue.PeekBatch(null, 3)));
    }

    [Fact]
    public void An_abandoned_message_comes_again_as_it_was_signed_mark_and_topic_included()
    {
        const string Json = "{\"message_id\":\"a\",\"sent_time\":\"2026-11-21T02:47:00.1234567\","
            + "\"message\":\"e30=\",\"signature\":\"00\"}";
        MqttMessageQueue queue = _world.Queue("sensor/+/command", Envelopes);
        _world.Open();
        _world.Broker.Deliver("sensor/1/command", World.Utf8(Json), isRetained: true);
        _world.RunFor(100);
        queue.Abandon(queue.Receive(null, 0));
        MessageEnvelope again = queue.Receive(null, 0);

        Assert.Equal(
            ("a", "2026-11-21T02:47:00.1234567", "{}", "00"),
            (again.MessageId, again.SentTimeText, again.GetMessageAsString(), again.Signature));
        Assert.Equal(("sensor/1/command", true), (again.Topic, again.IsRetained));
    }

    [Fact]
    public void Only_a_message_that_was_received_can_be_put_back_and_only_once()
    {
        MqttMessageQueue queue = Filled(Raw, "0", "1");
        AssertNotReceived(queue, queue.Peek(null));
        AssertNotReceived(queue, new MessageEnvelope(null, null, "0"));
        MessageEnvelope message = queue.Receive(null, 0);
        queue.Abandon(message);
        AssertNotReceived(queue, message);
        message = queue.Receive(null, 0);
        queue.Complete(message);
        AssertNotReceived(queue, message);

        Assert.Equal(["1"], Texts(queue.PeekBatch(null, 9)));
    }

    [Fact]
    public void Says_when_newer_messages_have_taken_the_room_and_lets_the_caller_try_again()
    {
        MqttMessageQueue queue = Filled(Raw + ";options.max_messages=2", "0", "1");
        MessageEnvelope message = queue.Receive(null, 0);
        _world.Broker.Deliver("t", "2"u8.ToArray());
        _world.RunFor(100);

        Assert.Equal(QueueException.Full, Assert.ThrowsAny<QueueException>(() => queue.Abandon(message)).Code);
        queue.Receive(null, 0);
        queue.Abandon(message);
        Assert.Equal(["0", "2"], Texts(queue.PeekBatch(null, 9)));
    }

    [Fact]
    public void Forgets_what_waits_when_it_is_cleared()
    {
        MqttMessageQueue queue = Filled(Raw, "0", "1");
        queue.Clear("123");

        Assert.Equal(0, queue.ReadMessageCount());
        Assert.Null(queue.Receive(null, 0));
        _world.Broker.Deliver("t", "2"u8.ToArray());
        _world.RunFor(100);
        Assert.Equal("2", queue.Receive(null, 0).GetMessageAsString());
        _world.Queue("other", "options.qos=1").Clear(null);
    }

    [Fact]
    public void Says_what_it_can_do_and_does_that()
    {
        MqttMessageQueue queue = Filled(Raw, "0");
        MessagingCapabilities can = queue.GetCapabilities();
        MessageEnvelope message = queue.Peek(null);
        queue.RenewLock(message, 1000);

        Assert.True(
            can.CanMessageCount
                && can.CanSend
                && can.CanReceive
                && can.CanPeek
                && can.CanPeekBatch
                && can.CanAbandon
                && can.CanClear);
        Assert.False(can.CanRenewLock || can.CanDeadLetter);
        Assert.Throws<NotSupportedException>(() => queue.MoveToDeadLetter(message));
        Assert.Equal(1, queue.ReadMessageCount());
    }

    private MqttMessageQueue Filled(string options, params string[] payloads)
    {
        MqttMessageQueue queue = _world.Queue("t", options);
        _world.Open();
        foreach (string payload in payloads)
        {
            _world.Broker.Deliver("t", World.Utf8(payload));
        }

        _world.RunFor(100);
        return queue;
    }

    private static IEnumerable<string> Texts(MessageEnvelope[] messages) =>
        messages.Select(message => message.GetMessageAsString());

    private static void AssertNotReceived(MqttMessageQueue queue, MessageEnvelope message)
    {
        Assert.Equal(
            InvalidStateException.NotReceived, Assert.Throws<InvalidStateException>(() => queue.Abandon(message)).Code);
    }
}

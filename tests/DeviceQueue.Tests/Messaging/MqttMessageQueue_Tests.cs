using System.Text;
using System.Text.Json;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

public sealed class MqttMessageQueue_Tests
{
    private const int PatienceMs = 30000;
    private const string Envelopes = "options.qos=1;options.autosubscribe=true";
    private const string Raw = "options.qos=1;options.autosubscribe=true;options.serialize_envelope=false";

    private readonly World _world = new();
    private readonly SystemTime _time = new();

    [Fact]
    public void Cannot_be_used_while_it_is_closed()
    {
        var queue = new MqttMessageQueue("q", null, _world.Connection, _world.Options, _world.Platform());

        AssertCode(InvalidStateException.NotOpened, () => World.Send(queue, "0"));
        AssertCode(InvalidStateException.NotOpened, () => queue.Receive(null, 0));
        Assert.Equal((false, 0), (queue.IsOpen, queue.ReadMessageCount()));
        queue.Open(null);
        queue.Close(null);
        AssertCode(InvalidStateException.NotOpened, () => World.Send(queue, "0"));
    }

    [Fact]
    public void Says_what_is_missing_when_it_is_given_no_message()
    {
        MqttMessageQueue queue = _world.Queue("t");

        Assert.Equal("message", Assert.Throws<ArgumentNullException>(() => queue.Send(null, null!)).ParamName);
        AssertCode(InvalidStateException.NotReceived, () => queue.Abandon(null!));
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Theory]
    [InlineData("sensor/+/temperature")]
    [InlineData("sensor/#")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void Refuses_to_send_to_what_is_no_topic(string topic)
    {
        MqttMessageQueue queue = _world.Queue("t");

        AssertCode(
            QueueException.BadTopic, () => queue.Send(null, new MessageEnvelope(null, null, "0") { Topic = topic }));
        AssertCode(
            QueueException.BadTopic,
            () => queue.Send(
                null, new MessageEnvelope(null, null, "0") { Topic = new string('a', TopicFilter.MaxLength + 1) }));
        Assert.Equal(0, queue.Outbox.Count);
    }

    [Theory]
    [InlineData("options.serialize_envelope=false;options.max_message_size=100", 99, 100)]
    [InlineData("options.serialize_envelope=true;options.max_message_size=200", 10, 100)]
    public void Refuses_what_is_larger_than_max_message_size_topic_and_envelope_included(
        string options, int fits, int tooLarge)
    {
        MqttMessageQueue queue = _world.Queue("t", options);
        World.Send(queue, new string('x', fits));

        AssertCode(QueueException.TooLarge, () => World.Send(queue, new string('x', tooLarge)));
        Assert.Equal(1, queue.Outbox.Count);
    }

    [Fact]
    public void Says_when_it_is_full()
    {
        MqttMessageQueue queue = _world.Queue("t", "options.max_messages=2");
        World.Send(queue, "0");
        World.Send(queue, "1");

        AssertCode(QueueException.Full, () => World.Send(queue, "2"));
        Assert.Equal(2, queue.Outbox.Count);
    }

    [Fact]
    public void Sends_the_payload_alone_without_envelope()
    {
        MqttMessageQueue queue = _world.Queue(
            "t", "options.qos=0;options.retain=true;options.serialize_envelope=false");
        World.Send(queue, "{\"msg\":\"17.2\"}");
        queue.Send(null, new MessageEnvelope());
        _world.Open();

        Assert.Equal(["{\"msg\":\"17.2\"}", ""], _world.Broker.Seen("t"));
        Assert.All(_world.Broker.Arrivals, arrival => Assert.Equal((0, true), (arrival.Qos, arrival.Retain)));
    }

    [Fact]
    public void Fills_in_id_and_time_on_the_wire_and_not_in_the_callers_object()
    {
        MqttMessageQueue queue = _world.Queue("t", Envelopes);
        var message = new MessageEnvelope("123", "ping", "{}") { Topic = "elsewhere" };
        queue.Send("123", message);
        _world.Open();

        Assert.Null(message.MessageId);
        Assert.Equal(DateTime.MinValue, message.SentTime);
        JsonElement sent = JsonDocument.Parse(Assert.Single(_world.Broker.Arrivals).Text).RootElement;
        Assert.Equal("elsewhere", _world.Broker.Arrivals[0].Topic);
        Assert.Matches("^[0-9a-f]{32}$", sent.GetProperty("message_id").GetString());
        Assert.Equal("123", sent.GetProperty("correlation_id").GetString());
        Assert.Equal("2026-11-21T02:47:00.000Z", sent.GetProperty("sent_time").GetString());
    }

    [Fact]
    public void Gives_every_message_an_id_of_its_own()
    {
        MqttMessageQueue queue = _world.Queue("t", "options.qos=1;options.max_messages=1000;options.max_bytes=200000");
        for (int i = 0; i < 1000; i++)
        {
            World.Send(queue, "0");
        }

        _world.Open();
        _world.RunFor(10000);
        var ids = _world.Broker.Arrivals
            .Select(a => JsonDocument.Parse(a.Text).RootElement.GetProperty("message_id").GetString());
        Assert.Equal(1000, ids.Distinct().Count());
    }

    [Fact]
    public void Leaves_the_time_out_while_the_clock_is_not_set()
    {
        _world.Clock.StartUtc = null;
        World.Send(_world.Queue("t", Envelopes), "0");
        _world.Open();

        Assert.Equal(
            JsonValueKind.Null,
            JsonDocument.Parse(_world.Broker.Arrivals[0].Text).RootElement.GetProperty("sent_time").ValueKind);
    }

    [Fact]
    public void Receives_what_another_queue_sends()
    {
        MqttMessageQueue queue = _world.Queue("t", Envelopes);
        _world.Open();
        queue.Send(null, new MessageEnvelope("123", "ping", "{\"a\":1}"));
        _world.RunFor(100);
        _world.Broker.Deliver("t", _world.Broker.Arrivals[0].Payload, isRetained: true);
        _world.RunFor(100);

        Assert.Equal(1, queue.ReadMessageCount());
        MessageEnvelope message = queue.Receive(null, 0);
        Assert.Equal(
            ("123", "ping", "{\"a\":1}", "t", true),
            (
                message.CorrelationId,
                message.MessageType,
                message.GetMessageAsString(),
                message.Topic,
                message.IsRetained));
        Assert.Equal(32, message.MessageId.Length);
        Assert.Null(queue.Receive(null, 0));
    }

    [Fact]
    public void Receives_raw_messages_with_their_topic_as_type_and_an_id_of_their_own()
    {
        MqttMessageQueue queue = _world.Queue("sensor/+/temperature", Raw);
        _world.Open();
        Assert.Equal(["sensor/+/temperature"], _world.Broker.Link.Filters);
        _world.Broker.Deliver("sensor/1/temperature", "17.2"u8.ToArray());
        _world.Broker.Deliver("sensor/1/pressure", "1000"u8.ToArray());
        _world.Broker.Deliver("sensor/2/temperature", "17.3"u8.ToArray());
        _world.RunFor(100);

        MessageEnvelope first = queue.Receive(null, 0);
        MessageEnvelope second = queue.Receive(null, 0);
        Assert.Equal(
            ("sensor/1/temperature", "17.2", false), (first.MessageType, first.GetMessageAsString(), first.IsRetained));
        Assert.Equal(("sensor/2/temperature", "17.3"), (second.Topic, second.GetMessageAsString()));
        Assert.NotEqual(first.MessageId, second.MessageId);
        Assert.Null(queue.Receive(null, 0));
    }

    [Fact]
    public void Counts_what_it_cannot_read_and_hands_over_the_next()
    {
        MqttMessageQueue queue = _world.Queue("t", Envelopes);
        _world.Open();
        string[] poisons =
        [
            "", "{", "[]", "{\"message\":\"%\"}", "\0\0\0", "{\"message_id\":\"a\",\"message_id\":\"b\"}",
        ];
        foreach (string poison in poisons)
        {
            _world.Broker.Deliver("t", World.Utf8(poison));
        }

        _world.Broker.Deliver("t", "{\"message_id\":\"good\"}"u8.ToArray());
        _world.RunFor(100);

        Assert.Equal("good", queue.Receive(null, 0).MessageId);
        Assert.Equal(6, queue.Drops[DropReason.Unreadable]);
    }

    [Fact]
    public void Bounds_what_waits_to_be_received()
    {
        MqttMessageQueue queue = _world.Queue(
            "t", Raw + ";options.max_messages=4;options.max_message_size=100;options.max_bytes=150");
        _world.Open();
        foreach (int length in new[] { 100, 90, 10, 10, 60, 10, 10 })
        {
            _world.Broker.Deliver("t", new byte[length]);
            _world.RunFor(10);
        }

        Assert.Equal(4, queue.ReadMessageCount());
        Assert.Equal(1, queue.Drops[DropReason.TooLarge]);
        Assert.Equal(2, queue.Drops[DropReason.Arrived]);
        Assert.Equal([90, 10, 10, 10], Enumerable.Range(0, 4).Select(_ => queue.Receive(null, 0).Message.Length));
    }

    [Fact]
    public void Subscribes_with_the_first_receive_when_it_does_not_by_itself()
    {
        MqttMessageQueue queue = _world.Queue("t", "options.qos=1");
        _world.Open();
        Assert.Empty(_world.Broker.Link.Filters);

        Assert.Null(queue.Receive(null, 0));
        _world.RunFor(100);
        Assert.Equal(["t"], _world.Broker.Link.Filters);
    }

    [Fact]
    public void Receives_again_after_close_and_open()
    {
        MqttMessageQueue queue = _world.Queue("t", Raw);
        _world.Open();
        queue.Close(null);
        _world.Broker.Deliver("t", "unwanted"u8.ToArray());
        _world.RunFor(100);
        queue.Open(null);
        _world.RunFor(100);
        _world.Broker.Deliver("t", "wanted"u8.ToArray());
        _world.RunFor(100);

        Assert.Equal("wanted", queue.Receive(null, 0).GetMessageAsString());
    }

    [Fact]
    public async Task A_waiting_receive_wakes_with_the_message()
    {
        MqttMessageQueue queue = RealTimeQueue();
        Task<MessageEnvelope> receive = StartReceive(queue);

        queue.OnMessage("t", "0"u8.ToArray(), false);

        MessageEnvelope message = await receive.WaitAsync(
            TimeSpan.FromMilliseconds(PatienceMs), TestContext.Current.CancellationToken);
        Assert.Equal("0", message.GetMessageAsString());
    }

    [Fact]
    public async Task A_waiting_receive_returns_nothing_when_the_queue_is_closed()
    {
        MqttMessageQueue queue = RealTimeQueue();
        Task<MessageEnvelope>[] receives = [StartReceive(queue), StartReceive(queue)];

        queue.Close(null);

        Assert.All(
            await Task.WhenAll(receives)
                .WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), TestContext.Current.CancellationToken),
            Assert.Null);
    }

    [Fact]
    public async Task Each_of_several_that_wait_gets_its_message()
    {
        using var gate = new ManualResetEventSlim();
        using var looks = new ThreadLocal<int>();
        _time.Looked = () =>
        {
            if (++looks.Value == 2)
            {
                gate.Wait(PatienceMs); // between its look into the inbox and its wait
            }
        };
        MqttMessageQueue queue = RealTimeQueue();
        Task<MessageEnvelope>[] receives = [StartReceive(queue), StartReceive(queue)];
        queue.OnMessage("t", "0"u8.ToArray(), false);
        queue.OnMessage("t", "1"u8.ToArray(), false);
        gate.Set();

        MessageEnvelope[] messages = await Task.WhenAll(receives)
            .WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), TestContext.Current.CancellationToken);
        Assert.Equal(["0", "1"], messages.Select(message => Encoding.UTF8.GetString(message.Message)).Order());
    }

    private MqttMessageQueue RealTimeQueue()
    {
        var clock = new VirtualClock();
        var platform = new MqttPlatform { Links = new FakeBroker(clock), Clock = clock, Random = new SeededRandom(1) };
        var endpoint = new MqttLinkOptions { KeepAliveSeconds = 15 };
        QueueOptions options = World.Read(Raw);
        var connection = new MqttConnection(platform, [endpoint], options, new MemoryLogger());
        platform.Clock = _time;
        var queue = new MqttMessageQueue("t", null, connection, options, platform);
        queue.Open(null);
        return queue;
    }

    /// <summary>
    /// Waits longer than the test does, on a thread of its own, so that only a wake-up in time ends it; returns when it
    /// has found nothing to take.
    /// </summary>
    private Task<MessageEnvelope> StartReceive(MqttMessageQueue queue)
    {
        var receive = Task.Factory.StartNew(
            () => queue.Receive(null, PatienceMs * 4),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Assert.True(
            _time.Looks.Wait(PatienceMs, TestContext.Current.CancellationToken)
                && _time.Looks.Wait(PatienceMs, TestContext.Current.CancellationToken));
        return receive;
    }

    private static void AssertCode(string code, Action action) =>
        Assert.Equal(code, Assert.ThrowsAny<QueueException>(action).Code);
}

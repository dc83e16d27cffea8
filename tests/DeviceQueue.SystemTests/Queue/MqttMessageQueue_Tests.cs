using System.Text;
using Brokers;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

public sealed class MqttMessageQueue_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly int PatienceMs = (int)Patience.Bound.TotalMilliseconds;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_envelope_arrives_field_by_field(int qos)
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using QueueProgram program = NewProgram();
        MqttMessageQueue queue = program.AddQueue(topic, "options.qos", qos.ToString());
        program.Start();
        DateTime sentTime = new(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc);
        MessageEnvelope sent = new(
            "trace \"1\"", "output.set", "{\"name\":\"café\"}")
        { MessageId = "m1", SentTime = sentTime };

        queue.Send(null, sent);

        MessageEnvelope received = queue.Receive(null, PatienceMs);
        Assert.Equal(
            ("m1", "trace \"1\"", "output.set", sentTime, "{\"name\":\"café\"}", topic, false), Fields(received));
        Assert.Equal(qos, observer.WaitFor(message => message.Topic == topic).Qos);
    }

    [Fact]
    public void A_missing_id_and_time_are_filled_in_on_the_wire_alone()
    {
        using QueueProgram program = NewProgram();
        MqttMessageQueue queue = program.AddQueue(fixture.NewName());
        program.Start();
        MessageEnvelope sent = new(null, null, "x");
        DateTime before = DateTime.UtcNow;

        queue.Send(null, sent);
        queue.Send(null, sent);

        MessageEnvelope first = queue.Receive(null, PatienceMs);
        MessageEnvelope second = queue.Receive(null, PatienceMs);
        Assert.Null(sent.MessageId);
        Assert.Equal(DateTime.MinValue, sent.SentTime);
        Assert.Matches("^[0-9a-f]{32}$", first.MessageId);
        Assert.NotEqual(first.MessageId, second.MessageId);
        Assert.InRange(first.SentTime, before.AddMilliseconds(-1), DateTime.UtcNow);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Without_envelope_the_bytes_travel_as_they_are(int qos)
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using QueueProgram program = NewProgram();
        MqttMessageQueue queue = program.AddQueue(
            topic, "options.serialize_envelope", "false", "options.qos", qos.ToString());
        program.Start();
        byte[] payload = [0, 1, 0x7F, 0x80, 0xC3, 0x28, 0xFF];

        queue.Send(null, new MessageEnvelope(null, null, payload));

        MessageEnvelope received = queue.Receive(null, PatienceMs);
        Observed seen = observer.WaitFor(message => message.Topic == topic);
        Assert.Equal(payload, received.Message);
        Assert.Equal(topic, received.MessageType);
        Assert.Equal(payload, seen.Payload);
        Assert.Equal(qos, seen.Qos);
    }

    [Fact]
    public void A_retained_message_reaches_who_comes_later_and_says_so()
    {
        string topic = fixture.NewName();
        using (QueueProgram sender = NewProgram())
        {
            MqttMessageQueue queue = sender.AddQueue(topic, "options.qos", "1", "options.retain", "true");
            sender.Start();
            queue.Send(null, new MessageEnvelope(null, null, "kept"));
            MessageEnvelope live = queue.Receive(null, PatienceMs);
            Assert.Equal(("kept", false), (live.GetMessageAsString(), live.IsRetained));
        }

        using QueueProgram latecomer = NewProgram();
        MqttMessageQueue late = latecomer.AddQueue(topic);
        latecomer.Start();

        MessageEnvelope received = late.Receive(null, PatienceMs);
        Assert.Equal(("kept", true), (received.GetMessageAsString(), received.IsRetained));
    }

    [Fact]
    public void A_wildcard_queue_hears_all_its_topics_and_sends_to_none_but_a_named_one()
    {
        string root = fixture.NewName();
        using QueueProgram program = NewProgram();
        MqttMessageQueue queue = program.AddQueue($"{root}/+/temperature", "options.serialize_envelope", "false");
        program.Start().WaitUntilReady(fixture.Broker);
        using Observer observer = new(fixture.Broker);

        observer.Publish($"{root}/1/temperature", "17.2");
        observer.Publish($"{root}/1/humidity", "45");
        observer.Publish($"{root}/2/temperature", "18.5");
        Assert.Equal(
            QueueException.BadTopic,
            Assert.Throws<QueueException>(() => queue.Send(null, new MessageEnvelope(null, null, "x"))).Code);
        queue.Send(null, new MessageEnvelope(null, null, "19.0") { Topic = $"{root}/3/temperature" });

        string[] received =
        [
            .. Enumerable.Range(0, 3)
                .Select(_ => queue.Receive(null, PatienceMs))
                .Select(message => $"{message.Topic} {message.GetMessageAsString()}"),
        ];
        Assert.Equal(
            [$"{root}/1/temperature 17.2", $"{root}/2/temperature 18.5", $"{root}/3/temperature 19.0"], received);
    }

    [Fact]
    public void Two_queues_share_a_connection_and_keep_apart()
    {
        using QueueProgram program = NewProgram();
        MqttMessageQueue readings = program.AddQueue(fixture.NewName(), "options.serialize_envelope", "false");
        MqttMessageQueue commands = program.AddQueue(fixture.NewName(), "options.qos", "1");
        program.Start();

        readings.Send(null, new MessageEnvelope(null, null, "21.5"));
        commands.Send(null, new MessageEnvelope(null, "device.ping", "{}"));

        Assert.Equal("21.5", readings.Receive(null, PatienceMs).GetMessageAsString());
        Assert.Equal("device.ping", commands.Receive(null, PatienceMs).MessageType);
        Assert.Equal((0, 0), (readings.ReadMessageCount(), commands.ReadMessageCount()));
        Assert.Equal(1, program.Connection.Connects);
    }

    [Fact]
    public void Queues_with_the_widest_windows_deliver_everything_over_one_link()
    {
        const int Messages = 4000;
        string root = fixture.NewName();
        using Observer observer = new(fixture.Broker, $"{root}/#");
        using QueueProgram program = NewProgram();
        string[] wide =
        [
            "options.autosubscribe",
            "false",
            "options.qos",
            "1",
            "options.max_inflight",
            "64",
            "options.max_messages",
            "4096",
            "options.max_bytes",
            "1048576",
            "options.serialize_envelope",
            "false",
        ];
        MqttMessageQueue[] queues = [.. Enumerable.Range(0, 4).Select(i => program.AddQueue($"{root}/{i}", wide))];
        program.Start();

        for (int i = 0; i < Messages; i++)
        {
            Array.ForEach(queues, queue => queue.Send(null, new MessageEnvelope(null, null, $"{i}")));
        }

        observer.WaitForCount(_ => true, Messages * queues.Length);
        foreach (MqttMessageQueue queue in queues)
        {
            Assert.Equal(
                Enumerable.Range(0, Messages).Select(i => $"{i}"),
                observer.Messages.Where(message => message.Topic == queue.Name).Select(message => message.Text));
        }

        Assert.Equal(1, program.Connection.Connects);
    }

    [Fact]
    public void After_an_outage_what_waited_is_sent_and_the_subscription_holds()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using QueueProgram program = new(QueueProgram.Endpoint(broker, "program"));
        MqttMessageQueue queue = program.AddQueue("t", "options.qos", "1");
        program.Start().WaitUntilReady(broker);

        broker.Kill();
        program.WaitForLog("link lost");
        queue.Send(null, new MessageEnvelope("during", null, Encoding.UTF8.GetBytes("x")));
        broker.Restart();

        Assert.Equal("during", queue.Receive(null, PatienceMs).CorrelationId);
        Assert.Equal(2, program.Connection.Connects);
    }

    [Fact]
    public void A_burst_while_the_receiver_is_at_work_is_received_whole()
    {
        const int Messages = 900; // fewer than a broker queues by default
        string topic = fixture.NewName();
        using QueueProgram program = NewProgram();
        MqttMessageQueue queue = program.AddQueue(
            topic,
            "options.qos",
            "1",
            "options.max_messages",
            $"{Messages + 1}",
            "options.max_bytes",
            "65536",
            "options.serialize_envelope",
            "false");
        using HeldReceiver receiver = new();
        queue.Open(null);
        queue.BeginListen(null, receiver);
        program.Start().WaitUntilReady(fixture.Broker);
        using Observer observer = new(fixture.Broker);

        observer.Publish(topic, "holds the connection's thread up");
        receiver.IsHeld.WaitOne(Patience.Bound);
        for (int i = 0; i < Messages - 1; i++)
        {
            observer.Post(topic, $"{i}", 1);
        }

        observer.Publish(topic, "last");
        receiver.LetGo.Set();

        string[] texts = receiver.Texts.WaitFor(Messages + 1, _ => true);
        Assert.Equal([.. Enumerable.Range(0, Messages - 1).Select(i => $"{i}"), "last"], texts[1..]);
        Assert.Equal(
            (0, 0, 1), (program.Connection.LostMessages, queue.Drops[DropReason.Arrived], program.Connection.Connects));
    }

    private static (string, string, string, DateTime, string, string, bool) Fields(MessageEnvelope message) =>
        (
            message.MessageId,
            message.CorrelationId,
            message.MessageType,
            message.SentTime,
            message.GetMessageAsString(),
            message.Topic,
            message.IsRetained);

    /// <summary>Keeps the connection's thread with its first message until it is let go.</summary>
    private sealed class HeldReceiver : IMessageReceiver, IDisposable
    {
        public ManualResetEvent IsHeld { get; } = new(false);

        public ManualResetEvent LetGo { get; } = new(false);

        public Recorder<string> Texts { get; } = new();

        public void ReceiveMessage(MessageEnvelope message, IMessageQueue queue)
        {
            IsHeld.Set();
            LetGo.WaitOne(Patience.Bound);
            Texts.Add(message.GetMessageAsString());
        }

        public void Dispose()
        {
            IsHeld.Dispose();
            LetGo.Dispose();
        }
    }

    private QueueProgram NewProgram() => new(QueueProgram.Endpoint(fixture.Broker, fixture.NewName()));
}

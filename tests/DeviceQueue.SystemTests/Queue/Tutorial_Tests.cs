using DeviceQueue.Components;
using DeviceQueue.Desktop;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// Pip.Services' tutorial of MqttMessageQueue, step by step, in its order and with its values, against a real
/// Mosquitto.
/// </summary>
public sealed class Tutorial_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IDisposable
{
    private const int WaitMs = 10_000;

    private readonly List<MqttQueueComponent> _queues = [];

    public void Dispose() => _queues.ForEach(queue => queue.Close("123"));

    [Fact]
    public void The_topic_is_defined_by_the_constructor()
    {
        MqttQueueComponent queue = Made(new MqttQueueComponent("tutorial/constructor"));

        queue.Open("123");

        Assert.True(queue.IsOpen);
        Assert.Equal("tutorial/constructor", queue.Topic);
        AssertHearsItself(queue);
    }

    [Fact]
    public void Or_the_topic_is_defined_as_a_configuration_parameter()
    {
        MqttQueueComponent queue = Made(new MqttQueueComponent(), "topic", "tutorial/parameter");

        queue.Open("123");

        Assert.Equal("tutorial/parameter", queue.Topic);
        AssertHearsItself(queue);
    }

    [Fact]
    public void Close_frees_what_the_queue_used_and_it_can_be_opened_again()
    {
        using Observer observer = new(fixture.Broker, "tutorial/will");
        MqttQueueComponent queue = Made(
            new MqttQueueComponent("tutorial/close"), "will.topic", "tutorial/will", "will.payload", "cut off");
        queue.Open("123");

        queue.Close("123");

        Assert.False(queue.IsOpen);
        Assert.Equal(
            InvalidStateException.NotOpened,
            Assert.Throws<InvalidStateException>(() => queue.Send("123", NewMessage())).Code);
        queue.Open("123");
        AssertHearsItself(queue);
        Assert.DoesNotContain(observer.Messages, message => message.Topic == "tutorial/will");
    }

    [Fact]
    public void A_message_is_created_and_sent_to_an_app()
    {
        using Observer app = new(fixture.Broker, "tutorial/send");
        MqttQueueComponent queue = Opened("tutorial/send");

        queue.Send("123", new MessageEnvelope("123", "mymessage", "ABC123"));

        string text = app.WaitFor(message => message.Topic == "tutorial/send").Text;
        Assert.Contains("\"correlation_id\":\"123\",\"message_type\":\"mymessage\"", text);
        Assert.Contains($"\"message\":\"{Convert.ToBase64String("ABC123"u8)}\"", text);
    }

    [Fact]
    public void Receive_returns_the_message_and_removes_it_from_the_queue()
    {
        MqttQueueComponent queue = Opened("tutorial/receive");
        queue.Send("123", NewMessage());

        MessageEnvelope message = queue.Receive("123", WaitMs);

        Assert.Equal(
            ("123", "mymessage", "ABC123"), (message.CorrelationId, message.MessageType, message.GetMessageAsString()));
        Assert.Equal(0, queue.ReadMessageCount());
        Assert.Null(queue.Receive("123", 0));
        queue.Complete(message);
    }

    [Fact]
    public void Peek_shows_the_message_and_leaves_it_and_null_when_there_is_none()
    {
        MqttQueueComponent queue = Opened("tutorial/peek");
        Assert.Null(queue.Peek("123"));
        Assert.Empty(queue.PeekBatch("123", 3));

        Send(queue, 1);

        Assert.Equal("ABC123", queue.Peek("123").GetMessageAsString());
        Assert.Equal("ABC123", Assert.Single(queue.PeekBatch("123", 3)).GetMessageAsString());
        Assert.Equal("ABC123", queue.Receive("123", 0).GetMessageAsString());
    }

    [Fact]
    public void The_messages_are_counted_and_cleared()
    {
        MqttQueueComponent queue = Opened("tutorial/count");

        Send(queue, 3);

        Assert.Equal(3, queue.ReadMessageCount());
        queue.Clear("123");
        Assert.Equal(0, queue.ReadMessageCount());
        Assert.True(queue.GetCapabilities().CanMessageCount);
    }

    [Fact]
    public void A_listener_gets_what_waits_and_what_comes_until_listening_ends()
    {
        MqttQueueComponent queue = Opened("tutorial/listen");
        Send(queue, 1);
        Listener listener = new();
        Thread listening = new(() => queue.Listen("123", listener));

        listening.Start();
        listener.Texts.WaitFor(1, _ => true);
        queue.SendAsObject("123", "mymessage", "DEF456");
        listener.Texts.WaitFor(1, text => text == "DEF456");
        queue.EndListen("123");

        Assert.True(listening.Join(WaitMs));
        Assert.Equal(["ABC123", "DEF456"], listener.Texts.Items);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("2", 2)]
    public void The_quality_of_service_is_a_parameter(string setting, int qos)
    {
        string topic = "tutorial/qos/" + setting;
        using Observer app = new(fixture.Broker, topic);
        MqttQueueComponent queue = Made(new MqttQueueComponent(topic), "options.qos", setting);
        queue.Open("123");

        AssertHearsItself(queue);

        Assert.Equal(qos, app.WaitFor(message => message.Topic == topic).Qos);
    }

    [Fact]
    public void Without_autosubscribe_the_first_Receive_subscribes()
    {
        MqttQueueComponent queue = Made(new MqttQueueComponent("tutorial/auto"), "options.autosubscribe", "false");
        queue.Open("123");

        Assert.Null(queue.Receive("123", 0));

        AssertHearsItself(queue);
    }

    [Fact]
    public void The_closing_example_prints_the_message_that_it_sent_itself()
    {
        using StringWriter output = new();

        new TutorialExample(output).Run([fixture.Broker.Host, $"{fixture.Broker.Port}"]);

        Assert.Equal("mymessage on mytopic: ABC123" + Environment.NewLine, output.ToString());
    }

    private static MessageEnvelope NewMessage() => new("123", "mymessage", "ABC123");

    private static void AssertHearsItself(MqttQueueComponent queue)
    {
        queue.Send("123", NewMessage());
        Assert.Equal("ABC123", queue.Receive("123", WaitMs)?.GetMessageAsString());
    }

    /// <summary>Sends messages to the queue itself and waits until they are there.</summary>
    private static void Send(MqttQueueComponent queue, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            queue.Send("123", NewMessage());
        }

        Assert.True(SpinWait.SpinUntil(() => queue.ReadMessageCount() == messages, Patience.Bound));
    }

    private MqttQueueComponent Opened(string topic)
    {
        MqttQueueComponent queue = Made(new MqttQueueComponent(topic));
        queue.Open("123");
        return queue;
    }

    private MqttQueueComponent Made(MqttQueueComponent queue, params string[] tuples)
    {
        ConfigParams config = ConfigParams.FromTuples([
            "client_id", fixture.NewName(),
            "connection.protocol", "mqtt",
            "connection.host", fixture.Broker.Host,
            "connection.port", $"{fixture.Broker.Port}",
            "options.autosubscribe", "true"]);
        queue.Configure(config.Override(ConfigParams.FromTuples(tuples)));
        queue.SetReferences(References.FromTuples(
            Locators.Platform,
            new MqttPlatform
            {
                Clock = new DesktopClock(),
                Random = new DesktopRandom(),
                Links = new DesktopLinkFactory(),
            }));
        _queues.Add(queue);
        return queue;
    }

    private sealed class Listener : IMessageReceiver
    {
        public Recorder<string> Texts { get; } = new();

        public void ReceiveMessage(MessageEnvelope message, IMessageQueue queue) =>
            Texts.Add(message.GetMessageAsString());
    }
}

using DeviceQueue.Components;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>
/// With clean_session false the broker keeps what comes while a queue is closed, until listening is ended on purpose.
/// </summary>
public sealed class KeptSession_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly int PatienceMs = (int)Patience.Bound.TotalMilliseconds;

    [Fact]
    public void What_came_while_the_program_was_away_is_received_by_the_next()
    {
        string topic = fixture.NewName();
        MqttLinkOptions endpoint = Endpoint();
        using (QueueProgram first = new(endpoint))
        {
            AddQueue(first, topic);
            first.Start().WaitUntilReady(fixture.Broker);
        }

        Publish(topic, "one", "two");

        using QueueProgram second = new(endpoint);
        MqttMessageQueue queue = AddQueue(second, topic);
        second.Start();

        AssertReceives(queue, "one", "two");
    }

    [Fact]
    public void What_came_while_a_queue_was_closed_and_its_shared_connection_open_is_there_when_it_opens_again()
    {
        string topic = fixture.NewName();
        string fence = fixture.NewName();
        using QueueProgram program = new(Endpoint());
        MqttMessageQueue queue = AddQueue(program, topic);
        MqttMessageQueue other = AddQueue(program, fence);
        program.Start().WaitUntilReady(fixture.Broker);

        queue.Close(null);
        Publish(topic, "one");
        Publish(fence, "after it");
        AssertReceives(other, "after it");
        queue.Open(null);

        AssertReceives(queue, "one");
    }

    [Fact]
    public void A_queue_that_does_not_subscribe_by_itself_loses_nothing_to_a_restart_either()
    {
        string topic = fixture.NewName();
        MqttQueueComponent first = Open(topic);
        Assert.Null(first.Receive(null, 0)); // subscribes
        first.Send(null, new MessageEnvelope(null, null, "behind it"));
        AssertReceives(first, "behind it");
        first.Close(null);

        Publish(topic, "one", "two");
        MqttQueueComponent second = Open(topic);

        AssertReceives(second, "one", "two");
        second.Close(null);
    }

    [Fact]
    public void Listening_that_was_ended_is_over_in_the_next_program_too()
    {
        string topic = fixture.NewName();
        string fence = fixture.NewName();
        MqttLinkOptions endpoint = Endpoint();
        using (QueueProgram first = new(endpoint))
        {
            MqttMessageQueue queue = AddQueue(first, topic, "options.autosubscribe", "false");
            AddQueue(first, fence);
            first.Start();
            queue.BeginListen(null, new Ignorant());
            first.WaitUntilReady(fixture.Broker);
            queue.EndListen(null);
        }

        Publish(topic, "nobody wants it");
        Publish(fence, "after it");

        using QueueProgram second = new(endpoint);
        MqttMessageQueue deaf = AddQueue(second, topic, "options.autosubscribe", "false");
        MqttMessageQueue other = AddQueue(second, fence);
        second.Start();
        AssertReceives(other, "after it");
        Assert.Equal(0, deaf.ReadMessageCount());
    }

    private static MqttMessageQueue AddQueue(QueueProgram program, string topic, params string[] options) =>
        program.AddQueue(
            topic,
            ["options.qos", "1", "options.clean_session", "false", "options.serialize_envelope", "false", .. options]);

    private static void AssertReceives(MqttMessageQueue queue, params string[] texts) =>
        Assert.Equal(texts, texts.Select(_ => queue.Receive(null, PatienceMs)?.GetMessageAsString()));

    private MqttLinkOptions Endpoint()
    {
        MqttLinkOptions endpoint = QueueProgram.Endpoint(fixture.Broker, fixture.NewName());
        endpoint.CleanSession = false;
        return endpoint;
    }

    private void Publish(string topic, params string[] texts)
    {
        using Observer observer = new(fixture.Broker);
        Array.ForEach(texts, text => observer.Publish(topic, text));
    }

    /// <summary>Makes a queue with a connection of its own, as a program that has just started does.</summary>
    private MqttQueueComponent Open(string topic)
    {
        MqttQueueComponent queue = new(topic);
        queue.Configure(ConfigParams.FromTuples(
            "client_id", topic,
            "connection.uri", $"mqtt://{fixture.Broker.Host}:{fixture.Broker.Port}",
            "options.qos", "1",
            "options.clean_session", "false",
            "options.serialize_envelope", "false"));
        queue.SetReferences(
            References.FromTuples(
                Locators.Platform,
                new MqttPlatform
                {
                    Clock = new DesktopClock(),
                    Random = new DesktopRandom(),
                    Links = new DesktopLinkFactory(),
                }));
        queue.Open(null);
        return queue;
    }

    private sealed class Ignorant : IMessageReceiver
    {
        public void ReceiveMessage(MessageEnvelope message, IMessageQueue queue)
        {
        }
    }
}

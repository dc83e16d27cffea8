using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Messages;
using VirtualBoard;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Receive_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_message_arrives_with_topic_payload_and_QoS(int qos)
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());
        test.Board.Run(() => test.Client.Subscribe([topic], [MqttQoSLevel.ExactlyOnce]));
        test.Subscribed.WaitFor(1);

        observer.Publish(topic, [0, 255], qos);

        MqttMsgPublishEventArgs e = test.Received.WaitFor(1)[0];
        Assert.Equal(topic, e.Topic);
        Assert.Equal([0, 255], e.Message);
        Assert.Equal((MqttQoSLevel)qos, e.QosLevel);
        Assert.False(e.Retain);
    }

    [Fact]
    public void Only_who_comes_later_sees_that_a_message_is_retained()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using TestClient live = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());
        live.Subscribe(topic);
        observer.Publish(topic, "1", retain: true);
        using TestClient late = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());
        late.Subscribe(topic);

        Assert.False(live.Received.WaitFor(1)[0].Retain);
        Assert.True(late.Received.WaitFor(1)[0].Retain);
    }

    [Fact]
    public void PUBACK_leaves_before_the_handler_runs_and_a_slow_handler_delays_all_events()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using FaultProxy proxy = new(fixture.Broker);
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim go = new();
        Recorder<string> events = new();
        using TestClient test = new(proxy.Port, client =>
        {
            client.MqttMsgPublishReceived += (_, _) =>
            {
                entered.Set();
                go.Wait(Patience.Bound);
                events.Add("received");
            };
            client.MqttMsgPublished += (_, _) => events.Add("published");
        });
        test.Connected(fixture.NewName());
        test.Subscribe(topic);

        observer.Publish(topic, "slow");
        Assert.True(entered.Wait(Patience.Bound, TestContext.Current.CancellationToken));
        proxy.FromClients.WaitFor(PacketType.Puback, 1);
        test.Publish("elsewhere", "1");
        proxy.FromBroker.WaitFor(PacketType.Puback, 1);
        Assert.Empty(events.Items);
        go.Set();

        Assert.Equal(["received", "published"], events.WaitFor(2));
    }

    [Fact]
    public void Handlers_run_on_one_thread_of_the_board()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        Recorder<(Board? Board, int Thread)> handlers = new();
        using TestClient test = new(fixture.Broker.Port, client =>
        {
            client.MqttMsgPublishReceived += (_, _) => Note();
            client.MqttMsgPublished += (_, _) => Note();
            client.ConnectionClosed += (_, _) => Note();
        });
        test.Connected(fixture.NewName());
        test.Subscribe(topic);

        observer.Publish(topic, "1");
        test.Publish("t", "1");
        handlers.WaitFor(2);
        test.Board.Run(test.Client.Disconnect);

        (Board? board, int thread)[] seen = handlers.WaitFor(3);
        Assert.All(seen, handler => Assert.Same(test.Board.Board, handler.board));
        Assert.Single(seen.Select(handler => handler.thread).Distinct());

        void Note()
        {
            Board.TryGetCurrent(out Board? board);
            handlers.Add((board, Environment.CurrentManagedThreadId));
        }
    }

    [Fact]
    public void A_handler_that_throws_costs_the_connection_and_nothing_else()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using TestClient test = new(
            fixture.Broker.Port,
            client => client.MqttMsgPublishReceived += (_, _) => throw new InvalidOperationException("firmware"));
        test.Connected(fixture.NewName());
        test.Subscribe(topic);

        observer.Publish(topic, "1");

        test.Closed.WaitFor(1);
        Assert.False(test.Board.Run(() => test.Client.IsConnected));
    }

    [Fact]
    public void A_message_too_large_to_copy_is_lost_unacknowledged_and_the_connection_stays()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        test.Board.Board.LargestFreeBlock = 16_000;
        test.Subscribe(topic);

        observer.Publish(topic, new byte[12_000]);
        observer.Publish(topic, new byte[7_000]);

        Assert.Equal(7_000, test.Received.WaitFor(1)[0].Message.Length);
        proxy.FromClients.WaitFor(PacketType.Puback, 1);
        ushort id = test.Publish("barrier", "1");
        test.Published.WaitFor(1, e => e.Id == id);
        Assert.Equal(1, proxy.FromClients[PacketType.Puback]);
        Assert.True(test.Board.Run(() => test.Client.IsConnected));
    }

    [Fact]
    public void A_message_too_large_to_receive_ends_the_connection_unacknowledged()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        test.Board.Board.LargestFreeBlock = 16_000;
        test.Subscribe(topic);

        observer.Publish(topic, new byte[100]);
        test.Received.WaitFor(1);
        observer.Publish(topic, new byte[20_000]);

        test.Closed.WaitFor(1);
        Assert.Single(test.Received.Items);
        Assert.True(SpinWait.SpinUntil(() => proxy.FromClients[PacketType.Puback] > 0, Patience.Bound));
        Assert.Equal(1, proxy.FromClients[PacketType.Puback]);
    }
}

using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Subscribe_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Theory]
    [InlineData(MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtLeastOnce)]
    [InlineData(MqttQoSLevel.AtMostOnce, MqttQoSLevel.ExactlyOnce)]
    public void One_event_answers_all_topics_of_a_request(MqttQoSLevel first, MqttQoSLevel second)
    {
        string topic = fixture.NewName();
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());

        ushort id = test.Board.Run(() => test.Client.Subscribe([topic, $"{topic}/2"], [first, second]));

        MqttMsgSubscribedEventArgs e = test.Subscribed.WaitFor(1)[0];
        Assert.Equal(id, e.MessageId);
        Assert.Equal([first, second], e.GrantedQoSLevels);
    }

    [Fact]
    public void After_Unsubscribe_nothing_comes_any_more()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());
        test.Subscribe(topic);
        test.Subscribe("barrier");

        ushort id = test.Board.Run(() => test.Client.Unsubscribe([topic]));
        Assert.Equal(id, test.Unsubscribed.WaitFor(1)[0]);
        observer.Publish(topic, "unheard");
        observer.Publish("barrier", "heard");

        Assert.Equal("barrier", test.Received.WaitFor(1)[0].Topic);
    }

    [Fact]
    public void A_refused_topic_is_granted_as_a_failure()
    {
        using FaultProxy proxy = new(fixture.Broker) { RefuseSubscriptions = true };
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());

        test.Board.Run(() => test.Client.Subscribe(["a", "b"], [MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtLeastOnce]));

        Assert.Equal(
            [MqttQoSLevel.GrantedFailure, MqttQoSLevel.GrantedFailure], test.Subscribed.WaitFor(1)[0].GrantedQoSLevels);
    }

    [Fact]
    public void A_missing_SUBACK_raises_nothing()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        proxy.Freeze();

        test.Board.Run(() => test.Client.Subscribe(["t"], [MqttQoSLevel.AtLeastOnce]));

        // A publish behind it is given up after it.
        ushort last = test.Publish("t", "1");
        Assert.False(test.Published.WaitFor(1, e => e.Id == last)[0].IsPublished);
        proxy.Thaw();
        proxy.FromBroker.WaitFor(PacketType.Suback, 3);
        proxy.FromBroker.WaitFor(PacketType.Puback, 3);
        test.Publish("t", "barrier");
        test.Published.WaitFor(2);

        Assert.Empty(test.Subscribed.Items);
        Assert.True(test.Board.Run(() => test.Client.IsConnected));
    }
}

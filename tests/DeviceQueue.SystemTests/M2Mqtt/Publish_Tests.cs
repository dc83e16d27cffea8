using System.Diagnostics;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Mqtt;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Publish_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void Ids_count_from_1_and_subscribe_takes_its_own_from_the_same_row()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());

        Assert.Equal(1, test.Publish(topic, "0", MqttQoSLevel.AtMostOnce));
        Assert.Equal(2, test.Publish(topic, "1"));
        Assert.Equal(3, test.Board.Run(() => test.Client.Subscribe(["x"], [MqttQoSLevel.AtMostOnce])));
        Assert.Equal(4, test.Publish(topic, "2", MqttQoSLevel.ExactlyOnce));

        Assert.Equal(
            ["0", "1", "2"],
            observer.WaitForCount(message => message.Topic == topic, 3).Select(message => message.Text));

        // QoS 0 raises no event.
        Assert.Equal([(2, true), (4, true)], test.Published.WaitFor(2).Select(e => ((int)e.Id, e.IsPublished)).Order());
        Assert.Equal(3, test.Subscribed.WaitFor(1)[0].MessageId);
    }

    [Fact]
    public void Publish_without_a_connection_returns_an_id_and_the_message_is_lost()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using TestClient test = new(fixture.Broker.Port);

        Assert.Equal(1, test.Publish(topic, "before"));
        test.Connected(fixture.NewName());
        Assert.Equal(2, test.Publish(topic, "while connected"));
        test.Published.WaitFor(1);
        test.Board.Run(test.Client.Close);
        Assert.Equal(3, test.Publish(topic, "after"));
        observer.Publish(topic, "end");

        observer.WaitFor(message => message.Topic == topic && message.Text == "end");
        string[] texts =
        [
            .. observer.Messages.Where(message => message.Topic == topic).Select(message => message.Text),
        ];
        Assert.Equal(["while connected", "end"], texts.Distinct()); // a slow answer makes the client send it again
        Assert.Equal([2], test.Published.Items.Select(e => e.Id));
    }

    [Fact]
    public void Without_PUBACK_it_is_sent_three_times_and_given_up_and_a_late_PUBACK_raises_nothing()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        proxy.PubackDelay = TimeSpan.FromSeconds(3.4);
        long start = Stopwatch.GetTimestamp();

        ushort id = test.Publish(topic, "reading");
        PublishedEvent given = test.Published.WaitFor(1)[0];

        Assert.Equal(id, given.Id);
        Assert.False(given.IsPublished);
        Assert.True(Stopwatch.GetElapsedTime(start, given.Time) >= TimeSpan.FromSeconds(2.9));
        Assert.Equal(3, proxy.FromClients[PacketType.Publish]);

        // It was delivered all the same: unknown is what false means.
        observer.WaitForCount(message => message.Topic == topic, 3);

        // PUBACKs keep their order: when this one's has come, the late ones have.
        ushort last = test.Publish(topic, "last");
        proxy.PubackDelay = TimeSpan.Zero;
        test.Published.WaitFor(1, e => e.Id == last);
        Assert.Single(test.Published.Items, e => e.Id == id);
    }

    [Fact]
    public void A_slow_PUBACK_costs_a_repetition_and_ends_it()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        proxy.PubackDelay = TimeSpan.FromSeconds(1.4);

        test.Publish(topic, "reading");

        Assert.True(test.Published.WaitFor(1)[0].IsPublished);
        Assert.True(observer.WaitForCount(message => message.Topic == topic, 2).Length >= 2);
    }

    [Fact]
    public void A_repetition_has_the_id_of_the_first_and_says_that_it_is_one()
    {
        using BareBroker silent = new();
        using TestClient test = new TestClient(silent.Port).Connected("device");

        ushort id = test.Publish("t", "1");

        silent.Hear(); // CONNECT
        byte[] body = [0, 1, (byte)'t', (byte)(id >> 8), (byte)id, (byte)'1'];
        Assert.Equal([0x32, (byte)body.Length, .. body], silent.Hear());
        Assert.Equal([0x3A, (byte)body.Length, .. body], silent.Hear());
        Assert.Equal([0x3A, (byte)body.Length, .. body], silent.Hear());
    }

    [Fact]
    public void In_flight_is_not_limited()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        proxy.PubackDelay = TimeSpan.FromSeconds(20);

        test.Board.Run(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                test.Client.Publish("t", [1], null, null, MqttQoSLevel.AtLeastOnce, false);
            }
        });

        proxy.FromClients.WaitFor(PacketType.Publish, 200);
        Assert.DoesNotContain(test.Published.Items, e => e.IsPublished);
    }

    [Fact]
    public void A_lowered_in_flight_limit_makes_Publish_throw_and_loses_the_rest_without_a_word()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());
        test.Subscribe(topic);
        int subscribes = proxy.FromClients[PacketType.Subscribe]; // 1, or more when the SUBACK took its time
        proxy.PubackDelay = TimeSpan.FromSeconds(20);
        test.Client.Settings.InflightQueueSize = 1;
        test.Publish("t", "1");

        MqttClientException e = Assert.Throws<MqttClientException>(() => test.Publish("t", "2"));
        Assert.Equal(MqttClientErrorCode.InflightQueueFull, e.ErrorCode);
        test.Board.Run(() => test.Client.Subscribe(["lost"], [MqttQoSLevel.AtMostOnce]));
        observer.Publish(topic, "lost");
        proxy.FromClients.WaitFor(PacketType.Puback, 1);

        // The first one is given up: there is room again.
        test.Published.WaitFor(1);
        observer.Publish(topic, "arrives");

        Assert.Equal("arrives"u8.ToArray(), test.Received.WaitFor(1)[0].Message);
        Assert.Equal(subscribes, proxy.FromClients[PacketType.Subscribe]);
    }

    [Fact]
    public void A_topic_with_a_wildcard_costs_the_connection()
    {
        using TestClient test = new TestClient(fixture.Broker.Port).Connected(fixture.NewName());

        test.Publish("a/#", "1");

        test.Closed.WaitFor(1);
        Assert.False(test.Board.Run(() => test.Client.IsConnected));
    }

    [Fact]
    public void What_only_MQTT_5_has_is_refused()
    {
        using TestClient test = new(fixture.Broker.Port);

        Assert.Throws<NotSupportedException>(() => test.Board.Run(() => test.Client.Publish("t", [1], "text/plain")));
    }
}

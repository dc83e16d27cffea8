using System.Diagnostics;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Exceptions;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public sealed class Close_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void A_killed_broker_is_told_at_once_and_Disconnect_then_throws()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using TestClient test = new TestClient(broker.Port).Connected("device");

        broker.Kill();

        test.Closed.WaitFor(1);
        Assert.False(test.Board.Run(() => test.Client.IsConnected));
        Assert.Throws<MqttCommunicationException>(() => test.Board.Run(test.Client.Disconnect));
        test.Board.Run(test.Client.Close);
        Assert.Single(test.Closed.Items);
    }

    [Fact]
    public void Disconnect_before_any_Connect_throws()
    {
        using TestClient test = new(fixture.Broker.Port);

        Assert.Throws<MqttCommunicationException>(() => test.Board.Run(test.Client.Disconnect));
    }

    [Fact]
    public void Close_takes_200_ms_raises_nothing_and_lets_the_will_go()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using TestClient test = new(fixture.Broker.Port);
        Connect(test, topic);
        long start = Stopwatch.GetTimestamp();

        test.Board.Run(test.Client.Close);

        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(190));
        Assert.Equal("offline", observer.WaitFor(message => message.Topic == topic).Text);
        Assert.Empty(test.Closed.Items);
    }

    [Fact]
    public void Disconnect_sends_what_is_queued_keeps_the_will_and_raises_ConnectionClosed()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new(proxy.Port);
        Connect(test, topic);

        test.Publish(topic, "last word");
        test.Published.WaitFor(1);
        test.Board.Run(test.Client.Disconnect);

        test.Closed.WaitFor(1);
        Assert.True(SpinWait.SpinUntil(() => proxy.FromClients[PacketType.Disconnect] == 1, Patience.Bound));
        observer.Publish(topic, "end");
        observer.WaitFor(message => message.Topic == topic && message.Text == "end");

        // A slow answer makes the client send it again.
        Assert.Equal(
            ["last word", "end"],
            observer.Messages.Where(message => message.Topic == topic).Select(message => message.Text).Distinct());
    }

    [Fact]
    public void There_is_no_reconnect()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = new TestClient(proxy.Port).Connected(fixture.NewName());

        proxy.DropConnections();
        test.Closed.WaitFor(1);
        using TestClient other = new TestClient(proxy.Port).Connected(fixture.NewName());

        Assert.Equal(2, proxy.FromClients[PacketType.Connect]);
    }

    private static void Connect(TestClient test, string willTopic) =>
        Assert.Equal(
            MqttReasonCode.Success,
            test.Board.Run(
                () => test.Client.Connect(
                    willTopic, null, null, false, MqttQoSLevel.AtLeastOnce, true, willTopic, "offline", true, 60)));
}

using System.Diagnostics;
using Mqtt;

namespace DeviceQueue.SystemTests.Mosquitto;

public sealed class FaultProxy_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task A_PUBACK_is_late_by_its_delay_while_the_message_is_on_time()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using BrokerClient client = Connected(proxy);
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        proxy.PubackDelay = TimeSpan.FromMilliseconds(700);
        long start = Stopwatch.GetTimestamp();

        Task<bool> published = client.PublishAsync(topic, [1], 1, false);
        observer.WaitFor(message => message.Topic == topic);
        Assert.False(published.IsCompleted);

        Assert.True(await published.Bounded());
        Assert.True(Stopwatch.GetElapsedTime(start) >= proxy.PubackDelay);
        Assert.Equal(1, proxy.FromClients[PacketType.Connect]);
        Assert.Equal(1, proxy.FromClients[PacketType.Publish]);
        Assert.Equal(1, proxy.FromBroker[PacketType.Puback]);
    }

    [Fact]
    public async Task What_is_held_while_frozen_passes_once_thawed()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using BrokerClient client = Connected(proxy);
        proxy.Freeze();
        Task<bool> published = client.PublishAsync("t", [1], 1, false);
        await published.StaysUnfinished(TimeSpan.FromMilliseconds(300));

        proxy.Thaw();

        Assert.True(await published.Bounded());
    }

    [Fact]
    public void After_refusing_it_accepts_again_on_the_same_port()
    {
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using (BrokerClient refused = new(new ClientOptions { Host = "127.0.0.1", Port = proxy.Port }))
        {
            Assert.Equal(ConnectStatus.SocketFailed, refused.Connect(Patience.Bound).Status);
        }

        proxy.AcceptConnections();

        using BrokerClient accepted = Connected(proxy);
        Assert.Equal(1, proxy.FromClients[PacketType.Connect]);
    }

    private static BrokerClient Connected(FaultProxy proxy)
    {
        BrokerClient client = new(new ClientOptions { Host = "127.0.0.1", Port = proxy.Port });
        Assert.True(client.Connect(Patience.Bound).IsAccepted);
        return client;
    }
}

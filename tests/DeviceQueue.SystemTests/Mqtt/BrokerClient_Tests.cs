using System.Net.Sockets;
using System.Text;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using Mqtt;

namespace DeviceQueue.SystemTests.Mqtt;

public sealed class BrokerClient_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_is_published_arrives_and_is_acknowledged(int qos)
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        using BrokerClient client = Connected();

        Assert.True(await client.PublishAsync(topic, "café"u8.ToArray(), qos, false));

        Observed message = observer.WaitFor(message => message.Topic == topic);
        Assert.Equal("café", message.Text);
        Assert.Equal(qos, message.Qos);
    }

    [Fact]
    public void Nobody_listening_is_told_as_a_refused_connection()
    {
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using BrokerClient client = new(new ClientOptions { Host = "127.0.0.1", Port = proxy.Port });

        ConnectResult result = client.Connect(Patience.Bound);

        Assert.Equal(ConnectStatus.SocketFailed, result.Status);
        Assert.Equal((int)SocketError.ConnectionRefused, result.Code);
        Assert.Equal("Connection refused", result.Text);
    }

    [Fact]
    public void An_unknown_host_is_told_by_name()
    {
        using BrokerClient client = new(new ClientOptions { Host = "broker.invalid", Port = 1883 });

        ConnectResult result = client.Connect(Patience.Bound);

        Assert.Equal(ConnectStatus.DnsFailed, result.Status);
        Assert.Contains("broker.invalid", result.Text);
    }

    [Fact]
    public void A_refusal_carries_the_return_code()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { AllowAnonymous = false });
        using BrokerClient client = new(new ClientOptions { Host = broker.Host, Port = broker.Port });

        ConnectResult result = client.Connect(Patience.Bound);

        Assert.Equal(ConnectStatus.Refused, result.Status);
        Assert.Equal(5, result.Code);
    }

    [Fact]
    public async Task A_lost_connection_is_told_once_and_ends_what_waits()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using BrokerClient client = new(new ClientOptions { Host = "127.0.0.1", Port = proxy.Port });
        TaskCompletionSource<string> ended = new();
        client.Disconnected += ended.SetResult;
        Assert.True(client.Connect(Patience.Bound).IsAccepted);
        proxy.Freeze();
        Task<bool> published = client.PublishAsync("t", [1], 1, false);

        proxy.DropConnections();

        Assert.NotEmpty(await ended.Task.Bounded());
        Assert.False(await published.Bounded());
        Assert.Throws<NotSentException>(() => client.Publish("t", [1], 1, false));
    }

    [Fact]
    public void The_will_is_published_after_Dispose_and_not_after_Disconnect()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        ClientOptions options = new()
        {
            Host = "127.0.0.1",
            Port = fixture.Broker.Port,
            Will = new LastWill(topic, "polite"u8.ToArray(), 1, false),
        };
        using (BrokerClient polite = new(options))
        {
            Assert.True(polite.Connect(Patience.Bound).IsAccepted);
            polite.Disconnect(Patience.Bound);
        }

        using (BrokerClient gone = new(options with { Will = new LastWill(topic, "gone"u8.ToArray(), 1, false) }))
        {
            Assert.True(gone.Connect(Patience.Bound).IsAccepted);
        }

        Assert.Equal("gone", observer.WaitFor(message => message.Topic == topic).Text);
    }

    [Fact]
    public void A_large_message_passes_whole()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker, topic);
        byte[] payload = Encoding.UTF8.GetBytes(new string('x', 1_000_000));

        observer.Publish(topic, payload);

        Assert.Equal(payload, observer.WaitFor(message => message.Topic == topic).Payload);
    }

    [Fact]
    public void An_invalid_topic_is_refused_at_once()
    {
        using BrokerClient client = Connected();

        Assert.Throws<NotSentException>(() => client.Publish("a/#", [1], 1, false));
    }

    private BrokerClient Connected()
    {
        BrokerClient client = new(new ClientOptions { Host = "127.0.0.1", Port = fixture.Broker.Port });
        Assert.True(client.Connect(Patience.Bound).IsAccepted);
        return client;
    }
}

using System.Text;
using Brokers;
using DeviceQueue.Desktop;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

public sealed class DesktopLink_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly TimeSpan BeyondTheFirmwaresPatience = TimeSpan.FromSeconds(4);

    private readonly AutoResetEvent _wake = new(false);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_acknowledgement_names_the_id_of_its_publish(int qos)
    {
        DesktopLink link = Opened(fixture.Broker.Port);

        int first = link.TryPublish("t", [1], qos, false);
        int second = link.TryPublish("t", [2], qos, false);

        Assert.Equal((MqttLinkEventKind.Published, first, true), Take(link));
        Assert.Equal((MqttLinkEventKind.Published, second, true), Take(link));
        link.Close(true);
    }

    [Fact]
    public void At_QoS_0_there_is_an_id_and_no_event()
    {
        DesktopLink link = Opened(fixture.Broker.Port);

        Assert.NotEqual(0, link.TryPublish("t", [1], 0, false));
        int confirmed = link.TryPublish("t", [2], 1, false);

        Assert.Equal((MqttLinkEventKind.Published, confirmed, true), Take(link));
        link.Close(true);
    }

    [Fact]
    public void An_acknowledgement_may_take_longer_than_the_firmware_would_wait()
    {
        using FaultProxy proxy = new(fixture.Broker) { PubackDelay = BeyondTheFirmwaresPatience };
        DesktopLink link = Opened(proxy.Port);

        int id = link.TryPublish("t", [1], 1, false);

        Assert.Equal((MqttLinkEventKind.Published, id, true), Take(link));
        Assert.Equal(1, proxy.FromClients[PacketType.Publish]);
        link.Close(true);
    }

    [Fact]
    public void Messages_of_a_granted_subscription_come_as_they_were_sent()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        observer.Publish(topic, "kept", retain: true);
        DesktopLink link = Opened(fixture.Broker.Port);

        int id = link.TrySubscribe(topic, 1);
        Assert.Equal((MqttLinkEventKind.Subscribed, id, true), Take(link));
        MqttLinkEvent e = TakeEvent(link);

        Assert.Equal((MqttLinkEventKind.Message, topic, true), (e.Kind, e.Topic, e.IsRetained));
        Assert.Equal("kept"u8.ToArray(), e.Payload);
        link.Close(true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void However_many_come_before_they_are_taken_none_is_lost_and_what_is_sent_goes_out_meanwhile(int qos)
    {
        const int Messages = 6 * DesktopLink.MaxUntaken;
        using MosquittoBroker broker = MosquittoBroker.Start(
            new MosquittoBrokerOptions { ExtraLines = ["max_queued_messages 0"] });
        using Observer observer = new(broker, "sent");
        DesktopLink link = Opened(broker.Port);
        link.TrySubscribe("t", 1);
        Assert.Equal(MqttLinkEventKind.Subscribed, Take(link).Kind);

        for (int i = 0; i < Messages; i++)
        {
            observer.Post("t", $"{i}", qos);
        }

        observer.Publish("t", "last");
        Assert.NotEqual(0, link.TryPublish("sent", [1], 0, false));
        observer.WaitFor(message => message.Topic == "sent");

        string[] texts =
        [
            .. Enumerable.Range(0, Messages + 1).Select(_ => Encoding.UTF8.GetString(TakeEvent(link).Payload)),
        ];
        Assert.Equal([.. Enumerable.Range(0, Messages).Select(i => $"{i}"), "last"], texts);
        Assert.Equal(0, link.DroppedMessages);
        link.Close(true);
    }

    [Fact]
    public void A_refused_subscription_says_so()
    {
        using FaultProxy proxy = new(fixture.Broker) { RefuseSubscriptions = true };
        DesktopLink link = Opened(proxy.Port);

        int id = link.TrySubscribe("t", 1);

        Assert.Equal((MqttLinkEventKind.Subscribed, id, false), Take(link));
        link.Close(true);
    }

    [Fact]
    public void A_probe_is_answered_and_publishes_nothing()
    {
        using Observer observer = new(fixture.Broker, "#");
        DesktopLink link = Opened(fixture.Broker.Port);

        Assert.True(link.TryProbe());

        Assert.Equal(MqttLinkEventKind.Alive, Take(link).Kind);
        link.TryPublish("after", [1], 1, false);
        observer.WaitFor(message => message.Topic == "after");
        Assert.Single(observer.Messages, message => !message.Retain);
        link.Close(true);
    }

    [Fact]
    public void A_link_that_is_cut_reports_it_and_takes_nothing_more()
    {
        using FaultProxy proxy = new(fixture.Broker);
        DesktopLink link = Opened(proxy.Port);

        proxy.DropConnections();

        Assert.Equal(MqttLinkEventKind.Closed, Take(link).Kind);
        Assert.False(link.IsOpen);
        Assert.Equal((0, 0, false), (link.TryPublish("t", [1], 1, false), link.TrySubscribe("t", 1), link.TryProbe()));
        link.Close(true);
    }

    [Fact]
    public void Close_is_polite_so_that_the_will_stays_unpublished()
    {
        string will = fixture.NewName();
        using Observer observer = new(fixture.Broker, will);
        DesktopLink polite = Opened(fixture.Broker.Port, will, "polite");

        polite.Close(true);

        using FaultProxy proxy = new(fixture.Broker);
        DesktopLink cut = Opened(proxy.Port, will, "cut");
        proxy.DropConnections();
        Assert.Equal("cut", observer.WaitFor(message => message.Topic == will).Text);
        Assert.Single(observer.Messages);
        cut.Close(true);
    }

    [Fact]
    public void At_QoS_0_a_network_that_takes_nothing_leaves_the_rest_to_the_outbox()
    {
        const int LargeBytes = 1_000_000;
        const int SocketBuffers = 64;
        using FaultProxy proxy = new(fixture.Broker);
        DesktopLink link = Opened(proxy.Port);
        byte[] payload = new byte[LargeBytes];
        proxy.Freeze();

        int taken = 0;
        while (link.TryPublish("t", payload, 0, false) != 0)
        {
            Assert.True(++taken * LargeBytes <= DesktopLink.MaxUnwrittenBytes + (SocketBuffers * LargeBytes));
        }

        Assert.True(link.IsOpen);
        proxy.DropConnections();
        link.Close(true);
    }

    [Fact]
    public void Options_that_no_client_can_use_are_told_as_such()
    {
        DesktopLink link = new(_wake, Patience.Bound);

        MqttLinkResult result = link.Open(
            new MqttLinkOptions
            {
                Host = "127.0.0.1",
                Port = fixture.Broker.Port,
                ClientId = null,
                CleanSession = false,
            },
            false);

        Assert.Equal(MqttLinkError.BadOptions, result.Error);
        Assert.False(link.IsOpen);
        link.Close(true);
    }

    private DesktopLink Opened(int port, string? willTopic = null, string? willPayload = null)
    {
        DesktopLink link = new(_wake, Patience.Bound);
        MqttLinkOptions options = QueueProgram.Endpoint("127.0.0.1", port, fixture.NewName());
        options.WillTopic = willTopic;
        options.WillPayload = willPayload;
        MqttLinkResult result = link.Open(options, options.CleanSession);
        Assert.True(result.Error == MqttLinkError.None, result.ToString());
        return link;
    }

    private (MqttLinkEventKind Kind, int PacketId, bool IsSuccess) Take(DesktopLink link)
    {
        MqttLinkEvent e = TakeEvent(link);
        return (e.Kind, e.PacketId, e.IsSuccess);
    }

    private MqttLinkEvent TakeEvent(DesktopLink link)
    {
        MqttLinkEvent e = new();
        while (!link.TryTakeEvent(e))
        {
            Assert.True(_wake.WaitOne(Patience.Bound), "Nothing happened.");
        }

        return e;
    }
}

using System.Net;
using System.Net.Sockets;
using Brokers;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>The embedded broker against clients that are not its makers': Mosquitto's and our own.</summary>
public sealed class EmbeddedBroker_Tests : IDisposable
{
    private readonly EmbeddedBroker _broker = EmbeddedBroker.Start();

    private string Target => $"-h {_broker.Host} -p {_broker.Port}";

    public void Dispose() => _broker.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_message_arrives_at_each_quality_of_service(int qos)
    {
        using BrokerClient client = Connect("hearer");
        Recorder<ReceivedMessage> heard = Hear(client, "plants/#", qos);

        ToolProcess.Shell($"mosquitto_pub {Target} -q {qos} -t plants/a -m water");

        ReceivedMessage message = heard.WaitFor(1)[0];
        Assert.Equal(("plants/a", "water", qos, false), (message.Topic, Text(message), message.Qos, message.Retain));
    }

    [Fact]
    public async Task Mosquittos_subscriber_hears_our_publisher_at_QoS_2()
    {
        using BrokerClient client = Connect("sayer");
        using ToolProcess hearer = ToolProcess.Run("mosquitto_sub", $"{Target} -t a/b -q 2 -F %q:%p -d");
        hearer.WaitForLine("Subscribed");

        Assert.True(await client.PublishAsync("a/b", "x"u8.ToArray(), 2, false).Bounded());

        hearer.WaitForLine("2:x");
    }

    [Fact]
    public void A_retained_message_waits_for_who_comes_later_until_it_is_taken_back()
    {
        ToolProcess.Shell($"mosquitto_pub {Target} -q 1 -r -t kept -m yes");
        Assert.Equal("1 yes\n", ToolProcess.Shell($"mosquitto_sub {Target} -t kept -C 1 -W 20 -F '%r %p'"));

        ToolProcess.Shell($"mosquitto_pub {Target} -q 1 -r -t kept -n");
        ToolProcess.Shell($"mosquitto_pub {Target} -q 1 -r -t other -m last");
        Assert.Equal("other\n", ToolProcess.Shell($"mosquitto_sub {Target} -t '#' -C 1 -W 20 -F %t"));
    }

    [Fact]
    public void The_will_is_said_when_a_client_dies_and_not_when_it_leaves()
    {
        using BrokerClient client = Connect("hearer");
        Recorder<ReceivedMessage> heard = Hear(client, "will/#", 1);

        using (ToolProcess leaver = Willing("left"))
        {
            leaver.Signal("TERM");
            leaver.WaitForExit();
        }

        using (ToolProcess dead = Willing("dead"))
        {
            dead.Signal("KILL");
        }

        Assert.Equal("will/dead", heard.WaitFor(1)[0].Topic);
        Assert.Equal("1 gone\n", ToolProcess.Shell($"mosquitto_sub {Target} -t will/dead -C 1 -W 20 -F '%r %p'"));
    }

    [Fact]
    public void A_kept_session_gets_what_came_meanwhile()
    {
        const string Session = "-i keeper -c -q 1 -t kept/#";
        ToolProcess.Shell($"mosquitto_sub {Target} {Session} -E");
        ToolProcess.Shell($"mosquitto_pub {Target} -q 1 -t kept/a -m one");
        ToolProcess.Shell($"mosquitto_pub {Target} -q 1 -t kept/b -m two");

        Assert.Equal("one\ntwo\n", ToolProcess.Shell($"mosquitto_sub {Target} {Session} -C 2 -W 20"));
    }

    [Fact]
    public void A_client_without_an_id_is_taken()
    {
        using BrokerClient client = Connect(null);
        Recorder<ReceivedMessage> heard = Hear(client, "x", 0);

        ToolProcess.Shell($"mosquitto_pub {Target} -V mqttv311 -q 1 -t x -m y");

        Assert.Equal("y", Text(heard.WaitFor(1)[0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_repeat_reaches_all_subscribers_and_is_none_to_them(int qos)
    {
        using BrokerClient hearer = Connect("hearer");
        Recorder<ReceivedMessage> heard = Hear(hearer, "x", qos);
        using BrokerClient sayer = Connect("sayer");

        sayer.Publish(7, "x", "again"u8.ToArray(), 1, retain: false, isRepeat: true);

        Assert.False(heard.WaitFor(1)[0].IsRepeat);
    }

    [Fact]
    public void It_listens_on_127_0_0_1_alone()
    {
        IPAddress[] others =
        [
            IPAddress.IPv6Loopback, .. Dns.GetHostAddresses(Dns.GetHostName()).Where(a => !IPAddress.IsLoopback(a)),
        ];

        Assert.All(others, address =>
        {
            using TcpClient client = new(address.AddressFamily);
            Assert.ThrowsAny<SocketException>(() => client.Connect(address, _broker.Port));
        });
    }

    [Fact]
    public async Task Killed_it_is_gone_and_restarted_it_is_back_on_its_port()
    {
        using BrokerClient client = Connect("first");
        TaskCompletionSource<string> gone = new();
        client.Disconnected += reason => gone.TrySetResult(reason);
        int port = _broker.Port;

        _broker.Kill();

        await gone.Task.Bounded();
        using (TcpClient refused = new())
        {
            Assert.Throws<SocketException>(() => refused.Connect("127.0.0.1", port));
        }

        _broker.Restart();
        Assert.Equal(port, _broker.Port);
        using BrokerClient again = Connect("second");
    }

    [Fact]
    public void A_port_that_is_taken_is_an_error_in_plain_words()
    {
        InvalidOperationException e =
            Assert.Throws<InvalidOperationException>(() => EmbeddedBroker.Start(_broker.Port));

        Assert.Equal($"port {_broker.Port} on 127.0.0.1 is in use", e.Message);
    }

    private static string Text(ReceivedMessage message) => System.Text.Encoding.UTF8.GetString(message.Payload);

    private static Recorder<ReceivedMessage> Hear(BrokerClient client, string filter, int qos)
    {
        Recorder<ReceivedMessage> heard = new();
        client.MessageReceived += heard.Add;
        Assert.Equal(new[] { qos }, client.SubscribeAsync([filter], qos).Bounded().GetAwaiter().GetResult());
        return heard;
    }

    private BrokerClient Connect(string? id)
    {
        BrokerClient client = new(new ClientOptions { Host = _broker.Host, Port = _broker.Port, ClientId = id });
        ConnectResult result = client.Connect(Patience.Bound);
        Assert.True(result.IsAccepted, result.Text);
        return client;
    }

    private ToolProcess Willing(string name)
    {
        string will = $"--will-topic will/{name} --will-payload gone --will-qos 1 --will-retain";
        ToolProcess process = ToolProcess.Run("mosquitto_sub", $"{Target} -i {name} -t nothing {will} -d");
        process.WaitForLine("Subscribed");
        return process;
    }
}

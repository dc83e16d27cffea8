using System.Text;
using DeviceQueue.SystemTests.Mosquitto;
using Mqtt;

namespace DeviceQueue.SystemTests.Mqtt;

/// <summary>What a client makes of bytes that no Mosquitto sends.</summary>
public sealed class Packets_Tests : IDisposable
{
    // At QoS 0.
    private const byte Publish = 0x30;

    private readonly BareBroker _broker = new();
    private readonly Recorder<ReceivedMessage> _received = new();
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ClientOptions Options => new() { Host = "127.0.0.1", Port = _broker.Port };

    public void Dispose() => _broker.Dispose();

    [Fact]
    public void Packets_come_whole_however_they_are_cut()
    {
        using BrokerClient client = Accepted(new BrokerClient(Options));
        byte[] packets =
        [
            Publish, 4, 0, 1, (byte)'t', (byte)'a',
            Publish, 4, 0, 1, (byte)'t', (byte)'b',
            Publish, 3, 0, 1, (byte)'t',
        ];

        foreach (byte part in packets)
        {
            _broker.Say(part);
        }

        _broker.Say(packets);

        string[] texts = [.. _received.WaitFor(6).Select(message => Encoding.UTF8.GetString(message.Payload))];
        Assert.Equal(["a", "b", "", "a", "b", ""], texts);
    }

    [Fact]
    public async Task A_packet_that_declares_more_than_is_taken_ends_the_connection_before_memory_is_taken_for_it()
    {
        using BrokerClient client = Accepted(new BrokerClient(Options));
        long before = GC.GetTotalAllocatedBytes();

        _broker.Say(Publish, 0xFF, 0xFF, 0xFF, 0x7F);

        Assert.Equal("A packet of 268435455 bytes was not accepted.", await _ended.Task.Bounded());
        Assert.True(GC.GetTotalAllocatedBytes() - before < BrokerClient.MaxPacketBytes);
        Assert.Throws<NotSentException>(() => client.Publish("t", [1], 0, false));
    }

    [Fact]
    public async Task A_message_is_asked_for_as_soon_as_its_length_is_known()
    {
        Recorder<int> asked = new();
        bool Refuse(int bytes)
        {
            asked.Add(bytes);
            return false;
        }

        using BrokerClient client = Accepted(new BrokerClient(Options) { MayReceive = Refuse });

        _broker.Say(Publish, 0x80, 0x10); // 2,048 bytes are to follow

        Assert.Equal("A packet of 2048 bytes was not accepted.", await _ended.Task.Bounded());
        Assert.Equal([2048], asked.Items);
    }

    [Theory]
    [InlineData(new byte[] { Publish, 0xFF, 0xFF, 0xFF, 0xFF })] // a length of more than four bytes
    [InlineData(new byte[] { 0x36, 6, 0, 1, (byte)'t', 0, 1, 1 })] // QoS 3
    [InlineData(new byte[] { 0xF0, 0 })] // no such type
    [InlineData(new byte[] { 0x82, 6, 0, 1, 0, 1, (byte)'t', 0 })] // SUBSCRIBE is the client's
    [InlineData(new byte[] { Publish, 3, 0, 9, (byte)'t' })] // a topic of more bytes than there are
    [InlineData(new byte[] { 0x40, 0 })] // PUBACK without an id
    public async Task What_is_no_packet_of_a_brokers_ends_the_connection(byte[] bytes)
    {
        using BrokerClient client = Accepted(new BrokerClient(Options));

        _broker.Say(bytes);

        Assert.NotEmpty(await _ended.Task.Bounded());
        Assert.Empty(_received.Items);
    }

    [Fact]
    public void An_answer_that_nobody_waits_for_is_passed_over()
    {
        Recorder<int> published = new();
        using BrokerClient client = Accepted(new BrokerClient(Options));
        client.Published += published.Add;
        int id = client.Publish("t", [1], 1, false);

        _broker.Say(0x40, 2, 0, 99);
        _broker.Say(0x40, 2, 0, (byte)id);
        _broker.Say(0x40, 2, 0, (byte)id);
        _broker.Say(Publish, 3, 0, 1, (byte)'t');

        _received.WaitFor(1);
        Assert.Equal([id], published.Items);
    }

    [Fact]
    public void An_id_is_not_used_again_before_it_is_answered()
    {
        using BrokerClient client = Accepted(new BrokerClient(Options));
        int first = client.Publish("t", [1], 1, false);

        const int Others = ushort.MaxValue - 1;
        HashSet<int> others = [.. Enumerable.Range(0, Others).Select(_ => client.Publish("t", [1], 1, false))];

        Assert.Equal(Others, others.Count);
        Assert.DoesNotContain(first, others);
        Assert.Throws<NotSentException>(() => client.Publish("t", [1], 1, false));
        _broker.Say(0x40, 2, (byte)(first >> 8), (byte)first);
        Assert.True(SpinWait.SpinUntil(() => TryPublish(client) == first, Patience.Bound));
    }

    [Fact]
    public void What_a_broker_that_does_not_read_held_up_goes_out_when_it_reads_again()
    {
        const int MaxWaitingBytes = 64 * 1024;
        using BrokerClient client = Accepted(new BrokerClient(Options));
        byte[] payload = new byte[100];
        int sent = 0;
        for (; client.WaitForRoom(MaxWaitingBytes, TimeSpan.FromMilliseconds(500)); sent++) // until it stands still
        {
            client.Publish("t", payload, 0, false);
        }

        byte[][] heard = [.. Enumerable.Range(0, 1 + sent).Select(_ => _broker.Hear())];

        Assert.All(heard[1..], packet => Assert.Equal(Publish, packet[0]));
        Assert.True(client.WaitForRoom(1, Patience.Bound));
    }

    [Fact]
    public async Task Silence_of_two_keepalives_ends_the_connection()
    {
        using BrokerClient client = Accepted(new BrokerClient(Options with { KeepaliveSeconds = 1 }));

        Assert.Equal("The broker gave no sign of life.", await _ended.Task.Bounded());
    }

    private static int TryPublish(BrokerClient client)
    {
        try
        {
            return client.Publish("t", [1], 1, false);
        }
        catch (NotSentException)
        {
            return 0;
        }
    }

    private BrokerClient Accepted(BrokerClient client)
    {
        client.MessageReceived += _received.Add;
        client.Disconnected += reason => _ended.TrySetResult(reason);
        ConnectResult result = client.Connect(Patience.Bound);
        Assert.True(result.IsAccepted, result.Text);
        return client;
    }
}

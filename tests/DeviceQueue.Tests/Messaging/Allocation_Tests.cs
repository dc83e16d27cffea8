using System.Text;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>What the library allocates in a steady state, over a link that allocates nothing itself.</summary>
public sealed class Allocation_Tests : IMqttLinkFactory, IMqttLink
{
    private const int Messages = 1000;
    private const int Runs = 5;

    private readonly VirtualClock _clock = new();
    private readonly byte[] _buffer = new byte[400];
    private MqttLinkEventQueue? _events;
    private int _published;
    private byte[] _lastPayload = [];

    public static TheoryData<bool, int> Ways =>
        new() { { true, 0 }, { true, 1 }, { true, 2 }, { false, 0 }, { false, 1 } };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Sending_allocates_the_payload_that_the_link_takes_and_nothing_else(bool isEnvelope, int qos)
    {
        (MqttMessageQueue queue, MqttConnection connection) = Open(isEnvelope, qos);
        var message = new MessageEnvelope("c1", "reading", (byte[]?)null) { Topic = "a/b" };
        void Send()
        {
            message.SetMessage(_buffer, 100);
            queue.Send(null, message);
            connection.Poll();
            connection.Poll(); // takes the answer
        }

        long allocated = Measure(Send);

        Assert.True(_published > Messages);
        Assert.Equal(0, queue.Outbox.Count);
        Assert.Equal(Measure(() => _lastPayload = new byte[_lastPayload.Length]), allocated);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receiving_allocates_the_message_that_the_caller_gets_and_nothing_else(bool isEnvelope)
    {
        (MqttMessageQueue queue, MqttConnection connection) = Open(isEnvelope, 1);
        var codec = new EnvelopeCodec();
        var sent = new MessageEnvelope("c1", "reading", new byte[100]);
        int length = isEnvelope ? codec.Encode(sent, "m1", new DateTime(2026, 11, 21), _buffer, 0) : 100;
        byte[] arrived = _buffer[..length];
        Assert.Null(queue.Receive(null, 0));
        MessageEnvelope? received = null;
        void Receive()
        {
            _events!.AddMessage("t", arrived, false);
            connection.Poll();
            received = queue.Receive(null, 0);
        }

        long allocated = Measure(Receive);

        long own = Measure(() =>
        {
            var message = new MessageEnvelope { Topic = "t" };
            if (isEnvelope)
            {
                codec.Decode(arrived, 0, arrived.Length, message);
            }
            else
            {
                message.MessageId = Encoding.UTF8.GetString(_buffer, 0, 32);
                message.Message = new byte[arrived.Length];
            }
        });
        Assert.Equal(100, received!.Message.Length);
        Assert.Equal(own, allocated);
    }

    [Fact]
    public void A_payload_at_the_start_of_a_buffer_is_sent_as_far_as_it_goes()
    {
        (MqttMessageQueue queue, MqttConnection connection) = Open(false, 0);
        var message = new MessageEnvelope();
        message.SetMessage("21.47 and what was there before"u8.ToArray(), 5);

        queue.Send(null, message);
        connection.Poll();

        Assert.Equal("21.47"u8.ToArray(), _lastPayload);
        Assert.Equal("21.47", message.GetMessageAsString());
        Assert.Equal("21.47"u8.ToArray(), message.Message);
    }

    bool IMqttLink.IsOpen => true;

    int IMqttLink.MaxInflight => _events!.MaxInflight;

    int IMqttLink.DroppedMessages => 0;

    IMqttLink IMqttLinkFactory.Create(AutoResetEvent wake)
    {
        _events = new MqttLinkEventQueue(wake);
        return this;
    }

    MqttLinkResult IMqttLink.Open(MqttLinkOptions options, bool cleanSession) => new(MqttLinkError.None, 0, null);

    int IMqttLink.TryPublish(string topic, byte[] payload, int qos, bool retain)
    {
        _lastPayload = payload;
        int id = (++_published & 0x7FFF) + 1;
        if (qos > 0)
        {
            _events!.AddPublished(id, true);
        }

        return id;
    }

    int IMqttLink.TrySubscribe(string filter, int qos)
    {
        _events!.AddSubscribed(0xFFFF, true);
        return 0xFFFF;
    }

    int IMqttLink.TryUnsubscribe(string filter) => 0xFFFE;

    bool IMqttLink.TryProbe() => true;

    bool IMqttLink.TryTakeEvent(MqttLinkEvent e) => _events!.TryTake(e);

    void IMqttLink.Close(bool isClean)
    {
    }

    // The least of some runs: a collection in between counts what the thread's block had left, up to 8 KB, as well.
    private static long Measure(Action action)
    {
        Repeat(action);
        return Enumerable.Range(0, Runs).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Repeat(action);
            return (GC.GetAllocatedBytesForCurrentThread() - before) / Messages;
        });
    }

    private static void Repeat(Action action)
    {
        for (int i = 0; i < Messages; i++)
        {
            action();
        }
    }

    private (MqttMessageQueue Queue, MqttConnection Connection) Open(bool isEnvelope, int qos)
    {
        string isSerialized = isEnvelope ? "true" : "false";
        QueueOptions options = World.Read($"options.qos={qos};options.serialize_envelope={isSerialized}");
        var platform = new MqttPlatform { Links = this, Clock = _clock, Random = new SeededRandom(1) };
        var endpoint = new MqttLinkOptions { CleanSession = true, KeepAliveSeconds = 15 };
        var connection = new MqttConnection(platform, [endpoint], options, new MemoryLogger());
        var queue = new MqttMessageQueue("t", null, connection, options, platform);
        queue.Open(null);
        connection.Open();
        connection.Poll();
        return (queue, connection);
    }
}

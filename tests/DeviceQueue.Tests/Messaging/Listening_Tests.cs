using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>Listening on the connection's thread, in virtual time, and on the caller's, in real time.</summary>
public sealed class Listening_Tests
{
    private const int PatienceMs = 30000;
    private const string Raw = "options.qos=1;options.serialize_envelope=false";
    private const string AutoRaw = Raw + ";options.autosubscribe=true";

    private readonly World _world = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void In_the_background_hands_over_first_what_waits_and_then_what_comes()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        Deliver("0", "1", "2", "3", "4", "5");
        var receiver = new Receiver();
        queue.BeginListen("123", receiver);
        Assert.Empty(receiver.Taken);
        Deliver("6");
        Deliver("7");

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], receiver.Taken);
        Assert.Equal(0, queue.ReadMessageCount());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_that_there_is_no_memory_to_read_is_dropped_and_counted_and_holds_up_no_other(
        bool isInBackground)
    {
        var random = new ScarceMemory();
        var queue = new MqttMessageQueue("t", null, _world.Connection, World.Read(AutoRaw), _world.Platform(random));
        queue.Open(null);
        _world.Open();
        var receiver = new Receiver();
        random.Failures = 2;
        if (isInBackground)
        {
            queue.BeginListen(null, receiver);
            Deliver("0", "1", "2");
        }
        else
        {
            Deliver("0", "1", "2");
            receiver.ReceiveMessage(queue.Receive(null, 0), queue);
            Assert.Null(queue.Receive(null, 0));
        }

        Deliver("3");
        Assert.Equal(
            ["2", "3"],
            isInBackground ? receiver.Taken : [.. receiver.Taken, queue.Receive(null, 0).GetMessageAsString()]);
        Assert.Equal(2, queue.Drops[DropReason.Arrived]);
        Assert.Equal((0, 1), (queue.ReadMessageCount(), _world.Connection.Connects));
    }

    [Fact]
    public void A_look_for_which_there_is_no_memory_drops_nothing()
    {
        var random = new ScarceMemory();
        var queue = new MqttMessageQueue("t", null, _world.Connection, World.Read(AutoRaw), _world.Platform(random));
        queue.Open(null);
        _world.Open();
        Deliver("0", "1");
        random.Failures = 1;
        Assert.Throws<OutOfMemoryException>(() => queue.PeekBatch(null, 2));

        Assert.Equal(
            ["0", "1"],
            new[] { queue.Receive(null, 0), queue.Receive(null, 0) }.Select(message => message.GetMessageAsString()));
    }

    [Fact]
    public void In_the_background_hands_over_what_waits_though_the_link_is_down()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        Deliver("0");
        _world.Broker.IsUp = false;
        _world.Broker.Drop();
        _world.RunFor(10000);
        var receiver = new Receiver();
        queue.BeginListen(null, receiver);
        _world.RunFor(0);

        Assert.Equal(["0"], receiver.Taken);
    }

    [Fact]
    public void Subscribes_to_listen_and_unsubscribes_at_the_end()
    {
        MqttMessageQueue queue = _world.Queue("t", Raw);
        _world.Open();
        var receiver = new Receiver();
        queue.BeginListen(null, receiver);
        _world.RunFor(100);
        Assert.Equal(["t"], _world.Broker.Link.Filters);
        queue.EndListen(null);
        Deliver("late");

        Assert.Empty(_world.Broker.Link.Filters);
        Assert.Equal(["t"], _world.Broker.Link.Unsubscribed);
        Assert.Empty(receiver.Taken);
        Assert.Equal(0, queue.ReadMessageCount());
        queue.BeginListen(null, receiver);
        _world.RunFor(100);
        Deliver("again");
        Assert.Equal(["again"], receiver.Taken);
    }

    [Fact]
    public void Stays_subscribed_at_the_end_when_it_subscribes_by_itself()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        var receiver = new Receiver();
        queue.BeginListen(null, receiver);
        queue.EndListen(null);
        Deliver("0");

        Assert.Equal(["t"], _world.Broker.Link.Filters);
        Assert.Empty(receiver.Taken);
        Assert.Equal("0", queue.Receive(null, 0).GetMessageAsString());
    }

    [Fact]
    public void Leaves_the_subscription_to_another_queue_on_the_same_topic()
    {
        MqttMessageQueue one = _world.Queue("t", AutoRaw);
        MqttMessageQueue other = _world.Queue("t", AutoRaw);
        _world.Open();
        one.Close(null);
        Deliver("0");

        Assert.Empty(_world.Broker.Link.Unsubscribed);
        Assert.Equal((0, 1), (one.ReadMessageCount(), other.ReadMessageCount()));
        other.Close(null);
        _world.RunFor(100);
        Assert.Equal(["t"], _world.Broker.Link.Unsubscribed);
    }

    [Fact]
    public void Gives_up_a_link_on_which_unsubscribing_is_never_answered()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        _world.Broker.AnswersProbes = false;
        queue.Close(null);

        _world.RunFor(30000, () => _world.Connection.Connects == 2);
        Assert.True(_world.Clock.NowMs > 20000);
    }

    [Fact]
    public void A_receiver_that_throws_loses_that_message_alone_and_is_counted()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        var receiver = new Receiver((message, from) =>
        {
            if (message.GetMessageAsString() == "1")
            {
                throw new InvalidOperationException("receiver");
            }
        });
        queue.BeginListen(null, receiver);
        Deliver("0", "1", "2");

        Assert.Equal(["0", "1", "2"], receiver.Taken);
        Assert.Equal((1, 0), (queue.ReceiverFaults, queue.ReadMessageCount()));
        Assert.Single(
            _world.Log.Errors, line => line.StartsWith("receiver of queue t: System.InvalidOperationException"));
        Assert.True(_world.Connection.IsConnected);
    }

    [Fact]
    public void A_receiver_may_answer_and_end_it_all()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        var receiver = new Receiver((message, from) =>
        {
            from.Send(null, new MessageEnvelope(null, null, "answer") { Topic = "answers" });
            from.EndListen(null);
            if (message.GetMessageAsString() == "1")
            {
                from.Close(null);
            }
        });
        queue.BeginListen(null, receiver);
        Deliver("0", "1");
        Assert.Equal(["0"], receiver.Taken);
        queue.BeginListen(null, receiver);
        _world.RunFor(100);

        Assert.Equal(["0", "1"], receiver.Taken);
        Assert.Equal(2, _world.Broker.Arrivals.Count(arrival => arrival.Topic == "answers"));
        Assert.False(queue.IsOpen);
    }

    [Fact]
    public void Tries_an_abandoned_message_again_after_a_pause_and_keeps_the_order()
    {
        MqttMessageQueue queue = _world.Queue("t", AutoRaw);
        _world.Open();
        int attempts = 0;
        long lastMs = 0;
        var receiver = new Receiver((message, from) =>
        {
            lastMs = _world.Clock.NowMs;
            if (message.GetMessageAsString() == "0" && ++attempts < 3)
            {
                from.Abandon(message);
            }
        });
        queue.BeginListen(null, receiver);
        long startMs = _world.Clock.NowMs;
        Deliver("0", "1");
        Assert.Equal(["0"], receiver.Taken);
        _world.RunFor(10000, () => receiver.Taken.Length == 4);

        Assert.Equal(["0", "0", "0", "1"], receiver.Taken);
        Assert.Equal(2 * MqttMessageQueue.AbandonPauseMs, lastMs - startMs);
    }

    [Fact]
    public void Only_one_listens_at_a_time_and_only_to_an_open_queue()
    {
        MqttMessageQueue queue = _world.Queue("t", Raw);
        queue.BeginListen(null, new Receiver());

        AssertCode(InvalidStateException.AlreadyListening, () => queue.BeginListen(null, new Receiver()));
        AssertCode(InvalidStateException.AlreadyListening, () => queue.Listen(null, new Receiver()));
        queue.Close(null);
        AssertCode(InvalidStateException.NotOpened, () => queue.BeginListen(null, new Receiver()));
        AssertCode(InvalidStateException.NotOpened, () => queue.Listen(null, new Receiver()));
        queue.EndListen(null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listen_blocks_until_the_end_and_hands_over_first_what_waits(bool closes)
    {
        MqttMessageQueue queue = RealTimeQueue();
        queue.OnMessage("t", "0"u8.ToArray(), false);
        var receiver = new Receiver();
        Task listening = Start(() => queue.Listen(null, receiver));
        await Await(receiver, 1);
        queue.OnMessage("t", "1"u8.ToArray(), false);
        queue.OnMessage("t", "2"u8.ToArray(), false);
        await Await(receiver, 2);
        Assert.False(listening.IsCompleted);

        if (closes)
        {
            queue.Close(null);
        }
        else
        {
            queue.EndListen(null);
        }

        await listening.WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), Cancellation);
        Assert.Equal(["0", "1", "2"], receiver.Taken);
        Assert.Equal(!closes, queue.IsOpen);
    }

    [Fact]
    public async Task Listen_survives_its_receiver_and_can_be_ended_from_it()
    {
        MqttMessageQueue queue = RealTimeQueue();
        var receiver = new Receiver((message, from) =>
        {
            if (message.GetMessageAsString() == "1")
            {
                from.EndListen(null);
            }

            throw new InvalidOperationException("receiver");
        });
        Task listening = Start(() => queue.Listen(null, receiver));
        queue.OnMessage("t", "0"u8.ToArray(), false);
        queue.OnMessage("t", "1"u8.ToArray(), false);
        queue.OnMessage("t", "2"u8.ToArray(), false);
        await listening.WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), Cancellation);

        Assert.Equal(["0", "1"], receiver.Taken);
        Assert.Equal((2, 1), (queue.ReceiverFaults, queue.ReadMessageCount()));
    }

    [Fact]
    public async Task The_end_of_listening_leaves_a_pending_receive_what_comes_next()
    {
        MqttMessageQueue queue = RealTimeQueue();
        var receiver = new Receiver();
        Task listening = Start(() => queue.Listen(null, receiver));
        queue.OnMessage("t", "0"u8.ToArray(), false);
        await Await(receiver, 1);
        Task<MessageEnvelope> receive = Task.Factory.StartNew(
            () => queue.Receive(null, PatienceMs * 4),
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        queue.EndListen(null);
        await listening.WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), Cancellation);
        queue.OnMessage("t", "1"u8.ToArray(), false);

        MessageEnvelope message = await receive.WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), Cancellation);
        Assert.Equal("1", message.GetMessageAsString());
    }

    private void Deliver(params string[] payloads)
    {
        foreach (string payload in payloads)
        {
            _world.Broker.Deliver("t", World.Utf8(payload));
        }

        _world.RunFor(0);
    }

    private static MqttMessageQueue RealTimeQueue()
    {
        var clock = new VirtualClock();
        var platform = new MqttPlatform { Links = new FakeBroker(clock), Clock = clock, Random = new SeededRandom(1) };
        var endpoint = new MqttLinkOptions { KeepAliveSeconds = 15 };
        QueueOptions options = World.Read(AutoRaw);
        var connection = new MqttConnection(platform, [endpoint], options, new MemoryLogger());
        platform.Clock = new SystemTime();
        var queue = new MqttMessageQueue("t", null, connection, options, platform);
        queue.Open(null);
        return queue;
    }

    private static Task Start(Action action) =>
        Task.Factory.StartNew(action, Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static async Task Await(Receiver receiver, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            Assert.True(await receiver.Calls.WaitAsync(PatienceMs, Cancellation));
        }
    }

    private static void AssertCode(string code, Action action) =>
        Assert.Equal(code, Assert.Throws<InvalidStateException>(action).Code);

    /// <summary>
    /// Chance that is drawn, for the id, while a message is read; some of the first times there is no memory for that.
    /// </summary>
    private sealed class ScarceMemory : IRandom
    {
        public int Failures { get; set; }

        public int Next(int limit) => 0;

        public void NextBytes(byte[] buffer)
        {
            if (Failures-- > 0)
            {
                throw new OutOfMemoryException();
            }
        }
    }
}

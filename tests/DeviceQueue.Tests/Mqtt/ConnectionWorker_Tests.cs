using System.Collections.Concurrent;
using System.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Mqtt;

public sealed class ConnectionWorker_Tests
{
    private const int PatienceMs = 30000;

    private readonly SystemTime _time = new();
    private readonly MemoryLogger _log = new();
    private readonly Journal _life = new(new MemoryStore());
    private readonly BlockingLinks _links = new();
    private readonly MqttConnection _connection;
    private readonly ConnectionWorker _worker;

    public ConnectionWorker_Tests()
    {
        var platform = new MqttPlatform { Links = _links, Clock = _time, Random = new SeededRandom(1) };
        var endpoint = new MqttLinkOptions { Host = "broker", KeepAliveSeconds = 15 };
        _connection = new MqttConnection(platform, [endpoint], World.Read(""), _log);
        _worker = new ConnectionWorker(_connection, _time, _log) { Recorder = _life };
    }

    [Fact]
    public void Connects_publishes_as_soon_as_something_is_sent_and_stops()
    {
        MqttMessageQueue queue = OpenQueue();
        _links.Gate.Set();
        _worker.Start();
        World.Send(queue, "0");

        Assert.True(_links.Published.Wait(PatienceMs, TestContext.Current.CancellationToken));
        Assert.True(_worker.Stop(PatienceMs));
        Assert.False(_connection.IsOpen);
        Assert.Equal(0, _worker.Faults);
    }

    [Fact]
    public void Goes_on_with_one_thread_when_it_is_started_again_before_it_could_stop()
    {
        _worker.Start();
        Assert.True(_links.Opening.Wait(PatienceMs, TestContext.Current.CancellationToken));
        Assert.False(_worker.Stop(0)); // held in its connect
        _worker.Start();
        Assert.False(_links.Opening.Wait(100, TestContext.Current.CancellationToken), "a second thread connects");
        _links.Gate.Set();

        Assert.True(_worker.Stop(PatienceMs));
        _worker.Start();
        Assert.True(_worker.Stop(PatienceMs));
    }

    [Fact]
    public void Survives_what_nobody_foresaw_and_counts_it()
    {
        _links.Throws = true;
        _links.Gate.Set();
        _worker.Start();
        Assert.True(_links.Opening.Wait(PatienceMs, TestContext.Current.CancellationToken));
        _links.Throws = false;

        Assert.True(_worker.Stop(PatienceMs));
        Assert.True(_worker.Faults > 0);
        Assert.Contains(_log.Errors, line => line.StartsWith("fault of the connection, which goes on: "));
        Assert.Equal(_worker.Faults, _life.Faults);
        Assert.StartsWith("connection: InvalidOperationException", _life.LastFault);
    }

    [Fact]
    public void Pauses_after_a_fault_whatever_arrives_meanwhile()
    {
        _links.Throws = true;
        _links.Gate.Set();
        _worker.Start();
        WaitForFault();
        _connection.Wake.Set();

        Assert.True(SpinWait.SpinUntil(() => _links.OpenedAt.Count > 1, PatienceMs));
        long[] openedAt = [.. _links.OpenedAt];
        Assert.InRange(
            Stopwatch.GetElapsedTime(openedAt[0], openedAt[1]).TotalMilliseconds,
            ConnectionWorker.FaultPauseMs * 0.9,
            PatienceMs);
        Assert.True(_worker.Stop(PatienceMs));
    }

    [Fact]
    public void Ends_the_link_that_a_fault_met_and_connects_anew()
    {
        MqttMessageQueue queue = OpenQueue();
        _links.ThrowsOnPublish = true;
        _links.Gate.Set();
        _worker.Start();
        World.Send(queue, "0");
        WaitForFault();
        _links.ThrowsOnPublish = false;

        Assert.True(_links.Published.Wait(PatienceMs, TestContext.Current.CancellationToken));
        Assert.Equal((1, 2), (_links.Closed, _connection.Connects));
        Assert.Contains(_log.Lines, line => line.Contains("link lost: the device has a fault, "));
        Assert.True(_worker.Stop(PatienceMs));
    }

    private void WaitForFault() => Assert.True(SpinWait.SpinUntil(() => _worker.Faults > 0, PatienceMs));

    private MqttMessageQueue OpenQueue()
    {
        var platform = new MqttPlatform { Clock = _time, Random = new SeededRandom(1) };
        QueueOptions options = World.Read("options.serialize_envelope=false");
        var queue = new MqttMessageQueue("t", null, _connection, options, platform);
        queue.Open(null);
        return queue;
    }

    /// <summary>Links whose connect blocks until the gate is open.</summary>
    private sealed class BlockingLinks : IMqttLinkFactory, IMqttLink
    {
        public ManualResetEventSlim Gate { get; } = new();

        public SemaphoreSlim Opening { get; } = new(0);

        public ConcurrentQueue<long> OpenedAt { get; } = new();

        public SemaphoreSlim Published { get; } = new(0);

        public bool Throws { get; set; }

        public bool ThrowsOnPublish { get; set; }

        public int Closed { get; private set; }

        public bool IsOpen => true;

        public int MaxInflight => 18;

        public int DroppedMessages => 0;

        public IMqttLink Create(AutoResetEvent wake) => this;

        public MqttLinkResult Open(MqttLinkOptions options, bool cleanSession)
        {
            bool throws = Throws;
            OpenedAt.Enqueue(Stopwatch.GetTimestamp());
            Opening.Release();
            Gate.Wait(PatienceMs);
            return throws ? throw new InvalidOperationException() : new MqttLinkResult(MqttLinkError.None, 0, null);
        }

        public int TryPublish(string topic, byte[] payload, int qos, bool retain)
        {
            if (ThrowsOnPublish)
            {
                throw new InvalidOperationException();
            }

            Published.Release();
            return 1;
        }

        public int TrySubscribe(string filter, int qos) => 1;

        public int TryUnsubscribe(string filter) => 1;

        public bool TryProbe() => true;

        public bool TryTakeEvent(MqttLinkEvent e) => false;

        public void Close(bool isClean) => Closed++;
    }
}

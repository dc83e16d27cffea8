using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Messages;
using BoardGc = nanoFramework.Runtime.Native.GC;

namespace DeviceQueue.SystemTests.M2Mqtt;

/// <summary>
/// The client on a board whose heap has a size. Packets here have a topic of some 40 bytes, and 264 bytes of objects
/// beside them.
/// </summary>
public sealed class Heap_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int SlackBytes = 1_000;

    [Fact]
    public void A_packet_that_finds_no_place_ends_the_connection_unacknowledged()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = Connect(proxy.Port, topic, freeBytes: 8_000);

        observer.Publish(topic, new byte[100]);
        test.Received.WaitFor(1);
        observer.Publish(topic, new byte[8_000]);

        test.Closed.WaitFor(1);
        Assert.Single(test.Received.Items);
        Assert.True(SpinWait.SpinUntil(() => proxy.FromClients[PacketType.Puback] > 0, Patience.Bound));
        Assert.Equal(1, proxy.FromClients[PacketType.Puback]);
    }

    [Fact]
    public void A_message_of_which_only_the_packet_finds_a_place_is_lost_and_the_connection_stays()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using TestClient test = Connect(fixture.Broker.Port, topic, freeBytes: 8_000);

        observer.Publish(topic, new byte[4_000]); // a packet and two copies of the payload are 12,000
        observer.Publish(topic, new byte[2_000]);

        Assert.Equal(2_000, test.Received.WaitFor(1)[0].Message.Length);
        Assert.True(test.Board.Run(() => test.Client.IsConnected));
    }

    [Fact]
    public void What_waits_for_a_slow_handler_takes_the_heap_and_gives_it_back()
    {
        string topic = fixture.NewName();
        using Observer observer = new(fixture.Broker);
        using ManualResetEventSlim go = new();
        using TestClient test = Connect(fixture.Broker.Port, topic, freeBytes: 50_000, () => go.Wait(Patience.Bound));

        for (int i = 0; i < 10; i++)
        {
            observer.Publish(topic, new byte[1_000]);
        }

        // Three copies of each: 33,000 with their objects.
        Assert.True(SpinWait.SpinUntil(() => FreeOn(test) < 20_000, Patience.Bound));
        go.Set();
        test.Received.WaitFor(10);

        Assert.True(SpinWait.SpinUntil(() => FreeOn(test) == 50_000, Patience.Bound));
        Assert.InRange(test.Board.Board.Heap.LeastFree, 50_000 - 33_000 - (10 * 400), 20_000);
    }

    [Fact]
    public void Publish_throws_when_there_is_no_room_for_the_message_and_goes_on_when_there_is()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = Connect(proxy.Port, fixture.NewName(), freeBytes: 5_000);
        proxy.PubackDelay = TimeSpan.FromMinutes(1); // the client gives it up after three attempts

        Assert.NotEqual(0, Publish(test, 3_000 - SlackBytes));
        Assert.Throws<OutOfMemoryException>(() => Publish(test, 3_000));
        test.Published.WaitFor(1);

        Assert.NotEqual(0, Publish(test, 2_000));
        Assert.True(test.Board.Run(() => test.Client.IsConnected));
    }

    [Fact]
    public void A_client_that_is_closed_or_cut_off_gives_back_all_that_it_held()
    {
        using FaultProxy proxy = new(fixture.Broker);
        using TestClient test = Connect(proxy.Port, fixture.NewName(), freeBytes: 5_000);
        proxy.PubackDelay = TimeSpan.FromSeconds(20);
        Publish(test, 1_000);
        Assert.True(FreeOn(test) < 4_000);

        test.Board.Run(test.Client.Close);

        Assert.Equal(5_000, FreeOn(test));
    }

    [Fact]
    public void The_firmware_is_told_what_is_free_of_the_heap()
    {
        using TestBoard board = new();
        board.Board.Heap.Size = 98_304;
        board.Board.Heap.WorkingSet = 80_000;

        Assert.Equal(18_304u, board.Run(() => BoardGc.Run(false)));
    }

    private static TestClient Connect(int port, string topic, int freeBytes, Action? handle = null)
    {
        TestClient test = new TestClient(port, client => client.MqttMsgPublishReceived += (_, _) => handle?.Invoke())
            .Connected("heap-" + topic);
        test.Subscribe(topic);
        test.Board.Board.Heap.WorkingSet = 80_000;
        test.Board.Board.Heap.Size = 80_000 + freeBytes;
        return test;
    }

    private static int FreeOn(TestClient test) => (int)test.Board.Run(() => BoardGc.Run(false));

    private static ushort Publish(TestClient test, int bytes) =>
        test.Board.Run(() => test.Client.Publish("t", new byte[bytes], null, null, MqttQoSLevel.AtLeastOnce, false));
}

using System.Diagnostics;
using DeviceQueue.SystemTests.Mosquitto;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceQueue.SystemTests.M2Mqtt;

public abstract class Keepalive_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const ushort KeepaliveSeconds = 5;

    /// <summary>Classes of their own, so that their waits pass side by side.</summary>
    public sealed class Idle_Tests(BrokerFixture fixture) : Keepalive_Tests(fixture)
    {
        [Fact]
        public void An_idle_link_is_pinged_each_keepalive_until_a_ping_finds_no_answer()
        {
            using FaultProxy proxy = new(Fixture.Broker);
            using TestClient test = new TestClient(proxy.Port).Connected(Fixture.NewName(), KeepaliveSeconds);

            proxy.FromBroker.WaitFor(PacketType.Pingresp, 2);
            Assert.True(test.Board.Run(() => test.Client.IsConnected));
            proxy.Freeze();
            long frozen = Stopwatch.GetTimestamp();

            long closed = test.Closed.WaitFor(1)[0];
            TimeSpan noticed = Stopwatch.GetElapsedTime(frozen, closed);
            Assert.True(
                noticed >= TimeSpan.FromSeconds(9),
                $"After {noticed.TotalSeconds} s, though the ping and its answer have a keepalive each.");
        }
    }

    public sealed class Busy_Tests(BrokerFixture fixture) : Keepalive_Tests(fixture)
    {
        [Fact]
        public async Task Who_sends_QoS_0_alone_never_pings_and_never_notices()
        {
            using FaultProxy proxy = new(Fixture.Broker);
            using TestClient test = new TestClient(proxy.Port).Connected(Fixture.NewName(), KeepaliveSeconds);
            proxy.Freeze();
            long start = Stopwatch.GetTimestamp();
            using PeriodicTimer timer = new(TimeSpan.FromSeconds(0.5));

            while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(11))
            {
                test.Publish("t", "reading", MqttQoSLevel.AtMostOnce);
                await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }

            // A ping after one keepalive would have ended the connection after two.
            Assert.True(test.Board.Run(() => test.Client.IsConnected));
            Assert.Empty(test.Closed.Items);
        }
    }

    protected BrokerFixture Fixture { get; } = fixture;
}

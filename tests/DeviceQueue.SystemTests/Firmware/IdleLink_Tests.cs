using Brokers;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class IdleLink_Tests
{
    [Fact]
    public async Task An_idle_link_never_reconnects()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FaultProxy proxy = new(broker);
        using Operator watcher = new(broker);
        using FieldBoard board = new(proxy.Port, intervalMs: 600_000);
        board.Device["health_interval_ms"] = 600_000;
        board.Options["keepalive_timeout"] = 5000; // the least that the desktop's client library sends
        board.Boot();
        watcher.WaitForReadings(1);

        // 20 keepalives: the idleness itself
        await Task.Delay(TimeSpan.FromSeconds(20 * 5), TestContext.Current.CancellationToken);

        Assert.Equal(1, proxy.FromClients[PacketType.Connect]);
        Assert.DoesNotContain(watcher.Messages, m => m.Text == "offline");
        Assert.True(proxy.FromClients[PacketType.Pingreq] >= 10);
        Assert.Equal("succeeded", watcher.Command("device.ping", "{}")["status"]!.ToString());
    }
}

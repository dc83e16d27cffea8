using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class SlowBroker_Tests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(90);

    [Fact]
    public void A_PUBACK_delay_of_5_s_delays_nothing_for_ever_and_starts_no_storm()
    {
        const int Readings = 6;
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FaultProxy proxy = new(broker) { PubackDelay = TimeSpan.FromSeconds(5) };
        using Operator watcher = new(broker);
        using FieldBoard board = new FieldBoard(proxy.Port, intervalMs: 5000).Boot();

        watcher.WaitFor("temperature", m => Seq(m) >= Readings, Generous);

        IGrouping<int, int>[] copies = [.. watcher.WaitForReadings(1).Select(Seq).GroupBy(seq => seq)];
        Assert.Equal(Enumerable.Range(1, Readings), copies.Select(c => c.Key).Take(Readings));
        Assert.All(copies, c => Assert.InRange(c.Count(), 1, 12));
        Assert.InRange(proxy.FromClients[PacketType.Connect], 1, 10);
    }

    private static int Seq(Observed reading) => JsonNode.Parse(reading.Text)!["seq"]!.GetValue<int>();
}

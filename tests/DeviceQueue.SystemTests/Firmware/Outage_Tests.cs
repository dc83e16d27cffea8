using System.Device.Gpio;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Outage_Tests
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_broker_killed_for_20_s_costs_no_reading_and_no_output()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FaultProxy proxy = new(broker);
        using FieldBoard board = new FieldBoard(proxy.Port).Boot();
        using Operator first = new(broker);
        first.WaitFor("status", m => m.Text == "online");
        first.Command("output.set", """{"name":"relay1","on":true}""");
        first.WaitForReadings(3);

        broker.Kill();
        proxy.RefuseConnections();
        await Task.Delay(Outage, TestContext.Current.CancellationToken); // the outage itself
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);
        int before = first.WaitForReadings(3).Max(Seq); // what the broker acknowledged it had handed on before
        broker.Restart();
        using Operator second = new(broker); // there before the firmware can be
        proxy.AcceptConnections();

        second.WaitFor("temperature", m => Seq(m) >= before + 22, Generous);
        int[] arrived = [.. second.WaitForReadings(1).Select(Seq).Distinct()];
        int last = arrived[^1];
        Assert.Equal(Enumerable.Range(arrived[0], last - arrived[0] + 1), arrived);
        Assert.True(
            arrived[0] <= before + 1,
            $"the first that arrived is {arrived[0]}, the last before the outage was {before}");
        Assert.Equal("ON", second.WaitFor("output/relay1").Text);
        second.WaitFor("status", m => m.Text == "online");
        Assert.Equal(
            "succeeded", second.Command("output.set", """{"name":"relay1","on":false}""")["status"]!.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
        Assert.Equal(0, second.WaitForHealth(_ => true)["dropped"]!["overflow"]!.GetValue<int>());
    }

    [Fact]
    public void Wifi_that_goes_and_comes_back_costs_no_reading()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using Operator watcher = new(broker);
        using FieldBoard board = new FieldBoard(broker.Port).Boot();
        int before = watcher.WaitForReadings(2).Max(Seq);

        board.Board.Network.WifiAvailable = false;
        board.WaitForConsole("link lost", Generous);
        board.Board.Network.WifiAvailable = true;

        watcher.WaitFor("temperature", m => Seq(m) >= before + 5, Generous);
        int[] arrived = [.. watcher.WaitForReadings(1).Select(Seq).Distinct()];
        Assert.Equal(Enumerable.Range(1, arrived[^1]), arrived);
    }

    private static int Seq(Observed reading) => JsonNode.Parse(reading.Text)!["seq"]!.GetValue<int>();
}

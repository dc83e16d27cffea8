using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Simulator;

/// <summary><c>tools/run --sleep</c>, with the clients that its user has.</summary>
public sealed class Sleep_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void It_shows_a_device_that_sleeps_and_takes_commands_when_it_connects()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        string uri = $"mqtt://127.0.0.1:{fixture.Broker.Port}";
        using SimulatorProcess simulator = new("--sleep", "--connect-every", "2", "--broker", uri, "--id", id);
        simulator.WaitForLine("Sleep is skipped: 5 minutes pass in 3 seconds.");
        simulator.WaitForLine("asleep: 4 min ");
        string client = $"timeout 20 mosquitto_sub -h 127.0.0.1 -p {fixture.Broker.Port}";
        ToolProcess.Shell($"{client} -t 'sensor/{id}/status' | grep -m 1 asleep");

        watcher.Send(Operator.Envelope("device.ping", "{}", "waits"));

        Assert.Equal("succeeded", watcher.WaitForAnswer("waits")["status"]!.ToString());
        Observed[] readings = watcher.WaitForReadings(6);
        Assert.Equal(
            [1, 2, 3, 4, 5, 6], readings.Take(6).Select(m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>()));
        DateTime[] times = [.. readings.Take(6).Select(m => JsonNode.Parse(m.Text)!["time"]!.GetValue<DateTime>())];
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.InRange((pair.Second - pair.First).TotalMinutes, 4, 6));
        simulator.WaitForLine("asleep again");
        simulator.Signal("INT");
        Assert.Equal(0, simulator.WaitForExit());
    }

    [Theory]
    [InlineData("mosquitto")]
    [InlineData("embedded")]
    public void A_key_that_is_pressed_while_it_sleeps_is_answered_at_the_next_connect(string broker)
    {
        using TerminalProcess terminal = new(100, 40, $"--sleep --broker {broker}");
        terminal.WaitForRow("device", "all well");
        terminal.WaitForRow("pace", "5 minutes pass in 3 seconds");
        terminal.WaitForRow("device", "asleep");
        terminal.WaitForRow("link", "asleep");

        terminal.Press("p");

        terminal.WaitForRow("p: sent output.pulse", "the broker keeps it until the board connects");
        terminal.WaitForRow("answer: output.pulse: succeeded");
        terminal.WaitForRow("device", "asleep");
        terminal.Press("c");
        terminal.WaitForRow("device", "no power");
        terminal.Press("c");
        terminal.WaitForRow("device", "all well");
        terminal.WaitForRow("device", "asleep");
        terminal.Press("q");
        terminal.WaitForLine("demo is asleep");
    }
}

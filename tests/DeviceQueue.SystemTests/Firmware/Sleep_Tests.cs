using System.Device.Gpio;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>
/// The whole firmware on a virtual board that sleeps, at a real broker. What the board sleeps is skipped.
/// </summary>
public sealed class Sleep_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly TimeSpan PowerOn = TimeSpan.FromMinutes(5);

    [Fact]
    public void A_board_sleeps_and_wakes_and_brings_each_reading_once()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Sleepy(id, connectEvery: 3);
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher);
        TimeSpan first = sleeps.WaitFor(1)[0];
        Assert.InRange(first.TotalMinutes, 4, 5);
        watcher.WaitFor("status", m => m.Text == "asleep");
        Assert.Null(board.Board.Gpio[FieldBoard.RelayPin].Mode);

        for (int i = 2; i <= 7; i++)
        {
            board.Board.SkipSleep();
            sleeps.WaitFor(i);
        }

        long[] sequences =
        [
            .. watcher.WaitForReadings(8).Select(m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<long>()),
        ];
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], sequences);
        Assert.Equal(
            ["online", "asleep", "online", "asleep", "online", "asleep"],
            watcher.Messages.Where(m => m.Topic.EndsWith("/status", StringComparison.Ordinal))
                .Select(m => m.Text).SkipWhile(text => text != "online"));
        Assert.Equal(7, board.Board.BootCount);
        Assert.Equal(1, watcher.WaitForHealth(_ => true)["boot"]!.GetValue<int>());
    }

    [Fact]
    public void A_command_waits_at_the_broker_until_the_board_wakes()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = Sleepy(id, hasKey: true);
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher);
        sleeps.WaitFor(1);
        int pulses = 0;
        board.Board.Gpio[FieldBoard.RelayPin].Changed += (_, change) => pulses += change.Level == PinValue.High ? 1 : 0;
        for (int i = 0; i < 20; i++)
        {
            watcher.Send(Operator.Envelope("output.pulse", """{"name":"relay1","ms":5}""", $"p{i}"));
        }

        board.Board.SkipSleep();

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("succeeded", watcher.WaitForAnswer($"p{i}")["status"]!.ToString());
        }

        sleeps.WaitFor(2);
        Assert.InRange(pulses, 1, 20); // one that begins before the last has ended makes no edge
    }

    [Fact]
    public void A_reset_while_it_sleeps_is_a_boot_of_its_own()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Sleepy(id, connectEvery: 12);
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher);
        sleeps.WaitFor(1);
        board.Board.SkipSleep();
        sleeps.WaitFor(2);

        board.Board.Reset();

        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() == 257);
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() == 3);
    }

    private static void Begin(FieldBoard board, Operator watcher)
    {
        board.Boot();
        board.WaitForConsole("status: all well");
        watcher.WaitForReadings(1);
        board.Board.Clock.Skip(PowerOn);
    }

    private FieldBoard Sleepy(string id, int connectEvery = 1, bool hasKey = false)
    {
        FieldBoard board = new(fixture.Broker.Port, id, intervalMs: 300_000, hasKey: hasKey);
        board.Device["sleep"] = true;
        board.Device["connect_every"] = connectEvery;
        board.Device["health_interval_ms"] = 300_000;
        return board;
    }
}

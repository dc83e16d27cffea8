using System.Device.Gpio;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Esp32;
using DeviceQueue.SystemTests.Battery;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>
/// The whole firmware on a virtual board that sleeps, at a real broker. What the board sleeps is skipped.
/// </summary>
public sealed class Sleep_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int Burst = 20;
    private const int MaxWaitMs = 30;
    private const int StallMs = StallWatch.StallMs / 10;

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
        string[] Said() =>
        [
            .. watcher.Messages.Where(m => m.Topic.EndsWith("/status", StringComparison.Ordinal))
                .Select(m => m.Text).SkipWhile(text => text != "online"),
        ];
        Assert.True(SpinWait.SpinUntil(() => Said().Length >= 6, Patience.Bound));
        Assert.Equal(["online", "asleep", "online", "asleep", "online", "asleep"], Said());
        Assert.Equal(7, board.Board.BootCount);
        Assert.Equal(1, watcher.WaitForHealth(_ => true)["boot"]!.GetValue<int>());
    }

    [Fact]
    public void Twenty_commands_wait_at_the_broker_and_are_carried_out_and_answered_in_one_wake_up()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = Sleepy(id, hasKey: true);
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher);
        sleeps.WaitFor(1);
        Recorder<bool> levels = new();
        board.Board.Gpio[FieldBoard.RelayPin].Changed += (_, change) => levels.Add(change.Level == PinValue.High);
        for (int i = 0; i < Burst; i++)
        {
            watcher.Send(Operator.Envelope("output.toggle", """{"name":"relay1"}""", $"p{i}"));
        }

        board.Board.SkipSleep();

        for (int i = 0; i < Burst; i++)
        {
            Assert.Equal("succeeded", watcher.WaitForAnswer($"p{i}")["status"]!.ToString());
        }

        sleeps.WaitFor(2);
        bool[] seen = [false, .. levels.Items];
        Assert.Equal(Burst, seen.Zip(seen.Skip(1)).Count(pair => pair.First != pair.Second));
        Assert.False(seen[^1]);
        Assert.Equal(Burst, watcher.Messages.Count(m => m.Topic.EndsWith("/response", StringComparison.Ordinal)));
        Assert.Equal((2, 2), (sleeps.Items.Length, board.Board.BootCount));
    }

    [Theory]
    [InlineData(false, "main: OutOfMemoryException: no heap left")]
    [InlineData(true, "main loop: stalled for 6 s")]
    public void A_wake_up_that_crashes_or_stalls_ends_in_a_reboot_that_tells_why(bool isStalled, string fault)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Sleepy(id, connectEvery: 12);
        using ManualResetEventSlim over = new();
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher, () => FirstWakeStalls(board));
        sleeps.WaitFor(1);
        int left = 1;
        board.Board.Fault = () =>
        {
            if (!IsInShortWake() || Interlocked.Decrement(ref left) < 0)
            {
                return null;
            }

            if (isStalled)
            {
                over.Wait(Patience.Bound);
            }

            return new OutOfMemoryException("no heap left");
        };
        board.Board.SkipSleep();

        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() == 257);
        over.Set();
        board.Board.Clock.Skip(PowerOn);
        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        Assert.Equal(
            (1, fault), (health["faults"]!.GetValue<int>(), health["last_fault"]!.ToString()));
        Assert.False(health["safe_mode"]!.GetValue<bool>());
        Assert.Equal(3, board.Board.BootCount);
    }

    [Fact]
    public void After_a_sleep_TLS_checks_the_certificate_by_the_calendar_that_went_on()
    {
        using FieldBoard board = new(0, intervalMs: 300_000);
        using CertificateAuthority authority = new(board.Board.StorageDirectory);
        (MosquittoBroker broker, int port) = SelfCare_Tests.StartTls(board, authority);
        using (broker)
        using (Operator watcher = new(broker))
        {
            board.Device["sleep"] = true;
            Recorder<TimeSpan> sleeps = new();
            board.Board.FellAsleep += sleeps.Add;
            Begin(board, watcher);
            sleeps.WaitFor(1);
            board.Board.Network.NtpReachable = false;
            board.Board.SkipSleep();

            sleeps.WaitFor(2);
            JsonNode reading = JsonNode.Parse(watcher.WaitForReadings(3)[2].Text)!;
            Assert.NotNull(reading["time"]);
            Assert.Equal(2, board.Console.Items.Count(line => line.Contains($"connected to 127.0.0.1:{port}")));
            int waits = board.Console.Items.Count(line => line.Contains("TLS waits up to 60 s"));
            Assert.InRange(waits, 0, 1); // at the power-on
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_wake_up_that_does_not_connect_waits_for_30_ms_at_most(bool isSht31)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Sleepy(id, connectEvery: 12);
        Sht31Slave sht31 = new(new ConstantClimate(new Climate(19, 45, 0)));
        board.Board.I2c.Attach(0x45, sht31);
        (board.Sensor.IsUnplugged, sht31.IsUnplugged) = (isSht31, !isSht31);
        board.Device["battery"] = new JsonObject { ["pin"] = 36 };
        board.Board.Gpio[36].ExternalVolts = 2;
        board.Board.Network.AutoConnect = false;
        board.Board.Energy.Assumptions = // so that the account has nothing but the waits
            new() { StartSeconds = 0, InstructionMicroseconds = 0, EraseMilliseconds = 0 };
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher, CountedFirmware.Main);
        sleeps.WaitFor(1);
        for (int i = 2; i <= 6; i++)
        {
            double before = board.Board.Energy.Read()[PowerState.Awake];
            board.Board.SkipSleep();
            sleeps.WaitFor(i);

            double waited = board.Board.Energy.Read()[PowerState.Awake] - before;
            Assert.InRange(Math.Round(waited * 1000), 10, MaxWaitMs);
        }
    }

    [Fact]
    public void After_a_failed_reading_the_next_wake_up_looks_for_any_sensor_again()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Sleepy(id, connectEvery: 12);
        Sht31Slave sht31 = new(new ConstantClimate(new Climate(19, 45, 0)));
        board.Board.I2c.Attach(0x44, sht31);
        sht31.IsUnplugged = true;
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        Begin(board, watcher);
        sleeps.WaitFor(1);
        board.Sensor.IsUnplugged = true;
        board.Board.SkipSleep();
        sleeps.WaitFor(2);
        watcher.WaitForHealth(health => health["sensor"]!["state"]!.ToString() == "not_found");
        sht31.IsUnplugged = false;
        for (int i = 3; i <= 15; i++)
        {
            board.Board.SkipSleep();
            sleeps.WaitFor(i);
        }

        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["msg"]!.ToString() == "19.00");
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

    private static void FirstWakeStalls(FieldBoard board) =>
        DeviceQueue.Esp32.Program.Start(board.Board.BootCount == 2 ? StallMs : StallWatch.StallMs);

    private static bool IsInShortWake() => new StackTrace().GetFrames()
        .Any(frame => frame.GetMethod()?.DeclaringType == typeof(DeviceQueue.Sleep.ShortWake));

    private static void Begin(FieldBoard board, Operator watcher, Action? main = null)
    {
        board.Boot(main);
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

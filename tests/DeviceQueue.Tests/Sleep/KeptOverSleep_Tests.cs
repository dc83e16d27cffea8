using DeviceQueue.Sleep;

namespace DeviceQueue.Tests.Sleep;

/// <summary>What a device that sleeps must neither forget nor take for right from one wake-up to the next.</summary>
public sealed class KeptOverSleep_Tests
{
    private const int MinuteMs = 60_000;
    private const string Hourly = "device.connect_every=12;";
    private const string Pulse = "output.pulse";
    private const string Arguments = """{"name":"relay1","ms":20}""";

    [Fact]
    public void An_unreadable_record_of_commands_holds_changes_back_for_as_long_as_one_could_be_repeated()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + "device.command_ttl_ms=600000;").Begin();
        board.Store.Files["commands.0"] = [];
        for (int i = 0; i < 4; i++)
        {
            board.Command(Pulse, Arguments);
            board.Wake();
        }

        string[] codes = [.. Enumerable.Range(0, 4).Select(i => Node.Code(board.Node.Answer(i)) ?? "done")];
        Assert.Equal(["busy", "busy", "busy", "done"], codes);

        // The next time is a time of its own.
        board.Store.Files["commands.0"] = [];
        board.Store.Files.Remove("commands.1");
        board.Command(Pulse, Arguments);
        board.Wake();
        Assert.Equal("busy", Node.Code(board.Node.Answer(4)));
    }

    [Fact]
    public void After_two_days_without_a_broker_a_fast_timer_makes_no_command_old_and_dates_no_reading_ahead()
    {
        var config = Node.WithKey + "device.command_ttl_ms=7200000;";
        SleepingBoard board = new SleepingBoard(config) { Drift = -0.03 }.Begin();
        board.Wake(3);
        board.Broker.IsUp = false;
        board.Wake(2 * 288);
        board.Broker.IsUp = true;
        board.Command(Pulse, Arguments, sent: board.WorldUtc.AddMinutes(-30));
        while (board.Node.On("response").Length == 0)
        {
            board.Wake();
        }

        Assert.Equal("succeeded", Node.Status(board.Node.Answer()));
        List<DateTime> world = [];
        for (int i = 0; i < 10; i++)
        {
            board.PassSleep();
            world.Add(board.WorldUtc);
            board.StartAwake();
            board.RunUntilAsleep();
        }

        DateTime[] times =
        [
            .. board.Node.On("temperature").TakeLast(10)
                .Select(reading => Node.Json(reading).GetProperty("time").GetDateTime()),
        ];
        Assert.All(times.Zip(world), pair => Assert.Equal(pair.Second, pair.First, TimeSpan.FromSeconds(20)));
        Assert.All(
            times.Zip(times.Skip(1)).Skip(1),
            pair => Assert.Equal(5 * MinuteMs, (pair.Second - pair.First).TotalMilliseconds, 2000.0));
        Assert.All(
            board.Node.On("temperature").TakeLast(10),
            reading => Assert.False(Node.Json(reading).TryGetProperty("clock", out _)));
    }

    [Fact]
    public void An_hour_awake_after_a_fast_timer_dates_no_reading_ahead_either()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly) { Drift = -0.03 }.Begin();
        board.Broker.IsUp = false;
        board.Wake(2 * 288);
        board.Broker.IsUp = true;
        int links = board.Broker.Links.Count;
        while (board.Broker.Links.Count == links)
        {
            board.PassSleep();
            board.StartAwake();
            if (!board.IsAsleep)
            {
                board.Node.Outputs.Set(0, true);
                board.RunFor(61 * MinuteMs);
                board.Node.Outputs.Set(0, false);
                board.RunUntilAsleep();
            }
        }

        Assert.InRange(board.Node.Health().GetProperty("time").GetDateTime(), default, board.WorldUtc.AddSeconds(2));
    }

    [Fact]
    public void A_thread_that_loses_the_processor_between_two_clocks_is_not_taken_for_the_time_service()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        board.HasTimeService = false;
        long setMs = SleepRecord.Read(board.Store)![SleepRecord.SetMs];
        int reads = 0;
        board.Clock.UtcRead = () => reads++;
        board.Wake();
        Assert.InRange(reads, 10, 400);
        for (int nth = 1; nth <= reads; nth++)
        {
            int left = nth;
            board.Clock.UtcRead = () => board.Clock.NowMs += --left == 0 ? 3000 : 0;
            board.Wake();
            board.Clock.UtcRead = null;

            Assert.Equal(setMs, SleepRecord.Read(board.Store)![SleepRecord.SetMs]);
        }
    }

    [Fact]
    public void Numbers_that_could_not_be_reserved_are_reserved_by_a_later_wake_up_and_do_not_repeat()
    {
        SleepingBoard board = new SleepingBoard();
        board.Store.FailsName = "boot";
        board.Begin();
        board.Wake(3);
        Assert.True(MayRepeat(board));
        board.Store.FailsName = null;
        board.Wake(2);
        Assert.False(MayRepeat(board));
        board.PassSleep();
        board.PowerOn();
        board.RunUntilAsleep();
        board.Wake(3);

        Assert.Equal(board.Sequences.Distinct(), board.Sequences);
    }

    [Fact]
    public void That_numbers_were_lost_before_this_boot_is_said_after_a_sleep_too()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        foreach (string name in new[] { "boot.0", "boot.1" }.Where(board.Store.Files.ContainsKey))
        {
            board.Store.Files[name][3] ^= 1;
        }

        board.PassSleep();
        board.PowerOn();
        board.RunUntilAsleep();
        Assert.True(MayRepeat(board));
        long boot = board.Node.Health().GetProperty("boot").GetInt64();
        board.Wake(2);

        Assert.True(MayRepeat(board));
        Assert.Equal(boot, board.Node.Health().GetProperty("boot").GetInt64());
    }

    private static bool MayRepeat(SleepingBoard board) => board.Node.Health().TryGetProperty("seq_may_repeat", out _);
}

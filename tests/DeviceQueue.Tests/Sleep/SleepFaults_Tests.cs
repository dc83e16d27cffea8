using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Readings;
using DeviceQueue.Sleep;
using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Sleep;

/// <summary>A device that sleeps, when something goes wrong.</summary>
public sealed class SleepFaults_Tests
{
    private const int MinuteMs = 60_000;
    private const string Hourly = "device.connect_every=12;";
    private const string Torn = "torn";
    private const string OtherVersion = "other version";
    private const string Gone = "gone";
    private const string Status = "sensor/bar1/status";
    private const string Announcement = "homeassistant/device/bar1/config";

    [Fact]
    public void A_command_that_comes_while_it_says_asleep_holds_it_until_the_output_is_safe()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        OnLastWord(board, () => board.Command("output.set", """{"name":"relay1","on":true}"""));
        board.PassSleep();
        board.StartAwake();
        board.RunFor(10 * MinuteMs);
        Assert.Equal((false, "online"), (board.IsAsleep, board.Status));
        Assert.True(board.Pins.Levels[13]);
        board.Command("output.set", """{"name":"relay1","on":false}""");
        board.RunUntilAsleep();

        Assert.Equal("asleep", board.Status);
        Assert.Equal(2, board.Node.On("response").Length);
    }

    [Fact]
    public void What_a_connect_finds_out_is_told_in_the_same_wake_up()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Broker.RefusedFilters.Add("sensor/bar1/command");
        board.Wake(12);

        Assert.Contains("refused", board.Node.Health().GetProperty("commands").GetString());
    }

    [Fact]
    public void An_announcement_that_no_broker_had_is_made_at_the_next_connect()
    {
        var board = new SleepingBoard(Hourly + "device.discovery=true;");
        board.Broker.IsUp = false;
        board.PowerOn();
        board.RunUntilAsleep();
        board.Wake(2);
        Assert.Null(board.Broker.Retained(Announcement));
        board.Broker.IsUp = true;
        board.Wake(24);

        Assert.NotNull(board.Broker.Retained(Announcement));
    }

    [Fact]
    public void While_storage_fails_it_connects_though_a_retry_was_not_due_yet()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Broker.IsUp = false;
        board.Wake(14 + 24);
        int attempts = board.Broker.Attempts.Count;
        while (board.Broker.Attempts.Count == attempts)
        {
            board.Wake(); // the next attempt is an hour away then
        }

        board.Broker.IsUp = true;
        long arrived = board.Sequences.Length;
        board.Store.FailsName = "outbox";
        WakeWhole(board);
        board.RunFor(MinuteMs);

        Assert.True(board.Sequences.Length > arrived + 30);
    }

    [Fact]
    public void A_broker_that_acknowledges_no_reading_does_not_keep_it_awake()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        board.Broker.Publishing = (_, topic) =>
            board.Broker.PubackMs = topic.EndsWith("/temperature", StringComparison.Ordinal) ? null : 20;
        WakeWhole(board);
        board.RunFor(10 * MinuteMs);

        Assert.True(board.IsAsleep);
        Assert.Empty(board.Node.Restarts);
    }

    [Fact]
    public void A_calendar_that_was_set_in_the_last_moment_is_not_taken_for_a_floor()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        WakeWhole(board);
        board.RunFor(100);
        board.Node.Journal.SetFloorClock(true);
        board.RunUntilAsleep();

        Assert.False(board.Node.Journal.IsFloorClock);
        Assert.Equal(0, SleepRecord.Read(board.Store)[SleepRecord.IsFloorClock]);
    }

    [Fact]
    public void A_segment_of_one_byte_is_no_fault()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        Assert.NotNull(SleepRecord.Read(board.Store));
        Assert.DoesNotContain(board.Store.Files.Keys, IsSegment);
        foreach (char digit in "0123456789abcdef")
        {
            board.Store.Files["outbox." + digit] = [1];
        }

        Assert.Null(SleepRecord.Read(board.Store));
    }

    [Fact]
    public void A_short_hold_does_not_end_the_five_minutes_after_a_power_on()
    {
        var board = new SleepingBoard(Node.WithKey);
        board.PowerOn();
        board.RunFor(10_000);
        board.Command("device.stay_awake", """{"ms":1}""");
        board.RunFor(4 * MinuteMs);

        Assert.False(board.IsAsleep);
        Assert.Equal("succeeded", Node.Status(board.Node.Answer(0)));
    }

    [Fact]
    public void A_command_that_comes_with_the_end_of_the_link_is_answered_or_counted()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        OnLastWord(board, () =>
        {
            board.Broker.PubackMs = 0;
            board.Node.Deliver = null;
            board.Node.Command("output.pulse", """{"name":"relay1","ms":20}""");
        });
        board.Wake(2);

        Assert.Equal(1, board.Node.On("response").Length + board.Node.Journal.Dropped[DropReason.Arrived]);
    }

    [Fact]
    public void A_fault_in_a_wake_up_that_does_not_connect_is_told_at_the_next_one_and_once()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(2);
        board.Store.FailsName = "outbox";
        WakeWhole(board);
        board.Store.FailsName = null;
        board.Node.Journal.Record("main loop", new InvalidOperationException("worn"));
        board.RunUntilAsleep();
        int links = board.Broker.Links.Count;
        board.Wake();
        Assert.Equal(links + 1, board.Broker.Links.Count);
        Assert.Equal(1, board.Node.Health().GetProperty("faults").GetInt32());
        board.Wake(3);

        Assert.Equal(links + 1, board.Broker.Links.Count);
    }

    [Theory]
    [InlineData("outbox", true)]
    [InlineData("outbox", false)]
    [InlineData("", true)]
    [InlineData("", false)]
    public void While_storage_fails_it_stays_awake_and_no_reading_is_lost(string name, bool hasBroker)
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Broker.IsUp = hasBroker;
        board.Wake(14);
        board.Store.FailsName = name;
        WakeWhole(board);
        board.RunFor(12 * MinuteMs);
        Assert.False(board.IsAsleep);
        board.Store.FailsName = null;
        board.RunUntilAsleep();
        board.Broker.IsUp = true;
        board.Wake(24);

        Assert.Empty(board.Node.Restarts);
        DateTime[] times = [.. Times(board).Distinct().Order()];
        Assert.InRange(times.Zip(times.Skip(1)).Max(pair => (pair.Second - pair.First).TotalMinutes), 4, 6);
        Assert.Equal(0, board.Node.Journal.Dropped[DropReason.Overflow]);
    }

    [Theory]
    [InlineData(Torn)]
    [InlineData(OtherVersion)]
    [InlineData(Gone)]
    public void Without_a_record_that_can_be_read_a_wake_up_is_a_boot_and_no_reading_is_lost(string damage)
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(3);
        if (damage == OtherVersion)
        {
            var file = new TwoSlotFile(board.Store, "sleep.0", "sleep.1", 1000);
            Assert.True(file.TryRead(out int count));
            file.Buffer[TwoSlotFile.HeaderBytes]++;
            Assert.True(file.TryWrite(count));
        }

        foreach (string name in board.Store.Files.Keys.Where(IsRecord).ToArray())
        {
            byte[] data = board.Store.Files[name];
            board.Store.Files[name] = damage == Torn ? data[..^1] : data;
            _ = damage == Gone && board.Store.Files.Remove(name);
        }

        board.PassSleep();
        Assert.Null(SleepRecord.Read(board.Store));
        board.PowerOn();
        board.RunUntilAsleep();

        Assert.Equal([1, 2, 3, 4, 5, 257, 258], board.Sequences);
        Assert.False(board.Node.Journal.IsSafeMode);
        Assert.Equal(0, board.Node.Journal.Dropped.Total);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Hourly)]
    public void A_power_cut_at_any_byte_of_what_a_wake_up_writes_loses_that_reading_at_most(string config)
    {
        int steps = 0;
        bool isCut = true;
        for (; isCut; steps += 7)
        {
            SleepingBoard board = new SleepingBoard(config).Begin();
            board.Wake(2);
            board.PassSleep();
            board.Store.StepsToPowerCut = steps;
            board.StartAwake();
            if (!board.IsAsleep && !board.Store.IsOff)
            {
                board.RunUntilAsleep();
            }

            isCut = board.Store.IsOff;
            board.Store.StepsToPowerCut = null;
            if (isCut)
            {
                board.PowerOn();
                board.RunUntilAsleep();
                board.Wake(13);
            }
            else
            {
                board.Wake(12);
            }

            long[] sequences = [.. board.Sequences.Distinct().Order()];
            long[] before = [.. sequences.Where(number => number < 256)];
            Assert.InRange(before.Length, 4, 17);
            Assert.Equal([.. Enumerable.Range(1, before.Length).Select(i => (long)i)], before);
            long[] after = sequences[before.Length..];
            Assert.Equal([.. Enumerable.Range(257, after.Length).Select(i => (long)i)], after);
            Assert.InRange(after.Length, isCut ? 13 : 0, isCut ? 17 : 0);
            Assert.InRange(board.Node.Journal.Dropped[DropReason.Torn], 0, 1);
            Assert.Equal(board.Node.Journal.Dropped[DropReason.Torn], board.Node.Journal.Dropped.Total);
        }

        Assert.InRange(steps, 100, 10_000);
    }

    [Fact]
    public void What_a_power_cut_tore_is_counted_once_though_it_wakes_often_without_a_reading_to_send()
    {
        SleepingBoard board = new SleepingBoard("device.report_delta=50;").Begin();
        board.Broker.IsUp = false;
        board.Sensor.TemperatureC = 80;
        board.Wake();
        board.Sensor.TemperatureC = 20;
        board.PassSleep();
        board.Store.StepsToPowerCut = 100;
        board.StartAwake();
        if (!board.Store.IsOff)
        {
            board.RunUntilAsleep();
        }

        Assert.True(board.Store.IsOff);
        board.Store.StepsToPowerCut = null;
        board.Sensor.State = SensorState.NoAnswer; // nothing is published
        board.PowerOn();
        board.RunUntilAsleep();
        board.Wake(40);

        Assert.Equal(1, new Journal(board.Store).Dropped[DropReason.Torn]);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(-0.05)]
    public void A_timer_that_is_off_by_five_percent_leaves_readings_times_and_commands_right(double drift)
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly) { Drift = drift }.Begin();
        for (int i = 0; i < 12 * 48; i++)
        {
            if (i % 36 == 5)
            {
                board.Command("device.ping", "{}");
            }

            board.Wake();
        }

        board.Wake(12);
        Assert.Equal(16, board.Node.On("response").Length);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal("succeeded", Node.Status(board.Node.Answer(i))));
        Assert.All(
            board.Node.On("temperature").Skip(3),
            reading => Assert.True(Node.Json(reading).TryGetProperty("time", out _)));
        long[] sequences = board.Sequences;
        Assert.Equal(Enumerable.Range(1, sequences.Length).Select(i => (long)i), sequences);
        // the calendar is set again every six hours, and runs as the timer does in between
        TimeSpan behind = board.WorldUtc - Times(board).Last();
        Assert.InRange(behind.TotalMinutes, -19, 19 + 5);
    }

    [Fact]
    public void Without_a_time_server_for_days_readings_are_dated_by_boot_and_uptime()
    {
        SleepingBoard board = new SleepingBoard(Hourly) { HasTimeService = false }.Begin();
        board.Wake(3 * 288);

        long[] uptimes =
        [
            .. board.Node.On("temperature").Select(reading => Node.Json(reading))
                .Select(reading => (reading.GetProperty("uptime_ms").GetInt64() + 1000) / MinuteMs),
        ];
        Assert.True(uptimes.Length > 3 * 288 - 12);
        Assert.Equal([.. Enumerable.Range(0, uptimes.Length).Select(i => i * 5L)], uptimes);
    }

    [Fact]
    public void The_longest_awake_ms_does_not_hold_it_for_ever()
    {
        SleepingBoard board = new SleepingBoard("device.awake_ms=60000;").Begin();
        board.Wake();

        Assert.InRange(board.AwakeMs, 60_000, 65_000);
    }

    [Fact]
    public void Safe_mode_does_not_sleep()
    {
        var board = new SleepingBoard("device.safe_mode_boots=1;");
        board.PowerOn();
        board.PowerOn(); // before its first reading had its time
        board.PowerOn();
        board.PowerOn();
        Assert.True(board.Node.Journal.IsSafeMode);
        board.RunFor(30 * MinuteMs);

        Assert.False(board.IsAsleep);
        Assert.Equal("online", board.Status);
    }

    [Theory]
    [InlineData("device.reboot", "{}")]
    [InlineData("device.wipe", """{"confirm":"bar1"}""")]
    public void Reboot_and_wipe_are_answered_and_done_before_it_sleeps(string type, string arguments)
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly).Begin();
        board.Command(type, arguments);
        board.Wake(11);
        board.PassSleep();
        board.StartAwake();
        board.RunFor(8000);

        Assert.Equal("succeeded", Node.Status(board.Node.Answer()));
        Assert.Single(board.Node.Restarts);
    }

    [Theory]
    [InlineData("""{"connect_every":0}""")]
    [InlineData("""{"connect_every":86401}""")]
    [InlineData("""{"awake_ms":60001}""")]
    [InlineData("""{"interval_ms":79000,"connect_every":12}""")]
    [InlineData("""{"sleep":false}""")]
    public void What_cannot_work_is_refused_and_nothing_of_it_is_taken(string arguments)
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        board.Command("config.set", arguments);
        board.Wake();

        Assert.Equal("bad_arguments", Node.Code(board.Node.Answer()));
        Assert.InRange(board.SleepMs, 4 * MinuteMs, 5 * MinuteMs);
        int links = board.Broker.Links.Count;
        board.Wake();
        Assert.Equal(links + 1, board.Broker.Links.Count);
    }

    [Fact]
    public void A_foreign_asleep_is_corrected_while_it_is_connected()
    {
        var node = new Node();
        node.World.Open();
        node.World.RunFor(120_000);
        int before = node.Broker.Arrivals.Count(arrival => arrival.Topic == Status);
        node.Broker.Deliver(Status, Encoding.UTF8.GetBytes("asleep"));
        node.World.RunFor(120_000);

        Assert.Equal(before + 1, node.Broker.Arrivals.Count(arrival => arrival.Topic == Status));
    }

    [Fact]
    public void A_number_that_a_failed_write_took_is_counted()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(2);
        board.Store.CutAfterBytes = 60; // the write fails, the power stays
        board.Wake();
        board.Wake(24);

        long[] missing =
            [.. Enumerable.Range(1, (int)board.Sequences.Max()).Select(i => (long)i).Except(board.Sequences)];
        Assert.Single(missing);
        Assert.Equal(1, board.Node.Journal.Dropped.Total);
    }

    private static bool IsSegment(string name) => name.StartsWith("outbox", StringComparison.Ordinal);

    private static bool IsRecord(string name) => name.StartsWith("sleep.", StringComparison.Ordinal);

    private static void WakeWhole(SleepingBoard board)
    {
        board.PassSleep();
        board.StartAwake();
        Assert.False(board.IsAsleep);
    }

    private static void OnLastWord(SleepingBoard board, Action action)
    {
        Action<Mqtt.FakeLink, string> publishing = board.Broker.Publishing;
        int seen = 0;
        board.Broker.Publishing = (link, topic) =>
        {
            publishing(link, topic);
            seen += topic == Status ? 1 : 0;
            if (seen == 2) // online, then asleep
            {
                seen++;
                action();
            }
        };
    }

    private static IEnumerable<DateTime> Times(SleepingBoard board) => board.Node.On("temperature")
        .Select(arrival => Node.Json(arrival))
        .Where(reading => reading.TryGetProperty("time", out _)) // the first one came before the time service
        .Select(reading => reading.GetProperty("time").GetDateTime());
}

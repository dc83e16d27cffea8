using System.Text.Json;
using DeviceQueue.Readings;
using DeviceQueue.Sleep;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Sleep;

/// <summary>A device that sleeps, as those around it see it.</summary>
public sealed class Sleeper_Tests
{
    private const int MinuteMs = 60_000;
    private const int HourMs = 60 * MinuteMs;
    private const string Hourly = "device.connect_every=12;";

    [Fact]
    public void After_five_minutes_of_power_it_says_asleep_and_sleeps_until_the_next_reading()
    {
        SleepingBoard board = new SleepingBoard().Begin();

        Assert.Equal("asleep", board.Status);
        Assert.True(board.Broker.Link.IsClosedCleanly);
        Assert.InRange(board.AwakeMs, Sleeper.PowerOnMs, Sleeper.PowerOnMs + 10_000);
        Assert.InRange(board.SleepMs, 4 * MinuteMs, 5 * MinuteMs);
    }

    [Fact]
    public void With_a_connect_at_each_reading_it_is_awake_for_two_seconds_and_says_online_then_asleep()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        int before = board.Broker.Arrivals.Count;
        board.Wake();

        Assert.Equal((0, 1), (board.ShortWakes, board.WholeWakes));
        Assert.InRange(board.AwakeMs, 1000, 2000);
        string[] said =
        [
            .. board.Broker.Arrivals.Skip(before).Where(arrival => arrival.Topic == "sensor/bar1/status")
                .Select(arrival => arrival.Text),
        ];
        Assert.Equal(["online", "asleep"], said);
        Assert.Equal([1, 2, 3], board.Sequences);
    }

    [Fact]
    public void It_connects_at_each_twelfth_reading_and_all_twelve_arrive_with_their_times()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        int links = board.Broker.Links.Count;
        board.Wake(11);
        Assert.Equal((11, links), (board.ShortWakes, board.Broker.Links.Count));
        Assert.Equal("asleep", board.Status);

        board.Wake();

        Assert.Equal((links + 1, 1), (board.Broker.Links.Count, board.WholeWakes));
        Assert.Equal(Enumerable.Range(1, 14).Select(i => (long)i), board.Sequences);
        DateTime[] times =
        [
            .. board.Node.On("temperature").Skip(1)
                .Select(reading => Node.Json(reading).GetProperty("time").GetDateTime()),
        ];
        Assert.All(
            times.Skip(1).Zip(times.Skip(2)),
            pair => Assert.Equal(5 * MinuteMs, (pair.Second - pair.First).TotalMilliseconds, 100.0));
    }

    [Fact]
    public void A_wake_up_that_does_not_connect_reads_three_files_and_writes_once()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake();
        (int writes, int deletes) = (board.Store.Writes, board.Store.Deletes);
        board.Store.ReadNames.Clear();
        board.Wake();

        Assert.Equal((writes + 1, deletes), (board.Store.Writes, board.Store.Deletes));
        Assert.InRange(board.Store.ReadNames.Count, 1, 3);
        Assert.Equal(2, board.ShortWakes);
    }

    [Fact]
    public void A_connect_writes_three_times_at_most()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        board.Wake();
        int writes = board.Store.Writes;
        board.Wake();

        Assert.InRange(board.Store.Writes - writes, 1, 3);
    }

    [Fact]
    public void Without_a_broker_it_sleeps_after_20_s_and_the_attempts_grow_rarer_up_to_an_hour_apart()
    {
        SleepingBoard board = new SleepingBoard().Begin();
        board.Broker.IsUp = false;
        List<long> attempts = [];
        for (int i = 0; i < 60; i++)
        {
            int before = board.Broker.Attempts.Count;
            board.Wake();
            if (board.Broker.Attempts.Count > before)
            {
                Assert.InRange(board.AwakeMs, Sleeper.ReachMs, Sleeper.ReachMs + 1000);
                attempts.Add(board.Clock.NowMs);
            }
        }

        long[] pauses = [.. attempts.Zip(attempts.Skip(1)).Select(pair => (pair.Second - pair.First) / MinuteMs)];
        Assert.Equal([5, 10, 20, 40, 60, 60], pauses[..6]);
        board.Broker.IsUp = true;
        board.Wake(13);
        Assert.Equal(Enumerable.Range(1, 75).Select(i => (long)i), board.Sequences.Distinct().Order());
    }

    [Fact]
    public void Commands_that_waited_are_carried_out_and_answered_once_a_burst_of_20_in_one_wake_up()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly).Begin();
        board.Wake(5);
        string[] ids =
        [
            .. Enumerable.Range(0, 20).Select(_ => board.Command("output.pulse", """{"name":"relay1","ms":20}""")),
        ];
        board.Wake(7);

        Assert.Equal(1, board.WholeWakes);
        Assert.Equal(20, board.Pins.Written.Count(write => write.IsHigh));
        JsonElement[] answers = [.. Enumerable.Range(0, 20).Select(board.Node.Answer)];
        Assert.Equal(ids, answers.Select(answer => answer.GetProperty("command_id").GetString()));
        Assert.All(answers, answer => Assert.Equal("succeeded", Node.Status(answer)));
        board.Wake(13);
        Assert.Equal(20, board.Node.On("response").Length);
    }

    [Fact]
    public void A_command_older_than_two_hours_and_a_minute_is_not_carried_out()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly).Begin();
        board.Command("output.pulse", """{"name":"relay1","ms":20}""", sent: board.WorldUtc.AddMinutes(-62));
        board.Command("output.pulse", """{"name":"relay1","ms":30}""", sent: board.WorldUtc.AddMinutes(-58));
        board.Wake(12);

        Assert.Equal(
            ("expired", "succeeded"), (Node.Status(board.Node.Answer(0)), Node.Status(board.Node.Answer(1))));
    }

    [Theory]
    [InlineData(0.03)]
    [InlineData(-0.03)]
    public void A_timer_that_is_off_by_percents_costs_no_command_and_leaves_the_readings_on_their_grid(double drift)
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly) { Drift = drift }.Begin();
        List<double> phases = [];
        List<DateTime> wakes = [];
        for (int i = 0; i < 24 * 12; i++)
        {
            board.PassSleep();
            wakes.Add(board.WorldUtc);
            phases.Add(board.WorldUtc.TimeOfDay.TotalSeconds % 300);
            if (i % 36 == 35)
            {
                board.Command("device.ping", "{}");
            }

            board.StartAwake();
            board.RunUntilAsleep();
        }

        Assert.All(
            wakes.Zip(wakes.Skip(1)),
            pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 145, 465)); // half to one and a half
        board.Wake(13);
        Assert.Equal(8, board.Node.On("response").Length);
        Assert.All(
            Enumerable.Range(0, 8), i => Assert.Equal("succeeded", Node.Status(board.Node.Answer(i))));
        // Between two connects the calendar runs as the timer does; each connect brings the readings back.
        double first = phases[0];
        double[] offsets = [.. phases.Select(phase => ((phase - first + 450) % 300) - 150)];
        Assert.All(offsets, offset => Assert.InRange(offset, -125, 125));
        Assert.Equal(offsets[..48].Max(), offsets[^48..].Max(), 20.0);
    }

    [Fact]
    public void Stay_awake_holds_it_for_the_time()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        board.Command("device.stay_awake", """{"ms":600000}""");
        board.Wake();

        Assert.InRange(board.AwakeMs, 600_000, 605_000);
        Assert.Equal("asleep", board.Status);
    }

    [Theory]
    [InlineData("""{"ms":0}""")]
    [InlineData("""{"ms":3600001}""")]
    [InlineData("{}")]
    public void Stay_awake_takes_1_to_3600000_ms(string arguments)
    {
        var board = new SleepingBoard(Node.WithKey);
        board.PowerOn();
        board.RunFor(3000);
        board.Command("device.stay_awake", arguments);
        board.RunFor(2000);

        Assert.Equal("bad_arguments", Node.Code(board.Node.Answer()));
    }

    [Fact]
    public void A_device_that_does_not_sleep_does_not_know_the_command()
    {
        var node = new Node();
        node.World.Open();

        Assert.Equal("unknown_command", Node.Code(node.Do("device.stay_awake", """{"ms":1000}""")));
        node.Do("device.info", "{}");
        Assert.False(node.Health().TryGetProperty("sleep", out _));
    }

    [Fact]
    public void It_does_not_sleep_while_an_output_is_out_of_its_safe_state()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        board.Command("output.set", """{"name":"relay1","on":true}""");
        board.PassSleep();
        board.StartAwake();
        board.RunFor(HourMs);
        Assert.False(board.IsAsleep);
        board.Command("output.set", """{"name":"relay1","on":false}""");
        board.RunUntilAsleep();

        Assert.InRange(board.AwakeMs, 0, 3000);
    }

    [Fact]
    public void Interval_connect_every_and_awake_ms_can_be_set_and_hold_over_the_sleep()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        board.Command("config.set", """{"interval_ms":900000,"connect_every":4,"awake_ms":3000}""");
        board.Wake();
        Assert.Equal("succeeded", Node.Status(board.Node.Answer()));
        Assert.InRange(board.SleepMs, 10 * MinuteMs, 15 * MinuteMs);
        int links = board.Broker.Links.Count;
        board.Wake(3);
        Assert.Equal(links, board.Broker.Links.Count);
        board.Wake();

        Assert.Equal(links + 1, board.Broker.Links.Count);
        Assert.InRange(board.AwakeMs, 3000, 4000);
    }

    [Fact]
    public void An_interval_that_wears_the_flash_out_is_refused_with_the_least_one()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey).Begin();
        board.Command("config.set", """{"interval_ms":60000}""");
        board.Wake();

        JsonElement answer = board.Node.Answer();
        Assert.Equal("bad_arguments", Node.Code(answer));
        Assert.Contains("with device.sleep at least 150000 is needed", answer.GetProperty("text").GetString());
    }

    [Fact]
    public void Info_and_health_say_when_it_wakes_and_connects_next()
    {
        SleepingBoard board = new SleepingBoard(Node.WithKey + Hourly).Begin();
        board.Command("device.info", "{}");
        board.Wake(12);

        JsonElement info = board.Node.Answer().GetProperty("result");
        DateTime wakes = info.GetProperty("wakes_at").GetDateTime();
        Assert.Equal(board.SleepMs, (wakes - board.WorldUtc).TotalMilliseconds, 100.0);
        Assert.Equal(wakes.AddMinutes(55), info.GetProperty("connects_at").GetDateTime());
        Assert.Equal(
            info.GetProperty("connects_at").GetDateTime(),
            board.Node.Health().GetProperty("sleep").GetProperty("connects_at").GetDateTime(),
            TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_new_fault_of_the_sensor_is_told_at_once_and_once()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(2);
        board.Sensor.State = SensorState.NoAnswer;
        board.Wake();
        Assert.Equal(1, board.WholeWakes);
        Assert.Equal("no_answer", board.Node.Health().GetProperty("sensor").GetProperty("state").GetString());
        board.Wake(5);

        Assert.Equal(1, board.WholeWakes);
        Assert.Equal(6, SleepRecord.Read(board.Store)![Sampler.SavedEnd - 1]); // each failed one counts
    }

    [Fact]
    public void Readings_without_a_change_are_not_published_and_at_least_hourly_one_is()
    {
        SleepingBoard board = new SleepingBoard(Hourly + "device.report_delta=0.5;").Begin();
        long before = board.Sequences.Length;
        board.Wake(36);

        Assert.InRange(board.Sequences.Length - before, 2, 4);
    }

    [Fact]
    public void A_power_cut_in_the_sleep_is_a_boot_of_its_own_and_loses_no_reading()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(5);
        board.PassSleep();
        board.PowerOn();
        board.RunUntilAsleep();

        long[] sequences = board.Sequences;
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], sequences[..7]);
        Assert.Equal([257, 258], sequences[7..]);
        Assert.Equal(2, board.Node.Health().GetProperty("boot").GetInt32());
    }

    [Fact]
    public void Without_a_calendar_the_uptime_goes_on_over_the_sleep()
    {
        SleepingBoard board = new SleepingBoard { HasTimeService = false }.Begin();
        board.Wake(3);

        long[] uptimes =
        [
            .. board.Node.On("temperature")
                .Select(reading => Node.Json(reading).GetProperty("uptime_ms").GetInt64() / MinuteMs),
        ];
        Assert.Equal([0, 5, 10, 15, 20], uptimes);
        Assert.All(
            board.Node.On("temperature"),
            reading => Assert.Equal(1, Node.Json(reading).GetProperty("boot").GetInt32()));
    }

    [Fact]
    public void A_boot_that_sleeps_is_stable_after_ten_minutes_and_no_failed_one()
    {
        var board = new SleepingBoard("device.stable_ms=1200000;");
        for (int i = 0; i < 10; i++)
        {
            board.Begin();
            Assert.False(board.Node.Journal.IsSafeMode);
            board.Wake(4);
            Assert.Equal(0, board.Node.Journal.Share);
        }
    }

    [Fact]
    public void Home_Assistant_hears_how_long_values_hold_in_place_of_an_availability()
    {
        SleepingBoard board = new SleepingBoard(Hourly + "device.discovery=true;").Begin();
        JsonElement device = JsonDocument.Parse(board.Broker.Retained("homeassistant/device/bar1/config")!).RootElement;

        Assert.False(device.TryGetProperty("avty_t", out _));
        // a connect each hour, an hour of retries, three readings
        Assert.Equal(
            8100, device.GetProperty("cmps").GetProperty("temperature").GetProperty("exp_aft").GetInt32());
        JsonElement sleep = JsonDocument
            .Parse(board.Broker.Retained("homeassistant/sensor/bar1/sleep/config")!).RootElement;
        Assert.Equal("sensor/bar1/status", sleep.GetProperty("stat_t").GetString());
        Assert.Equal("diagnostic", sleep.GetProperty("ent_cat").GetString());
        Assert.False(sleep.TryGetProperty("avty_t", out _));
        int told = board.Broker.Arrivals.Count(IsAnnouncement);
        board.Wake(24);
        Assert.Equal(told, board.Broker.Arrivals.Count(IsAnnouncement));
    }

    [Fact]
    public void A_day_at_five_minutes_with_hourly_connects_stays_within_the_flashs_budget()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        MemoryStore store = board.Store;
        long blocks = store.Wear.Blocks;
        board.Wake(288);

        long erased = store.Wear.Blocks - blocks;
        TestContext.Current.TestOutputHelper?.WriteLine($"{erased} blocks of 4 KB erased a day");
        Assert.InRange(erased, 288, 600);
    }

    private static bool IsAnnouncement(Arrival arrival) =>
        arrival.Topic.StartsWith("homeassistant/", StringComparison.Ordinal);
}

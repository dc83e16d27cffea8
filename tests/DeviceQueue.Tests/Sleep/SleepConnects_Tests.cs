using System.Text.Json;
using DeviceQueue.Readings;
using DeviceQueue.Sleep;
using DeviceQueue.Tests.Mqtt;

namespace DeviceQueue.Tests.Sleep;

/// <summary>When a device that sleeps connects, for how long, and what it tells then.</summary>
public sealed class SleepConnects_Tests
{
    private const int NetworkMs = 100; // from the device to the broker and back
    private const string Hourly = "device.connect_every=12;";

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void A_connect_with_five_readings_is_done_1_s_after_the_link_is_up_and_awake_ms_runs_in_quiet(int awakeMs)
    {
        SleepingBoard board = new SleepingBoard($"device.connect_every=5;device.awake_ms={awakeMs};").Begin();
        (board.Broker.PubackMs, board.Broker.SubackMs) = (NetworkMs, NetworkMs);
        board.Wake(4);
        int before = board.Broker.Arrivals.Count;
        int readings = board.Sequences.Length;
        board.Wake();

        long upMs = board.Broker.Attempts[^1].AtMs;
        Arrival[] arrivals = [.. board.Broker.Arrivals.Skip(before)];
        Arrival asleep = arrivals[^1];
        Assert.Equal(readings + 5, board.Sequences.Length);
        Assert.Equal("asleep", asleep.Text);
        long doneMs = arrivals[..^1].Max(arrival => arrival.AtMs) + NetworkMs - upMs;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"done after {doneMs} ms, asleep said after {asleep.AtMs - upMs} ms, asleep {board.Clock.NowMs - upMs} ms");
        Assert.InRange(doneMs, 0, 1000);
        Assert.InRange(board.Clock.NowMs - upMs, awakeMs, 1000 + awakeMs);
        Assert.True(board.Broker.Link.IsClosedCleanly);
    }

    [Fact]
    public void At_each_connect_with_a_calendar_of_six_hours_it_waits_for_the_time_service()
    {
        SleepingBoard board = new SleepingBoard(Hourly + "device.awake_ms=0;") { Drift = 0.05 }.Begin();
        double worst = 0;
        for (int i = 0; i < 36 * 12; i++)
        {
            board.Wake();
            worst = Math.Max(worst, Math.Abs((board.WorldUtc - board.CalendarUtc).TotalMinutes));
        }

        Assert.InRange(worst, 10, 23); // seven hours at most, by 5 %
        board.HasTimeService = false;
        board.Wake((7 * 12) - 1);
        int links = board.Broker.Links.Count;
        board.Wake();
        Assert.Equal(links + 1, board.Broker.Links.Count);
        Assert.InRange(board.AwakeMs, Sleeper.TimeWaitMs, Sleeper.TimeWaitMs + 1000); // and not for ever
    }

    [Fact]
    public void It_connects_once_a_day_however_rare_connects_are()
    {
        SleepingBoard board = new SleepingBoard("device.interval_ms=3600000;device.connect_every=48;").Begin();
        int links = board.Broker.Links.Count;
        board.Wake(23);
        Assert.Equal(links, board.Broker.Links.Count);
        board.Wake();

        Assert.Equal(links + 1, board.Broker.Links.Count);
    }

    [Fact]
    public void It_connects_when_the_outbox_is_half_full()
    {
        SleepingBoard board = new SleepingBoard("device.connect_every=288;options.outbox_max_bytes=20480;").Begin();
        int links = board.Broker.Links.Count;
        int filled = 0;
        int wakes = 0;
        for (; board.Broker.Links.Count == links; wakes++)
        {
            filled = board.Store.Files.Where(file => file.Key.StartsWith("outbox", StringComparison.Ordinal))
                .Sum(file => file.Value.Length);
            board.Wake();
        }

        Assert.InRange(filled, 10240 - 512, 10240 + 512);
        Assert.InRange(wakes, 20, 60);
        Assert.Equal(Enumerable.Range(1, wakes + 2).Select(i => (long)i), board.Sequences);
    }

    [Fact]
    public void A_write_that_fails_in_a_wake_up_makes_it_connect()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        int links = board.Broker.Links.Count;
        board.Wake(2);
        board.Store.CutAfterBytes = 0;
        board.Wake();

        Assert.Equal(links + 1, board.Broker.Links.Count);
    }

    [Fact]
    public void A_number_that_a_failed_write_may_have_left_in_the_log_is_not_given_again()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Sensor.Reading = () => board.Sensor.TemperatureC += 0.1;
        board.Wake(2);
        board.Store.CutAfterBytes = int.MaxValue; // all of it is there, and the storage says that it failed
        board.Wake(14);

        Assert.All(
            board.Node.On("temperature").GroupBy(reading => Node.Json(reading).GetProperty("seq").GetInt64()),
            readings => Assert.Single(readings.Select(reading => reading.Text).Distinct()));
    }

    [Fact]
    public void A_fault_of_the_sensor_in_a_wake_up_that_needs_the_node_for_numbers_is_told_by_the_next_one()
    {
        const string Rare = "device.connect_every=288;";
        SleepingBoard board = new SleepingBoard(Rare).Begin();
        int wakes = 0;
        bool isFound = false;
        for (; !isFound && wakes < 600; wakes++)
        {
            int before = board.Broker.Links.Count;
            board.Wake();
            isFound = !board.Slept!.IsSampled && !board.IsMeasuredInVain && board.Broker.Links.Count == before;
        }

        Assert.True(isFound);
        board = new SleepingBoard(Rare).Begin();
        board.Wake(wakes - 1);
        int links = board.Broker.Links.Count;
        board.Sensor.State = SensorState.NoAnswer;
        board.Wake();
        Assert.Equal(links, board.Broker.Links.Count);
        board.Wake();

        Assert.Equal(links + 1, board.Broker.Links.Count);
        Assert.Equal("no_answer", board.Node.Health().GetProperty("sensor").GetProperty("state").GetString());
    }

    [Fact]
    public void What_ended_a_wake_up_is_told_at_the_start_that_follows_however_rare_health_is()
    {
        SleepingBoard board = new SleepingBoard(Hourly + "device.health_interval_ms=3600000;").Begin();
        board.Wake(2);
        board.PassSleep();
        board.Node.Journal.RecordFatal("main", "OutOfMemoryException: no heap left");
        int before = board.Node.On("health").Length;
        board.PowerOn();
        board.RunFor(5000);

        Assert.Equal(before + 1, board.Node.On("health").Length);
        Assert.Equal(
            "main: OutOfMemoryException: no heap left", board.Node.Health().GetProperty("last_fault").GetString());
    }

    [Fact]
    public void A_sensor_that_throws_in_a_wake_up_is_a_fault_that_is_told_and_no_number()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(2);
        board.Sensor.Throws = true;
        board.Wake(3);
        Assert.Equal(1, board.WholeWakes);
        JsonElement sensor = board.Node.Health().GetProperty("sensor");
        Assert.Equal(
            ("no_answer", 1), (sensor.GetProperty("state").GetString(), sensor.GetProperty("faults").GetInt32()));
        Assert.Equal([1, 2, 3, 4], board.Sequences);

        board.Sensor.Throws = false;
        board.Wake(12);
        Assert.Equal(Enumerable.Range(1, board.Sequences.Length).Select(i => (long)i), board.Sequences);
        Assert.InRange(board.Sequences.Length, 12, 16);
        sensor = board.Node.Health().GetProperty("sensor");
        Assert.Equal(("ok", 3), (sensor.GetProperty("state").GetString(), sensor.GetProperty("faults").GetInt32()));
        Assert.False(board.Node.Journal.IsSafeMode);
    }
}

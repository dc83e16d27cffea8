using System.Text.Json;
using DeviceQueue.Sleep;

namespace DeviceQueue.Tests.Sleep;

/// <summary>A device that sleeps and measures its battery.</summary>
public sealed class SleepingBattery_Tests
{
    private const int MinuteMs = 60_000;
    private const string Measured = "device.battery.pin=33;device.battery.low_v=3.5;";
    private const string Hourly = "device.connect_every=12;";

    [Fact]
    public void A_wake_up_that_does_not_connect_measures_it_too_and_still_writes_once()
    {
        SleepingBoard board = new SleepingBoard(Measured + Hourly).Begin();
        int writes = board.Store.Writes;
        for (int i = 1; i <= 11; i++)
        {
            board.Battery.Volts = 4 - (i * 0.01);
            board.Wake();
        }

        Assert.Equal((11, 11), (board.ShortWakes, board.Store.Writes - writes));
        board.Battery.Volts = 3.88;
        board.Wake();

        double[] volts =
        [
            .. board.Node.On("temperature").TakeLast(12)
                .Select(reading => Node.Json(reading).GetProperty("battery").GetDouble()),
        ];
        Assert.All(volts.Index(), volt => Assert.Equal(4 - ((volt.Index + 1) * 0.01), volt.Item, 0.002));
        Assert.Equal(3.88, Battery(board).GetProperty("voltage").GetDouble(), 0.002);
    }

    [Theory]
    [InlineData("")]
    [InlineData("device.interval_ms=2400000;")]
    public void While_it_is_low_the_board_connects_hourly_at_most_says_so_and_loses_nothing(string config)
    {
        SleepingBoard board = new SleepingBoard(Measured + config).Begin();
        board.Wake(3);
        board.Battery.Volts = 3.4;
        List<long> connects = [];
        for (int i = 0; i < 60; i++)
        {
            int before = board.Broker.Links.Count;
            board.Wake();
            if (board.Broker.Links.Count > before)
            {
                connects.Add(board.Clock.NowMs);
                Assert.True(Battery(board).GetProperty("low").GetBoolean());
            }
        }

        Assert.InRange(connects.Count, 4, 30);
        Assert.All(
            connects.Zip(connects.Skip(1)),
            pair => Assert.InRange(pair.Second - pair.First, 59 * MinuteMs, 81 * MinuteMs));
        Assert.Single(board.Log.Lines, line => line.Contains("mV, low", StringComparison.Ordinal));
        board.Battery.Volts = 3.7;
        int links = board.Broker.Links.Count;
        board.Wake(3);
        Assert.Equal(links + 3, board.Broker.Links.Count);
        Assert.False(Battery(board).GetProperty("low").GetBoolean());
        Assert.Equal(Enumerable.Range(1, board.Sequences.Length).Select(i => (long)i), board.Sequences);
    }

    [Fact]
    public void A_battery_that_becomes_low_is_told_an_hour_after_the_last_connect()
    {
        SleepingBoard board = new SleepingBoard(Measured + "device.connect_every=48;").Begin();
        int links = board.Broker.Links.Count;
        board.Wake(3);
        board.Battery.Volts = 3.4;
        board.Wake(8);
        Assert.Equal(links, board.Broker.Links.Count);
        board.Wake();

        Assert.Equal(links + 1, board.Broker.Links.Count);
        Assert.True(Battery(board).GetProperty("low").GetBoolean());
        board.Wake(47);
        Assert.Equal(links + 1, board.Broker.Links.Count); // once
    }

    [Fact]
    public void Within_an_hour_a_fault_of_the_sensor_does_not_connect_with_a_low_battery()
    {
        SleepingBoard board = new SleepingBoard(Measured).Begin();
        board.Battery.Volts = 3.4;
        board.Wake(14);
        int links = board.Broker.Links.Count;
        board.Sensor.State = DeviceQueue.Readings.SensorState.NoAnswer;
        board.Wake(3);

        Assert.Equal(links, board.Broker.Links.Count);
    }

    [Fact]
    public void Within_an_hour_an_outbox_that_is_half_full_does_not_connect_with_a_low_battery()
    {
        const int OutboxBytes = 8192;
        string config = $"device.interval_ms=150000;device.connect_every=100;options.outbox_max_bytes={OutboxBytes};";
        SleepingBoard board = new SleepingBoard(Measured + config).Begin();
        board.Battery.Volts = 3.4;
        int links = board.Broker.Links.Count;
        while (board.Broker.Links.Count == links)
        {
            board.Wake();
        }

        board.Wake(23);

        Assert.Equal(links + 1, board.Broker.Links.Count);
        int filled = board.Store.Files.Where(file => file.Key.StartsWith("outbox", StringComparison.Ordinal))
            .Sum(file => file.Value.Length);
        Assert.InRange(filled, OutboxBytes / 2, OutboxBytes);
    }

    [Fact]
    public void Health_says_when_it_connects_next_with_a_low_battery()
    {
        SleepingBoard board = new SleepingBoard(Measured).Begin();
        board.Battery.Volts = 3.4;
        board.Wake(13);

        JsonElement sleep = board.Node.Health().GetProperty("sleep");
        Assert.Equal(
            sleep.GetProperty("wakes_at").GetDateTime().AddMinutes(55), sleep.GetProperty("connects_at").GetDateTime());
    }

    [Fact]
    public void A_battery_that_cannot_be_measured_any_more_is_told_at_once_and_once()
    {
        SleepingBoard board = new SleepingBoard(Measured + Hourly).Begin();
        board.Wake(2);
        board.Battery.Volts = 0;
        board.Wake();
        Assert.Equal(1, board.WholeWakes);
        Assert.Equal("out_of_range", Battery(board).GetProperty("state").GetString());
        board.Wake(5);

        Assert.Equal(1, board.WholeWakes);
    }

    [Fact]
    public void A_board_without_one_keeps_no_voltage_over_the_sleep()
    {
        SleepingBoard board = new SleepingBoard(Hourly).Begin();
        board.Wake(12);

        Assert.Equal(0, board.Battery.Reads);
        Assert.Equal(-1, board.Slept![SleepRecord.BatteryChannel]);
        Assert.All(
            board.Node.On("temperature"),
            reading => Assert.False(Node.Json(reading).TryGetProperty("battery", out _)));
    }

    private static JsonElement Battery(SleepingBoard board) =>
        board.Node.Health().GetProperty("battery");
}

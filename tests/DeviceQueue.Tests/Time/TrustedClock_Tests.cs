using System.Text;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Time;

public sealed class TrustedClock_Tests
{
    private const int HourMs = 3_600_000;

    private static readonly DateTime BuildDate = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Start = new(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc);

    private readonly MemoryStore _store = new();
    private readonly VirtualClock _clock = new() { StartUtc = Start };

    [Fact]
    public void Shows_no_time_while_the_clock_is_not_set()
    {
        _clock.StartUtc = null;
        TrustedClock clock = Boot();

        Assert.False(clock.TryGetUtc(out _));
        Assert.False(clock.TryGetFresh(out _));
        Assert.Equal(long.MaxValue, clock.Poll(0));
        Assert.Equal(0, _store.Writes);
    }

    [Fact]
    public void UTC_is_the_calendar_and_never_below_the_build_date()
    {
        TrustedClock clock = Boot();
        _clock.NowMs = 5000;
        Assert.Equal(Start.AddSeconds(5), Utc(clock));
        _clock.StartUtc = new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        clock = Boot();
        Assert.Equal(BuildDate, Utc(clock));
        _clock.NowMs += 7000;
        Assert.Equal(BuildDate.AddSeconds(7), Utc(clock));
    }

    [Fact]
    public void After_an_hour_and_a_reboot_UTC_does_not_go_back_below_what_it_was()
    {
        TrustedClock clock = Confirmed();
        Run(clock, 10 * HourMs);
        Assert.Equal(11, _store.Writes);
        DateTime reached = Utc(clock);

        _clock.NowMs = 0;
        _clock.StartUtc = BuildDate;
        clock = Boot();
        Assert.InRange(reached - Utc(clock), TimeSpan.Zero, TimeSpan.FromHours(1));
    }

    [Fact]
    public void An_accepted_command_is_a_floor_at_once()
    {
        TrustedClock clock = Boot();
        _clock.NowMs = 123_456;
        clock.Keep();

        _clock.NowMs = 0;
        _clock.StartUtc = BuildDate;
        Assert.Equal(Start.AddMilliseconds(123_456), Boot().Floor);
    }

    [Fact]
    public void Accepted_commands_within_a_second_cost_one_write()
    {
        TrustedClock clock = Boot();
        for (int i = 0; i < 100; i++)
        {
            _clock.NowMs += 9;
            clock.Keep();
        }

        Assert.Equal(1, _store.Writes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(25)]
    public void A_power_cut_while_the_floor_is_stored_leaves_the_one_before(int bytes)
    {
        TrustedClock clock = Boot();
        clock.Keep();
        _clock.NowMs = 60_000;
        _store.CutAfterBytes = bytes;
        clock.Keep();

        Assert.Equal(Start, Boot().Floor);
    }

    [Fact]
    public void What_commands_are_judged_by_does_not_go_back_with_the_calendar()
    {
        TrustedClock clock = Confirmed();
        _clock.NowMs = 60_000;
        _clock.StartUtc -= TimeSpan.FromHours(5);

        Assert.Equal(Start.AddMinutes(1), Utc(clock));
        Assert.Equal(Start.AddMinutes(1), Fresh(clock));
        Run(clock, 10 * HourMs);
        Assert.InRange(
            Fresh(clock),
            Start.AddMinutes(1).AddMilliseconds((10 * HourMs) - (10 * TrustedClock.MaxSlewMs)),
            Start.AddMinutes(1).AddHours(10));
    }

    [Fact]
    public void A_calendar_that_jumps_ahead_and_returns_within_the_hour_leaves_nothing_behind()
    {
        TrustedClock clock = Boot();
        clock.Poll(0);
        _clock.NowMs = 60_000;
        _clock.StartUtc += TimeSpan.FromDays(365);
        Run(clock, HourMs / 2);
        Assert.True(Fresh(clock) > Start.AddDays(365));
        _clock.StartUtc -= TimeSpan.FromDays(365);
        Run(clock, HourMs);

        Assert.Equal(Start.AddMilliseconds(_clock.NowMs), Fresh(clock));
    }

    [Fact]
    public void A_quartz_that_runs_100_ppm_fast_for_a_year_keeps_commands_fresh()
    {
        TrustedClock clock = Boot();
        for (int hour = 0; hour < 365 * 24; hour++)
        {
            Run(clock, HourMs);
            _clock.StartUtc -= TimeSpan.FromMilliseconds(360); // the time service puts the calendar right
        }

        Assert.InRange(Fresh(clock) - Utc(clock), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5 * HourMs)]
    [InlineData(23 * HourMs)]
    public void A_time_server_that_is_wrong_by_decades_at_first_leaves_nothing_behind(int wrongMs)
    {
        _clock.StartUtc = Start.AddYears(73);
        TrustedClock clock = Boot();
        Assert.Equal(Start.AddYears(73), Fresh(clock));
        Run(clock, wrongMs);
        _clock.StartUtc = Start;
        AssertRight(clock);
        Run(clock, 3 * HourMs);
        AssertRight(clock);

        _clock.StartUtc += TimeSpan.FromMilliseconds(_clock.NowMs);
        _clock.NowMs = 0;
        AssertRight(Boot());
    }

    [Fact]
    public void A_time_server_that_is_decades_off_for_some_hours_leaves_nothing_behind_and_makes_no_old_command_fresh()
    {
        TrustedClock clock = Confirmed();
        Run(clock, (10 * HourMs) + 1);
        _clock.StartUtc += TimeSpan.FromDays(10_000);
        Run(clock, 5 * HourMs);
        _clock.StartUtc = Start;
        AssertRight(clock);

        _clock.StartUtc += TimeSpan.FromDays(10_000);
        Run(clock, 5 * HourMs);
        _clock.StartUtc = Start.AddDays(-10); // a spoofed time server
        Assert.InRange(Fresh(clock), Start.AddHours(15), Start.AddHours(25));
        Assert.True(Utc(clock) >= Start.AddHours(15));
    }

    [Fact]
    public void What_is_far_ahead_is_believed_from_the_first_accepted_command_on()
    {
        TrustedClock clock = Boot();
        Run(clock, HourMs);
        Assert.Equal(BuildDate.AddHours(1), clock.Floor);
        clock.Keep();
        Assert.Equal(Start.AddHours(1), clock.Floor);

        _clock.StartUtc -= TimeSpan.FromDays(3);
        Run(clock, HourMs);
        Assert.InRange(Fresh(clock), Start.AddHours(2).AddSeconds(-1), Start.AddHours(2));
    }

    [Fact]
    public void What_is_far_ahead_is_believed_after_a_day()
    {
        TrustedClock clock = Boot();
        Run(clock, 23 * HourMs);
        Assert.Equal(BuildDate.AddHours(23), clock.Floor);
        Run(clock, HourMs);
        Assert.Equal(Start.AddHours(24), clock.Floor);

        _clock.StartUtc -= TimeSpan.FromDays(3);
        Assert.Equal(Start.AddHours(24), Fresh(clock));
    }

    [Fact]
    public void A_device_that_never_runs_for_a_day_has_a_floor_that_rises_with_the_time_it_runs()
    {
        for (int day = 0; day < 10; day++)
        {
            _clock.NowMs = 0;
            _clock.StartUtc = Start.AddDays(day);
            Run(Boot(), 12 * HourMs);
        }

        Assert.Equal(BuildDate.AddDays(5), Boot().Floor);
    }

    [Fact]
    public void After_a_short_power_cut_a_calendar_that_jumps_back_makes_no_old_command_fresh()
    {
        Confirmed();
        _clock.StartUtc = Start.AddHours(2);
        TrustedClock clock = Boot();
        Assert.Equal(Start.AddHours(2), Fresh(clock));
        _clock.StartUtc = Start.AddHours(-3);

        Assert.Equal(Start.AddHours(2), Fresh(clock));
    }

    [Fact]
    public void Says_how_far_the_calendar_is_behind_the_floor()
    {
        Confirmed();
        _clock.StartUtc = Start.AddSeconds(-60);
        TrustedClock clock = Boot();
        Assert.Equal(0, clock.BehindMs);
        _clock.StartUtc = Start.AddSeconds(-61);
        Assert.Equal(61_000, clock.BehindMs);
        _clock.StartUtc = null;
        Assert.Equal(0, clock.BehindMs);
    }

    private void AssertRight(TrustedClock clock)
    {
        DateTime now = _clock.StartUtc!.Value.AddMilliseconds(_clock.NowMs);
        Assert.Equal((now, now), (Utc(clock), Fresh(clock)));
        Assert.True(clock.Floor <= now);
    }

    /// <summary>A clock whose time an accepted command has confirmed.</summary>
    private TrustedClock Confirmed()
    {
        TrustedClock clock = Boot();
        clock.Keep();
        return clock;
    }

    private static DateTime Utc(TrustedClock clock)
    {
        Assert.True(clock.TryGetUtc(out DateTime utc));
        return utc;
    }

    private static DateTime Fresh(TrustedClock clock)
    {
        Assert.True(clock.TryGetFresh(out DateTime utc));
        return utc;
    }

    [Fact]
    public void A_clock_far_ahead_of_all_that_is_known_is_doubted_until_it_is_set_right_and_says_how_far_it_was_off()
    {
        Confirmed();
        _clock.NowMs = 0;
        _clock.StartUtc = Start.AddDays(4000);
        TrustedClock clock = Boot();
        clock.Poll(0);
        Assert.Equal((true, 0), (clock.IsDoubted, clock.OffMs));
        Assert.Contains("\"clock\":\"doubted\"", Health(clock));

        _clock.NowMs = 600_000;
        _clock.StartUtc = Start.AddSeconds(1);
        clock.Poll(_clock.NowMs);

        Assert.Equal((false, (4000L * 24 * HourMs) - 1000), (clock.IsDoubted, clock.OffMs));
        Assert.Contains("\"clock_trusted_ms\":600000,\"clock_off_ms\":" + clock.OffMs, Health(clock));
    }

    [Fact]
    public void A_clock_that_leaps_is_doubted_at_once_and_says_by_how_much_it_was_off_when_it_returns()
    {
        TrustedClock clock = Confirmed();
        clock.Poll(_clock.NowMs);
        Assert.False(clock.IsDoubted);
        _clock.StartUtc = Start.AddDays(30);
        clock.Poll(_clock.NowMs);
        Assert.True(clock.IsDoubted);
        _clock.StartUtc = Start;
        clock.Poll(_clock.NowMs);

        Assert.Equal((false, 30L * 24 * HourMs), (clock.IsDoubted, clock.OffMs));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_doubted_clock_is_trusted_after_a_signed_command_or_a_day_and_was_not_off(bool isCommand)
    {
        _clock.StartUtc = Start.AddYears(2);
        TrustedClock clock = Boot();
        Assert.True(clock.IsDoubted);
        Run(clock, HourMs);
        Assert.True(clock.IsDoubted);
        if (isCommand)
        {
            clock.Keep();
        }
        else
        {
            Run(clock, 25 * HourMs);
        }

        Assert.Equal((false, 0), (clock.IsDoubted, clock.OffMs));
        Assert.Contains("\"clock_trusted_ms\":", Health(clock));
        Assert.DoesNotContain("clock_off_ms", Health(clock));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void A_board_that_was_without_power_for_less_than_a_year_does_not_doubt_its_clock(int days)
    {
        Confirmed();
        _clock.StartUtc = Start.AddDays(days);
        TrustedClock clock = Boot();
        clock.Poll(0);

        Assert.False(clock.IsDoubted);
    }

    [Fact]
    public void A_clock_that_was_believed_at_start_and_is_set_back_by_months_says_by_how_much_it_was_off()
    {
        Confirmed();
        _clock.StartUtc = Start.AddDays(90);
        TrustedClock clock = Boot();
        clock.Poll(0);
        _clock.StartUtc = Start;
        clock.Poll(0);

        Assert.Equal(90L * 24 * HourMs, clock.OffMs);
    }

    [Fact]
    public void A_clock_that_is_not_set_is_not_doubted()
    {
        _clock.StartUtc = null;

        Assert.False(Boot().IsDoubted);
    }

    private static string Health(TrustedClock clock)
    {
        var writer = new JsonWriter();
        byte[] buffer = new byte[300];
        writer.Reset(buffer, 0);
        writer.BeginObject();
        clock.WriteHealth(writer);
        writer.EndObject();
        return Encoding.UTF8.GetString(buffer, 0, writer.Length);
    }

    private TrustedClock Boot() => new(_clock, _store, BuildDate);

    private void Run(TrustedClock clock, long ms)
    {
        long endMs = _clock.NowMs + ms;
        while (_clock.NowMs < endMs)
        {
            _clock.NowMs = Math.Min(endMs, clock.Poll(_clock.NowMs));
        }

        clock.Poll(_clock.NowMs);
    }
}

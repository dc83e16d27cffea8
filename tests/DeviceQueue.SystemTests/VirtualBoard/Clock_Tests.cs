using DeviceQueue.NanoFramework;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Clock_Tests : IDisposable
{
    private readonly Bench _bench = new();

    public Clock_Tests() => _bench.Board.Network.NtpReachable = false;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void After_power_on_the_calendar_is_unset()
    {
        _bench.Run(() =>
        {
            Assert.False(new SystemClock().TryGetUtc(out DateTime utc));
            Assert.Equal(1970, utc.Year);
        });
    }

    [Fact]
    public void The_service_sets_the_calendar_as_soon_as_a_server_answers()
    {
        _bench.Board.Clock.WorldOffset = TimeSpan.FromDays(400);
        _bench.Run(() =>
        {
            SystemClock clock = new();
            _bench.Board.Network.NtpReachable = true;
            Assert.True(clock.TryGetUtc(out DateTime utc));
            Assert.Equal(DateTime.UtcNow.AddDays(400), utc, TimeSpan.FromMinutes(1));
        });
    }

    [Fact]
    public void The_service_needs_a_network_and_no_call()
    {
        _bench.Board.Network.NtpReachable = true;
        _bench.Board.Network.WifiAvailable = false;
        _bench.Run(() =>
        {
            Assert.True(Sntp.IsStarted);
            Assert.Equal("pool.ntp.org", Sntp.Server1);
            Assert.False(_bench.Board.Clock.IsSet);
            _bench.Board.Network.WifiAvailable = true;
            Assert.True(SpinWait.SpinUntil(() => _bench.Board.Clock.IsSet, Bench.Patience));
        });
    }

    [Fact]
    public void A_stopped_service_asks_nobody_until_it_is_started()
    {
        _bench.Run(() =>
        {
            Sntp.Stop();
            _bench.Board.Network.NtpReachable = true;
            Sntp.UpdateNow();
            Assert.False(_bench.Board.Clock.IsSet);
            Sntp.Start();
            Assert.True(SpinWait.SpinUntil(() => _bench.Board.Clock.IsSet, Bench.Patience));
        });
    }

    [Fact]
    public void The_calendar_jumps_both_ways_and_the_monotonic_clock_does_not_care()
    {
        _bench.Run(() =>
        {
            SystemClock clock = new();
            Rtc.SetSystemTime(new DateTime(2027, 1, 1, 0, 0, 0, 700));
            Assert.True(clock.TryGetUtc(out DateTime set));
            Assert.Equal(new DateTime(2027, 1, 1), set, TimeSpan.FromSeconds(10));

            long before = clock.NowMs;
            _bench.Board.Clock.Jump(TimeSpan.FromDays(-1000));
            Assert.False(clock.TryGetUtc(out _));
            _bench.Board.Clock.Jump(TimeSpan.FromDays(2000));
            Assert.True(clock.TryGetUtc(out DateTime later));
            Assert.Equal(2029, later.Year);
            Assert.InRange(clock.NowMs, before, before + 10_000);
        });
    }

    [Fact]
    public void A_floor_shows_no_time_and_never_takes_the_place_of_a_time_that_came_first()
    {
        _bench.Run(() =>
        {
            DateTime floor = new(2026, 11, 1);
            SystemClock clock = new();
            clock.SetToFloor(floor);
            Assert.Equal(floor, _bench.Board.Clock.Utc, TimeSpan.FromSeconds(10));
            Assert.False(clock.TryGetUtc(out _));

            Rtc.SetSystemTime(new DateTime(2027, 1, 1));
            clock.SetToFloor(floor);
            Assert.True(clock.TryGetUtc(out DateTime utc));
            Assert.Equal(new DateTime(2027, 1, 1), utc, TimeSpan.FromSeconds(10));
        });
    }

    [Fact]
    public void Each_power_on_starts_both_clocks_anew()
    {
        _bench.Run(() => Rtc.SetSystemTime(new DateTime(2027, 1, 1)));
        Assert.True(_bench.Board.Clock.IsSet);
        Assert.True(SpinWait.SpinUntil(() => _bench.Board.Clock.NowMs >= 50, Bench.Patience));
        long before = _bench.Board.Clock.NowMs;

        long after = _bench.Run(() => new SystemClock().NowMs);

        Assert.False(_bench.Board.Clock.IsSet);
        Assert.InRange(after, 0, 10_000);
        Assert.InRange(before, 50, long.MaxValue);
    }
}

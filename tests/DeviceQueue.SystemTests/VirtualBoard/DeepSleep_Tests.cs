using System.Collections.Concurrent;
using System.Device.Gpio;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;
using VirtualBoard;
using ChipSleep = nanoFramework.Hardware.Esp32.Sleep;

namespace DeviceQueue.SystemTests.VirtualBoard;

/// <summary>A board that sleeps: what ends, what stays, and what it takes of a battery.</summary>
public sealed class DeepSleep_Tests : IDisposable
{
    private static readonly DateTime Start = new(2027, 3, 4, 5, 6, 7);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(20); // on a busy machine

    private readonly Bench _bench = new();
    private readonly ManualResetEvent _asleep = new(false);

    public DeepSleep_Tests()
    {
        Board.Network.NtpReachable = false;
        Board.FellAsleep += _ => _asleep.Set();
    }

    private Board Board => _bench.Board;

    public void Dispose()
    {
        _bench.Dispose();
        _asleep.Dispose();
    }

    [Fact]
    public void Deep_sleep_ends_all_without_a_word_and_keeps_flash_and_calendar()
    {
        BlockingCollection<string> seen = [];
        SleepIn(TimeSpan.FromHours(1), first: () =>
        {
            Power.OnRebootEvent += () => seen.Add("told");
            new GpioController().OpenPin(4, PinMode.Output).Write(PinValue.High);
            Board.Storage.TryWrite("kept", [42], 1);
            new Thread(() =>
            {
                _asleep.WaitOne();
                Board.Checkpoint();
                seen.Add("goes on");
            }).Start();
        }, second: () =>
        {
            seen.Add(ChipSleep.GetWakeupCause().ToString());
            seen.Add(Board.Storage.GetSize("kept").ToString());
            seen.Add(Board.Clock.Utc.Hour.ToString());
            seen.Add(Board.Clock.NowMs < Slack.TotalMilliseconds ? "from 0" : "goes on");
            seen.Add(new GpioController().IsPinOpen(4).ToString());
        });
        Assert.Null(Board.Gpio[4].Level);
        Assert.False(Board.IsOn);

        Board.SkipSleep();

        foreach (string expected in (string[])["Timer", "1", "6", "from 0", "False"])
        {
            Assert.True(seen.TryTake(out string? line, Bench.Patience));
            Assert.Equal(expected, line);
        }
    }

    [Theory]
    [InlineData(-0.05)]
    [InlineData(0)]
    [InlineData(0.05)]
    public void A_timer_that_is_off_moves_the_world_and_not_the_calendar(double drift)
    {
        Board.SleepDrift = drift;
        BlockingCollection<TimeSpan> slept = [];
        TimeSpan time = TimeSpan.FromHours(1);
        SleepIn(time, first: () => { }, second: () => slept.Add(Board.Clock.Utc - Start));
        TimeSpan before = Board.Clock.Elapsed;

        Board.SkipSleep();

        Assert.True(slept.TryTake(out TimeSpan calendar, Bench.Patience));
        Assert.InRange(calendar, time, time + Slack);
        Assert.InRange(Board.Clock.Elapsed - before, time * (1 + drift) - Slack, (time * (1 + drift)) + Slack);
    }

    [Fact]
    public void No_oscillator_is_off_by_more_than_five_percent()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Board.SleepDrift = 0.06);
        Assert.Throws<ArgumentOutOfRangeException>(() => Board.SleepDrift = -0.06);
    }

    [Fact]
    public void A_sleep_that_is_not_skipped_takes_its_time()
    {
        using ManualResetEvent awake = new(false);
        Board.SleepDrift = 0.05;
        SleepIn(TimeSpan.FromMilliseconds(400), first: () => { }, second: () => awake.Set());
        TimeSpan before = Board.Clock.Elapsed;

        Bench.Await(awake);

        Assert.InRange((Board.Clock.Elapsed - before).TotalMilliseconds, 350, Slack.TotalMilliseconds);
    }

    [Fact]
    public void The_account_has_the_seconds_of_each_state()
    {
        using ManualResetEvent joined = new(false);
        using ManualResetEvent end = new(false);
        Board.Network.AutoConnect = false;
        Board.Energy.Assumptions = new EnergyAssumptions { StartSeconds = 1.5, AssociateSeconds = 2.5 };
        SleepIn(TimeSpan.FromHours(1), first: () => { }, second: () =>
        {
            Board.Storage.TryWrite("file", [42], 1);
            WifiNetworkHelper.Reconnect();
            joined.Set();
            end.WaitOne();
        });
        Assert.Equal(PowerState.Asleep, Board.Energy.State);
        Assert.Equal(0, Board.Energy.Associations);
        Board.SkipSleep();
        Bench.Await(joined);
        Assert.Equal(PowerState.Connected, Board.Energy.State);
        Board.Clock.Skip(TimeSpan.FromMinutes(1));
        Board.PowerOff();
        Board.Clock.Skip(TimeSpan.FromDays(1));

        IReadOnlyDictionary<PowerState, double> seconds = Board.Energy.Read();

        Assert.Null(Board.Energy.State);
        Assert.Equal(3, seconds[PowerState.Start]);
        Assert.InRange(seconds[PowerState.Asleep], 3600, 3600 + Slack.TotalSeconds);
        Assert.InRange(seconds[PowerState.Awake], 0.045, Slack.TotalSeconds); // the flash alone
        Assert.Equal(2.5, seconds[PowerState.Associate]);
        Assert.InRange(seconds[PowerState.Connected], 60, 60 + Slack.TotalSeconds);
        Assert.Equal(0, seconds[PowerState.Handshake]);
        end.Set();
    }

    [Fact]
    public void A_network_that_is_away_costs_for_as_long_as_it_is_looked_for()
    {
        Board.Network.AutoConnect = false;
        Board.Network.WifiAvailable = false;
        _bench.Run(() =>
        {
            using CancellationTokenSource timeout = new(300);
            Assert.False(WifiNetworkHelper.Reconnect(token: timeout.Token));
        });
        Assert.Equal(PowerState.Associate, Board.Energy.State);

        Board.Network.WifiAvailable = true;

        Assert.Equal(PowerState.Connected, Board.Energy.State);
        Assert.InRange(Board.Energy.Read()[PowerState.Associate], 2.3, Slack.TotalSeconds);
    }

    // The second start comes by a wake-up.
    private void SleepIn(TimeSpan time, Action first, Action second)
    {
        Board.PowerOn(() =>
        {
            if (Board.BootCount > 1)
            {
                second();
                return;
            }

            Rtc.SetSystemTime(Start);
            first();
            ChipSleep.EnableWakeupByTimer(time);
            ChipSleep.StartDeepSleep();
        });
        Bench.Await(_asleep);
    }
}

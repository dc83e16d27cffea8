using DeviceQueue.Readings;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Readings;

public sealed class SamplingSchedule_Tests
{
    private const int MinuteMs = 60000;
    private const int MinutesInYear = 365 * 24 * 60;

    [Fact]
    public void Does_not_drift_over_a_year_however_late_it_is_asked()
    {
        var schedule = new SamplingSchedule(777, MinuteMs);
        var lateness = new Random(1);
        for (int i = 0; i < MinutesInYear; i++)
        {
            Assert.Equal(777 + ((long)i * MinuteMs), schedule.DueMs);
            Assert.False(schedule.TryAdvance(schedule.DueMs - 1));
            Assert.True(schedule.TryAdvance(schedule.DueMs + lateness.Next(MinuteMs)));
        }
    }

    [Fact]
    public void Skips_what_a_stall_missed_and_catches_nothing_up()
    {
        var schedule = new SamplingSchedule(0, MinuteMs);
        Assert.True(schedule.TryAdvance(0));

        Assert.True(schedule.TryAdvance((10 * MinuteMs) + 5));
        Assert.False(schedule.TryAdvance((10 * MinuteMs) + 6));
        Assert.Equal(11 * MinuteMs, schedule.DueMs);
    }

    [Fact]
    public void Is_due_once_for_each_moment_on_its_grid()
    {
        var steps =
            from start in Gen.Choose(0, 5000)
            from interval in Gen.Choose(1, 5000)
            from waits in Gen.Choose(0, 9000)
                .ListOf()
            select (
            start, interval, waits);

        Fuzz.ForAll(steps, run =>
        {
            var schedule = new SamplingSchedule(run.start, run.interval);
            long now = 0;
            long last = -1;
            foreach (int wait in run.waits)
            {
                now += wait;
                long moment = now < run.start ? -1 : (now - run.start) / run.interval;
                Assert.Equal(moment > last, schedule.TryAdvance(now));
                Assert.True(schedule.DueMs > now && (schedule.DueMs - run.start) % run.interval == 0);
                last = Math.Max(last, moment);
            }
        });
    }

    [Theory]
    [InlineData(60_000, 5_000, 15_000, 20_000)]
    [InlineData(60_000, 120_000, 60_000, 180_000)]
    [InlineData(60_000, 60_000, 60_000, 120_000)]
    public void Another_interval_holds_from_the_next_moment_on_and_none_is_put_off(
        int before, int after, long firstMs, long secondMs)
    {
        var schedule = new SamplingSchedule(0, before);
        Assert.True(schedule.TryAdvance(0));
        schedule.Change(10_000, after);
        Assert.Equal(firstMs, schedule.DueMs);
        Assert.False(schedule.TryAdvance(firstMs - 1));
        Assert.True(schedule.TryAdvance(firstMs));
        Assert.Equal(secondMs, schedule.DueMs);
    }
}

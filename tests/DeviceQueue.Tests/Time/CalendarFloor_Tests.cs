using DeviceQueue.Time;

namespace DeviceQueue.Tests.Time;

public sealed class CalendarFloor_Tests
{
    private static readonly DateTime Floor = new(2026, 11, 20, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_calendar_that_never_stood_at_a_floor_does_not_stand_at_one()
    {
        Assert.False(new CalendarFloor().IsAtFloor(Floor, 0));
    }

    [Fact]
    public void A_calendar_that_runs_on_from_the_floor_stays_unset_for_a_year()
    {
        var mark = new CalendarFloor();
        mark.Set(Floor, 60000);
        for (int day = 0; day < 365; day++)
        {
            Assert.True(mark.IsAtFloor(Floor.AddDays(day).AddMilliseconds(15), 60000 + (day * 86400000L)));
        }
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    [InlineData(3)]
    public void A_calendar_that_jumped_was_set_and_stays_so(int seconds)
    {
        var mark = new CalendarFloor();
        mark.Set(Floor, 60000);

        Assert.False(mark.IsAtFloor(Floor.AddSeconds(10 + seconds), 70000));
        Assert.False(mark.IsAtFloor(Floor.AddSeconds(20), 80000));
    }
}

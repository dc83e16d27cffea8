using DeviceQueue.Esp32;

namespace DeviceQueue.Tests.Health;

public sealed class StallWatch_Tests
{
    private readonly StallWatch _watch = new();

    [Fact]
    public void A_loop_without_a_beat_for_60_s_has_stalled()
    {
        _watch.Beat();
        int checks = 1;
        while (!_watch.HasStalled())
        {
            checks++;
        }

        Assert.InRange(checks * StallWatch.CheckIntervalMs, 60000, 65000);
    }

    [Fact]
    public void A_loop_that_beats_once_in_50_s_has_not()
    {
        for (int i = 0; i < 1000; i++)
        {
            if (i % 10 == 0)
            {
                _watch.Beat();
            }

            Assert.False(_watch.HasStalled());
        }
    }

    [Fact]
    public void Native_code_that_stopped_the_loop_and_the_watch_alike_is_no_stall()
    {
        _watch.Beat();
        Assert.False(_watch.HasStalled());

        // Ten minutes in which no thread ran: the watch looks once before the loop has had its turn.
        Assert.False(_watch.HasStalled());
        _watch.Beat();
        Assert.False(_watch.HasStalled());
    }
}

using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Mqtt;

public sealed class ReconnectBackoff_Tests
{
    [Fact]
    public void Doubles_its_limit_up_to_the_longest()
    {
        var backoff = new ReconnectBackoff(1000, 60000, new HighestDraw());

        Assert.Equal(
            [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000],
            Enumerable.Range(0, 8).Select(_ => backoff.NextDelayMs()));
    }

    [Fact]
    public void Draws_from_all_of_the_time_up_to_the_limit_so_that_a_fleet_spreads()
    {
        int[] first =
        [
            .. Enumerable.Range(0, 1000)
                .Select(seed => new ReconnectBackoff(1000, 60000, new SeededRandom(seed)).NextDelayMs()),
        ];

        Assert.All(first, delay => Assert.InRange(delay, 0, 1000));
        Assert.All(
            first.GroupBy(delay => delay / 101).Select(group => group.Count()),
            count => Assert.InRange(count, 50, 150));
    }

    [Theory]
    [InlineData(29999, 4000)]
    [InlineData(30000, 1000)]
    public void Starts_anew_only_after_a_link_that_held_for_30_seconds(int heldMs, int nextMs)
    {
        var backoff = new ReconnectBackoff(1000, 60000, new HighestDraw());
        backoff.NextDelayMs();
        backoff.NextDelayMs();

        backoff.OnLinkEnded(heldMs, false);

        Assert.Equal(nextMs, backoff.NextDelayMs());
    }

    [Fact]
    public void Takes_links_that_the_other_side_ends_early_for_an_eviction_at_the_third()
    {
        var backoff = new ReconnectBackoff(1000, 60000, new HighestDraw());
        backoff.OnLinkEnded(100, true);
        backoff.OnLinkEnded(100, false);
        backoff.OnLinkEnded(40000, true);
        backoff.OnLinkEnded(100, true);
        Assert.False(backoff.IsEvicted);

        backoff.OnLinkEnded(29999, true);
        Assert.True(backoff.IsEvicted);
    }

    [Fact]
    public void Forgets_failures_after_evictions_only_when_a_link_held_for_5_minutes()
    {
        var backoff = new ReconnectBackoff(1000, 60000, new HighestDraw());
        for (int i = 0; i < ReconnectBackoff.MaxEvictions; i++)
        {
            backoff.NextDelayMs();
            backoff.OnLinkEnded(100, true);
        }

        backoff.OnLinkEnded(299999, true);
        Assert.Equal(8000, backoff.NextDelayMs());
        Assert.True(backoff.IsEvicted);
        backoff.OnLinkEnded(300000, true);
        Assert.Equal(1000, backoff.NextDelayMs());
        Assert.False(backoff.IsEvicted);
    }

    private sealed class HighestDraw : IRandom
    {
        public int Next(int limit) => limit - 1;

        public void NextBytes(byte[] buffer)
        {
        }
    }
}

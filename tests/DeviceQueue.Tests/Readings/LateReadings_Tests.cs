using System.Text.Json;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Readings;

/// <summary>With device.late_topic, who dates a reading by its arrival does not take an old one for new.</summary>
public sealed class LateReadings_Tests
{
    private const string Topic = "sensor/bar1/temperature";
    private const string Late = Topic + "/late";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void After_an_outage_readings_older_than_two_intervals_go_to_the_late_topic_and_no_other(bool hasClock)
    {
        var node = new Node("device.late_topic=true;device.interval_ms=60000");
        node.Broker.IsUp = false;
        node.Broker.Clock.StartUtc = hasClock ? node.Broker.Clock.StartUtc : null;
        node.World.Connection.Open();
        node.World.RunFor(10 * 60_000);
        node.Broker.IsUp = true;
        node.World.RunFor(2 * 60_000);

        int[] late = Numbers(node, Late);
        int[] now = Numbers(node, Topic);
        Assert.InRange(late.Length, 7, 9);
        Assert.InRange(now.Length, 3, 5);
        Assert.Equal(Enumerable.Range(1, late.Length + now.Length), late.Concat(now));
    }

    [Fact]
    public void Readings_of_the_boot_before_are_late_even_without_a_clock()
    {
        var store = new MemoryStore();
        var node = new Node("device.late_topic=true", store);
        node.Broker.IsUp = false;
        node.Broker.Clock.StartUtc = null;
        node.World.Connection.Open();
        node.World.RunFor(3 * 60_000);

        var next = new Node("device.late_topic=true", store);
        next.Broker.Clock.StartUtc = null;
        next.World.Open();
        next.World.RunFor(30_000);

        Assert.True(Numbers(next, Late).Length >= 3);
        Assert.Single(Numbers(next, Topic));
    }

    [Fact]
    public void A_reading_that_was_sent_on_time_keeps_its_topic_when_it_is_sent_again()
    {
        var node = new Node("device.late_topic=true;device.interval_ms=60000");
        node.World.Open();
        node.World.RunFor(1000);
        node.Broker.PubackMs = null;
        node.World.RunFor(10 * 60_000);
        node.Broker.PubackMs = 20;
        node.World.RunFor(10 * 60_000);

        int[] late = Numbers(node, Late);
        Assert.DoesNotContain(2, late);
        Assert.True(node.On("temperature").Length < node.Broker.Arrivals.Count(arrival => arrival.Topic == Topic));
    }

    private static int[] Numbers(Node node, string topic) =>
        [.. node.Broker.Seen(topic).Select(text => JsonDocument.Parse(text).RootElement.GetProperty("seq").GetInt32())];
}

namespace DeviceQueue.Tests.Mqtt;

public sealed class StatusTopic_Tests
{
    private const string Status = "sensor/bar1/status";

    private readonly Node _node = new("device.health_interval_ms=3600000");

    [Fact]
    public void A_late_offline_is_corrected_at_once()
    {
        _node.World.Open();
        Foreign("offline");
        _node.World.RunFor(1000);

        Assert.Equal(["online", "online"], Said());
    }

    [Fact]
    public void A_flood_of_foreign_values_is_corrected_once_a_minute_and_at_last()
    {
        _node.World.Open();
        for (int i = 0; i < 600; i++)
        {
            Foreign("offline");
            _node.World.RunFor(500);
        }

        Assert.InRange(Said().Length, 4, 7);
        Foreign("gone");
        _node.World.RunFor(61000);
        int said = Said().Length;
        Foreign("online");
        _node.World.RunFor(600000);
        Assert.Equal(said, Said().Length);
    }

    [Fact]
    public void Its_own_word_and_what_was_retained_before_it_are_no_reason_to_say_it_again()
    {
        _node.Broker.SubackMs = 100;
        _node.World.Node!.Connection.Open();
        _node.World.RunFor(150);
        _node.Broker.Deliver(Status, World.Utf8("offline"), isRetained: true);
        _node.World.RunFor(1000);
        Foreign("online");
        _node.World.RunFor(600000);

        Assert.Equal(["online"], Said());
    }

    private void Foreign(string word) => _node.Broker.Deliver(Status, World.Utf8(word));

    private string[] Said() => [.. _node.On("status").Select(arrival => arrival.Text)];
}

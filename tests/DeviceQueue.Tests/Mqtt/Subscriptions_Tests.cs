using System.Text.Json;
using DeviceQueue.Health;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Mqtt;

public sealed class Subscriptions_Tests
{
    [Fact]
    public void A_refused_subscription_is_asked_for_again_until_the_broker_grants_it()
    {
        var world = new World();
        world.Connection.Attach(new RecordingSink("command"));
        world.Broker.RefusesSubscriptions = true;
        world.Open();
        world.RunFor(3600000);

        Assert.InRange(world.Broker.Link.Filters.Count, 5, 25);
        Assert.Equal("subscription refused by the broker", world.Connection.SubscriptionFault);
        Assert.Single(world.Log.Errors, "subscription to command refused by the broker");

        world.Broker.RefusesSubscriptions = false;
        world.RunFor(RetryPolicy.MaxDelayMs, () => world.Connection.SubscriptionFault == null);
        Assert.Contains("subscription to command granted", world.Log.Lines);
        Assert.Equal(1, world.Connection.Connects);
    }

    [Fact]
    public void A_device_whose_commands_are_refused_is_not_well_and_says_so_everywhere()
    {
        var node = new Node("device.health_interval_ms=1000");
        node.Broker.RefusedFilters.Add("sensor/bar1/command");
        node.World.Open();
        node.World.RunFor(60000);

        Assert.Equal(DeviceState.NoCommands, node.State);
        Assert.Contains("status: commands: subscription refused by the broker", node.Log.Lines);
        Assert.DoesNotContain("status: all well", node.Log.Lines);
        JsonElement health = node.Health();
        Assert.Equal("subscription refused by the broker", health.GetProperty("commands").GetString());
        Assert.Equal("online", node.Broker.Retained("sensor/bar1/status"));
        Assert.NotEmpty(node.On("temperature"));

        node.Broker.RefusedFilters.Clear();
        node.World.RunFor(RetryPolicy.MaxDelayMs);
        Assert.Equal(
            "status: all well", node.Log.Lines.Last(line => line.StartsWith("status: ", StringComparison.Ordinal)));
        Assert.False(node.Health().TryGetProperty("commands", out _));
    }

    [Fact]
    public void Without_SUBACK_the_status_is_said_after_2_s_then_outputs_then_readings()
    {
        var node = new Node("device.discovery=true;device.interval_ms=1000");
        node.Broker.SubackMs = null;
        node.World.Connection.Open();
        node.World.RunFor(1900);
        Assert.Empty(node.Broker.Arrivals);
        Assert.Contains("sensor/bar1/command", node.Broker.Link.Filters);

        node.World.RunFor(1000);
        string[] topics = [.. node.Broker.Arrivals.Select(arrival => arrival.Topic).Distinct()];
        Assert.Equal("sensor/bar1/status", topics[0]);
        Assert.Equal("sensor/bar1/output/relay1", topics[1]);
        Assert.Contains("homeassistant/device/bar1/config", topics);
        Assert.True(
            Array.IndexOf(
                topics, "homeassistant/device/bar1/config") < Array.IndexOf(topics, "sensor/bar1/temperature"));
        Assert.Contains("sensor/bar1/temperature", topics);
    }

    [Fact]
    public void Readings_that_waited_for_the_link_come_after_status_outputs_and_announcement()
    {
        var node = new Node(
            "device.discovery=true;device.interval_ms=1000;device.outputs.1.name=b;device.outputs.1.pin=14;"
            + "device.outputs.2.name=c;device.outputs.2.pin=15;device.outputs.3.name=d;device.outputs.3.pin=16");
        node.World.RunFor(20000);
        node.World.Open();

        string[] topics =
        [
            .. node.Broker.Arrivals.Where(arrival => !arrival.IsRepeat).Select(arrival => arrival.Topic),
        ];
        Assert.Equal("sensor/bar1/status", topics[0]);
        Assert.Equal(
            ["sensor/bar1/output/b", "sensor/bar1/output/c", "sensor/bar1/output/d", "sensor/bar1/output/relay1"],
            topics[1..].TakeWhile(topic => topic.Contains("/output/")).Order());
        Assert.Contains("homeassistant/device/bar1/config", topics);
        Assert.True(
            Array.IndexOf(
                topics, "homeassistant/device/bar1/config") < Array.IndexOf(topics, "sensor/bar1/temperature"));
    }

    [Fact]
    public void The_devices_own_status_may_be_refused_or_silent_without_harm()
    {
        foreach (int? subackMs in new int?[] { 20, null })
        {
            var world = new World();
            world.Connection.SetStatus("status", "online", "offline");
            world.Broker.SubackMs = subackMs;
            world.Broker.RefusesSubscriptions = true;
            MqttMessageQueue queue = world.Queue("t");
            world.Open();
            World.Send(queue, "0");
            world.RunFor(3600000);

            Assert.Equal(("online", 1), (world.Broker.Retained("status"), world.Connection.Connects));
            Assert.Equal((null, null), (world.Connection.SubscriptionFault, world.Connection.LastError));
            Assert.Equal(["status"], world.Broker.Link.Filters);
            Assert.Equal(["0"], world.Broker.Seen("t"));
        }
    }
}

using System.Text.Json;
using DeviceQueue.HomeAssistant;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.HomeAssistant;

/// <summary>What Home Assistant shows follows what the device is: at its start, and when the device changes.</summary>
public sealed class Announcements_Tests
{
    private const string Topic = "homeassistant/device/bar1/config";
    private const string On = "device.discovery=true;";

    private readonly MemoryStore _store = new();

    [Fact]
    public void When_Home_Assistant_starts_status_outputs_and_the_last_reading_are_said_again()
    {
        Node node = Boot("");
        node.World.RunFor(30000);
        long seq = node.Sequences()[^1];
        int before = node.Broker.Arrivals.Count;
        node.Broker.Deliver("homeassistant/status", World.Utf8("online"));
        node.World.RunFor(5000);

        string[] again = [.. node.Broker.Arrivals.Skip(before).Select(arrival => arrival.Topic)];
        Assert.Contains("sensor/bar1/status", again);
        Assert.Contains("sensor/bar1/output/relay1", again);
        Assert.Contains(Topic, again);
        Assert.True(Array.IndexOf(again, Topic) < Array.IndexOf(again, "sensor/bar1/temperature"));
        Assert.Equal(seq, node.Sequences()[^1]);
    }

    [Theory]
    [InlineData("device.report_delta=0.5;", 90000)] // the last one that was published is older than an interval
    [InlineData("", 30000)]
    public void A_reading_that_is_old_or_was_followed_by_a_fault_is_not_said_again(string config, int waitMs)
    {
        Node node = Boot(config);
        node.World.RunFor(30000);
        node.Sensor.State = config.Length > 0 ? node.Sensor.State : DeviceQueue.Readings.SensorState.NoAnswer;
        node.World.RunFor(waitMs);
        int readings = node.Sequences().Length;
        node.Broker.Deliver("homeassistant/status", World.Utf8("online"));
        node.World.RunFor(5000);

        Assert.Equal(readings, node.Sequences().Length);
    }

    [Fact]
    public void A_renamed_output_is_taken_back_before_the_new_one_is_announced()
    {
        Boot("");
        Node node = Boot("device.outputs.0.name=pump;");

        HomeAssistantDevice[] said = Said(node);
        Assert.Equal(new Dictionary<string, string> { ["o_relay1"] = "switch" }, said[0].Removed);
        Assert.Contains("o_pump", said[^1].Components.Keys);
        Assert.Empty(said[^1].Removed);

        Assert.All(Said(Boot("device.outputs.0.name=pump;")), announcement => Assert.Empty(announcement.Removed));
    }

    [Fact]
    public void An_output_that_may_no_longer_be_switched_is_taken_back_as_a_switch_before_it_is_a_sensor()
    {
        Boot("");
        Node node = Boot(Node.WithKey);

        HomeAssistantDevice[] said = Said(node);
        Assert.Equal("switch", said[0].Removed["o_relay1"]);
        Assert.DoesNotContain("o_relay1", said[0].Components.Keys);
        Assert.Equal(["o_relay1"], said[^1].Names("binary_sensor"));
    }

    [Fact]
    public void A_part_that_the_sensor_no_longer_measures_is_taken_back_but_not_because_it_fails()
    {
        Boot("");
        var node = new Node(On, _store);
        node.Sensor.State = DeviceQueue.Readings.SensorState.NotFound;
        node.World.Open();
        node.World.RunFor(5000);
        Assert.Contains("humidity", Said(node)[^1].Components.Keys);
        Assert.All(Said(node), announcement => Assert.Empty(announcement.Removed));

        node.Sensor.HasHumidity = false;
        node.Sensor.State = DeviceQueue.Readings.SensorState.Ok;
        node.World.RunFor(120000);
        Assert.Contains(Said(node), announcement => announcement.Removed.ContainsKey("humidity"));
        Assert.DoesNotContain("humidity", Said(node)[^1].Components.Keys);
    }

    [Fact]
    public void A_renamed_device_empties_all_topics_of_its_former_name()
    {
        Node before = Boot("");
        string[] topics = [.. Announced(before).Select(arrival => arrival.Topic).Distinct()];
        Assert.Equal(1 + 8, topics.Length); // two of entities that it does not have
        Node node = Boot("device.id=bar2;");

        Assert.All(topics, topic => Assert.Equal("", node.Broker.Retained(topic)));
        Assert.NotEqual("", node.Broker.Retained("homeassistant/device/bar2/config"));
    }

    [Fact]
    public void A_removal_that_a_power_cut_interrupts_is_done_after_the_next_boot()
    {
        Boot("");
        var cut = new Node(On + "device.outputs.0.name=pump;", _store);
        cut.Broker.PubackMs = null;
        cut.World.Open();
        cut.World.RunFor(1000);

        Assert.Contains(
            Said(Boot("device.outputs.0.name=pump;")), announcement => announcement.Removed.ContainsKey("o_relay1"));
    }

    [Fact]
    public void Diagnostic_entities_are_announced_one_at_a_time_in_400_bytes_and_read_the_health_report()
    {
        Node node = Boot(
            "device.health_interval_ms=5000;device.battery.pin=33;device.id=a-device-with-the-longest-id-032;");
        node.World.RunFor(10000);
        JsonElement health = JsonDocument.Parse(
            node.Broker.Arrivals.Last(
                arrival => arrival.Topic.EndsWith("/health", StringComparison.Ordinal)).Payload).RootElement;
        Arrival[] entities =
        [
            .. Announced(node)
                .Where(arrival => arrival.Topic.StartsWith("homeassistant/sensor/", StringComparison.Ordinal))
                .Where(arrival => arrival.Payload.Length > 0),
        ];

        Assert.Equal(
            ["free_memory", "queue", "faults", "safe_mode", "reconnects", "uptime", "battery"],
            entities.Select(arrival => arrival.Topic.Split('/')[3]));
        Assert.All(entities.Zip(entities.Skip(1)), pair => Assert.True(pair.Second.AtMs >= pair.First.AtMs + 20));
        foreach (Arrival entity in entities)
        {
            Assert.InRange(entity.Payload.Length, 100, 400);
            Assert.Equal((1, true), (entity.Qos, entity.Retain));
            JsonElement config = Node.Json(entity);
            Assert.Equal("diagnostic", config.GetProperty("ent_cat").GetString());
            Assert.Equal("sensor/a-device-with-the-longest-id-032/health", config.GetProperty("stat_t").GetString());
            string path = config.GetProperty("val_tpl").GetString()!["{{value_json.".Length..^2];
            Assert.NotEqual(
                JsonValueKind.Undefined,
                path.Split('.').Aggregate(health, (json, name) => json.GetProperty(name)).ValueKind);
        }
    }

    [Fact]
    public void Switched_off_the_diagnostic_entities_are_taken_back_too_and_after_a_connect_they_are_said_again()
    {
        Node node = Boot("");
        node.Broker.Drop();
        int before = node.Broker.Arrivals.Count;
        node.World.RunFor(20000);
        Assert.Equal(
            9,
            node.Broker.Arrivals.Skip(before)
                .Count(arrival => arrival.Topic.StartsWith("homeassistant/", StringComparison.Ordinal)));

        node.Apply("device.discovery=false");
        node.World.RunFor(10000);
        Assert.All(
            Announced(node).Select(arrival => arrival.Topic), topic => Assert.Equal("", node.Broker.Retained(topic)));
        Assert.False(_store.Files.ContainsKey(DeviceDiscovery.MarkName));
        before = node.Broker.Arrivals.Count;
        node.Broker.Drop();
        node.World.RunFor(20000);
        Assert.DoesNotContain(
            node.Broker.Arrivals.Skip(before),
            arrival => arrival.Topic.StartsWith("homeassistant/", StringComparison.Ordinal));
    }

    private static Arrival[] Announced(Node node) =>
        [
            .. node.Broker.Arrivals.Where(
                arrival => arrival.Topic.StartsWith("homeassistant/", StringComparison.Ordinal) && !arrival.IsRepeat),
        ];

    private static HomeAssistantDevice[] Said(Node node) =>
        [
            .. Announced(node)
                .Where(arrival => arrival.Topic == Topic)
                .Select(arrival => new HomeAssistantDevice(arrival.Text)),
        ];

    private Node Boot(string config)
    {
        var node = new Node(On + config, _store);
        node.World.Open();
        node.World.RunFor(5000);
        return node;
    }
}

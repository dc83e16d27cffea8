using DeviceQueue.HomeAssistant;
using DeviceQueue.Readings;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.HomeAssistant;

public sealed class DeviceDiscovery_Tests
{
    private const string Topic = "homeassistant/device/bar1/config";

    [Fact]
    public void Is_off_unless_it_is_switched_on()
    {
        var node = new Node();
        node.World.Open();
        node.Broker.Deliver("homeassistant/status", World.Utf8("online"));
        node.World.RunFor(60000);

        Assert.Empty(Announcements(node));
        Assert.Equal(["sensor/bar1/status", "sensor/bar1/command"], node.Broker.Link.Filters);
    }

    [Fact]
    public void Announces_sensors_that_read_the_readings_and_a_switch_for_each_output()
    {
        var node = new Node("device.discovery=true;device.outputs.1.name=relay2;device.outputs.1.pin=14");
        node.World.Open();

        Arrival announcement = Assert.Single(Announcements(node));
        Assert.Equal((1, true), (announcement.Qos, announcement.Retain));
        var device = new HomeAssistantDevice(announcement.Text);
        Assert.Equal("bar1", device.Id);
        Assert.Equal(["temperature", "humidity", "pressure"], device.Names("sensor"));
        string reading = node.On("temperature")[0].Text;
        Assert.All(
            device.Names("sensor"),
            name => Assert.Equal("sensor/bar1/temperature", device.Components[name]["state_topic"]));
        Assert.Equal(
            (21.47, 45.1, 1006.53),
            (
                device.Value("temperature", reading),
                device.Value("humidity", reading),
                device.Value("pressure", reading)));
        Assert.All(
            device.Components.Values, component => Assert.Equal("sensor/bar1/status", component["availability_topic"]));
        Assert.Equal(["o_relay1", "o_relay2"], device.Names("switch"));
        Assert.Equal("relay2", device.Components["o_relay2"]["name"]);
        Assert.Equal("sensor/bar1/output/relay2", device.Components["o_relay2"]["state_topic"]);
        Assert.Equal("sensor/bar1/output/relay2/set", device.Components["o_relay2"]["command_topic"]);
    }

    [Theory]
    [InlineData(Node.WithKey)]
    [InlineData("options.clean_session=false")]
    public void Announces_outputs_to_look_at_when_home_automation_may_not_switch_them(string config)
    {
        var node = new Node("device.discovery=true;" + config);
        node.World.Open();

        var device = new HomeAssistantDevice(Assert.Single(Announcements(node)).Text);
        Assert.Equal(["o_relay1"], device.Names("binary_sensor"));
        Assert.Empty(device.Names("switch"));
        Assert.Equal(["sensor/bar1/status", "sensor/bar1/command", "homeassistant/status"], node.Broker.Link.Filters);
    }

    [Fact]
    public void Announces_humidity_only_when_there_is_one_and_as_soon_as_there_is()
    {
        var node = new Node("device.discovery=true");
        node.Sensor.HasHumidity = false;
        node.World.Open();
        Assert.Equal(["temperature", "pressure"], new HomeAssistantDevice(Announcements(node)[0].Text).Names("sensor"));

        node.Sensor.State = SensorState.NotFound;
        node.World.RunFor(60000);
        node.Sensor.HasHumidity = true;
        node.World.RunFor(60000);
        Assert.Single(Announcements(node));
        node.Sensor.State = SensorState.Ok;
        node.World.RunFor(600000);

        Assert.Equal(2, Announcements(node).Length);
        Assert.Contains("humidity", new HomeAssistantDevice(node.Broker.Retained(Topic)!).Names("sensor"));
    }

    [Fact]
    public void Announces_no_pressure_when_the_sensor_measures_none_and_takes_it_back_after_an_exchange()
    {
        var node = new Node("device.discovery=true");
        node.World.Open();
        Assert.Contains("pressure", new HomeAssistantDevice(node.Broker.Retained(Topic)!).Names("sensor"));

        node.Sensor.HasPressure = false;
        node.World.RunFor(600000);

        Assert.Equal(
            ["temperature", "humidity"], new HomeAssistantDevice(node.Broker.Retained(Topic)!).Names("sensor"));
    }

    [Fact]
    public void A_sensor_of_temperature_and_humidity_brings_these_alone_to_readings_announcement_and_health()
    {
        var node = new Node("device.discovery=true");
        node.Sensor.HasPressure = false;
        node.World.Open();
        node.World.RunFor(600000);

        var device = new HomeAssistantDevice(Assert.Single(Announcements(node)).Text);
        Assert.Equal(["temperature", "humidity"], device.Names("sensor"));
        Assert.All(
            node.On("temperature"),
            reading => Assert.Equal(
                ["msg", "unit", "temperature", "humidity", "seq", "time"],
                Node.Json(reading).EnumerateObject().Select(member => member.Name)));
        Assert.Equal(
            """{"state":"ok","faults":0}""", node.Health().GetProperty("sensor").GetRawText());
    }

    [Theory]
    [InlineData("", "180")]
    [InlineData("device.report_delta=0.5", "3720")]
    [InlineData("device.report_delta=0.5;device.report_at_least_ms=1000", "180")]
    public void A_sensor_that_fails_goes_stale_after_the_longest_time_between_readings_and_two_samplings(
        string config, string seconds)
    {
        var node = new Node("device.discovery=true;" + config);
        node.World.Open();

        Assert.Equal(
            seconds, new HomeAssistantDevice(node.Broker.Retained(Topic)!).Components["temperature"]["expire_after"]);
    }

    [Fact]
    public void Announces_again_after_each_connect_and_when_Home_Assistant_starts()
    {
        var node = new Node("device.discovery=true");
        node.World.Open();
        node.Broker.Drop();
        node.World.RunFor(10000);
        Assert.Equal(2, Announcements(node).Length);

        node.Broker.Deliver("homeassistant/status", World.Utf8("offline"));
        node.Broker.Deliver("homeassistant/status", World.Utf8("online"), isRetained: true);
        node.World.RunFor(20000);
        Assert.Equal(2, Announcements(node).Length);
        node.Broker.Deliver("homeassistant/status", World.Utf8("online"));
        node.World.RunFor(1000);

        Assert.Equal(3, Announcements(node).Length);
        Assert.Single(Announcements(node).Select(announcement => announcement.Text).Distinct());
    }

    [Fact]
    public void A_flood_of_starts_is_answered_at_most_each_10_s()
    {
        var node = new Node("device.discovery=true");
        node.World.Open();
        for (int i = 0; i < 600; i++)
        {
            node.Broker.Deliver("homeassistant/status", World.Utf8("online"));
            node.World.RunFor(100);
        }

        Assert.InRange(Announcements(node).Length, 5, 8);
        Assert.Equal(2, node.Sequences().Distinct().Count());
    }

    [Fact]
    public void Switched_off_it_is_emptied_and_stops_listening_and_switched_on_it_is_back()
    {
        var node = new Node();
        node.World.Open();
        node.Apply("device.discovery=true");
        node.World.RunFor(1000);
        Assert.NotEmpty(new HomeAssistantDevice(node.Broker.Retained(Topic)!).Components);
        Assert.Equal(4, node.Broker.Link.Filters.Count);
        Assert.False(node.World.Node!.Discovery.IsWithdrawn);

        node.Apply("device.discovery=false");
        node.World.RunFor(1000);
        Assert.Equal(("", true), (node.Broker.Retained(Topic), node.World.Node.Discovery.IsWithdrawn));
        Assert.Equal(["sensor/bar1/status", "sensor/bar1/command"], node.Broker.Link.Filters);

        node.Apply("device.discovery=true");
        node.World.RunFor(1000);
        Assert.NotEmpty(new HomeAssistantDevice(node.Broker.Retained(Topic)!).Components);
    }

    [Fact]
    public void Switched_off_while_the_device_was_off_it_is_emptied_once()
    {
        var store = new MemoryStore();
        new Node("device.discovery=true", store).World.Open();
        var second = new Node("", store);
        second.World.Open();
        second.World.RunFor(1000);
        var third = new Node("", store);
        third.World.Open();

        Assert.Equal("", second.Broker.Retained(Topic));
        Assert.Empty(Announcements(third));
        Assert.False(store.Files.ContainsKey(DeviceDiscovery.MarkName));
    }

    [Fact]
    public void Config_set_switches_it_on_and_device_wipe_empties_it_before_the_restart()
    {
        var node = new Node(Node.WithKey);
        node.World.Open();
        Assert.Equal("succeeded", Node.Status(node.Do("config.set", "{\"discovery\":true}")));
        Assert.NotEmpty(new HomeAssistantDevice(node.Broker.Retained(Topic)!).Components);
        node.Broker.PubackMs = 500; // each of seven, within the 5 s that a restart waits
        node.Command("device.wipe", "{\"confirm\":\"bar1\"}");
        node.World.RunFor(10000);

        Assert.Equal("", node.Broker.Retained(Topic));
        Assert.True(Assert.Single(node.Restarts) >= Announcements(node)[^1].AtMs + 500);
        Assert.False(node.Store.Files.ContainsKey(DeviceDiscovery.MarkName));
    }

    [Fact]
    public void A_wipe_whose_broker_is_gone_restarts_all_the_same_and_the_mark_stays()
    {
        var node = new Node("device.discovery=true;" + Node.WithKey);
        node.World.Open();
        node.Command("device.wipe", "{\"confirm\":\"bar1\"}");
        node.Broker.IsBlackHole = true;
        node.World.RunFor(10000);

        Assert.InRange(Assert.Single(node.Restarts), 1000, 7000);
        Assert.True(node.Store.Files.ContainsKey(DeviceDiscovery.MarkName));
    }

    [Fact]
    public void In_safe_mode_what_the_broker_has_stays_and_nothing_is_switched()
    {
        var store = new MemoryStore();
        new Node("device.discovery=true", store).World.Open();
        var node = new Node("device.discovery=true", store);
        for (int i = 0; i < 10 && !node.Journal.IsSafeMode; i++)
        {
            node = new Node("device.discovery=true", store);
        }

        Assert.True(node.Journal.IsSafeMode);
        node.World.Open();
        node.Broker.Deliver("sensor/bar1/output/relay1/set", World.Utf8("ON"));
        node.World.RunFor(60000);

        Assert.Empty(Announcements(node));
        Assert.Empty(node.Pins.Written);
        Assert.True(store.Files.ContainsKey(DeviceDiscovery.MarkName));
    }

    [Theory]
    [InlineData("false", "{\"discovery\":true}")]
    [InlineData("true", "{\"discovery\":false}")]
    public void In_safe_mode_config_set_stores_the_setting_and_changes_nothing_yet(string before, string change)
    {
        var store = new MemoryStore();
        string config = Node.WithKey + "device.discovery=" + before;
        new Node(config, store).World.Open();
        var node = new Node(config, store);
        for (int i = 0; i < 10 && !node.Journal.IsSafeMode; i++)
        {
            node = new Node(config, store);
        }

        bool wasAnnounced = store.Files.ContainsKey(DeviceDiscovery.MarkName);
        node.World.Open();
        Assert.Equal("succeeded", Node.Status(node.Do("config.set", change)));
        node.World.RunFor(60000, () => node.Restarts.Count > 0);

        Assert.Empty(Announcements(node));
        Assert.Equal(wasAnnounced, store.Files.ContainsKey(DeviceDiscovery.MarkName));
        Assert.Contains(store.Files, file => file.Key.StartsWith("changes.", StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_not_withdrawn_before_the_broker_has_said_so()
    {
        var store = new MemoryStore();
        var node = new Node("device.discovery=true", store);
        node.World.Open();
        node.Broker.PubackMs = null;
        node.World.Node!.Discovery.Withdraw();
        node.World.RunFor(500);
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor(60000);
        Assert.False(node.World.Node.Discovery.IsWithdrawn);
        Assert.True(store.Files.ContainsKey(DeviceDiscovery.MarkName));

        node.Broker.IsUp = true;
        node.Broker.PubackMs = 20;
        node.World.RunFor(120000);
        Assert.Equal(("", true), (node.Broker.Retained(Topic), node.World.Node.Discovery.IsWithdrawn));
    }

    [Fact]
    public void Names_as_many_outputs_as_a_message_may_hold_and_says_how_many_it_left_out()
    {
        var node = new Node("device.discovery=true;" + MostOutputs());
        node.World.Open();
        node.World.RunFor(5000);

        string announcement = node.Broker.Retained(Topic)!;
        int named = new HomeAssistantDevice(announcement).Names("switch").Length;
        Assert.InRange(named, 3, 15);
        Assert.InRange(World.Utf8(announcement).Length + Topic.Length, 1, 2048);
        Assert.Contains(
            "discovery has room for " + named
                + " of 16 outputs: an announcement has 2048 bytes, more with a larger options.max_message_size",
            node.Log.Lines);
        Assert.Equal(
            16,
            node.Broker.Arrivals.Count(
                arrival => arrival.Topic.StartsWith("sensor/bar1/output/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Eight_outputs_of_the_READMEs_kind_fit_without_a_setting()
    {
        string outputs = string.Join(
            ';', Enumerable.Range(0, 16).Select(i => $"device.outputs.{i}.name=relay{i};device.outputs.{i}.pin={i}"));
        var node = new Node("device.id=greenhouse-1;device.discovery=true;" + outputs);
        node.World.Open();
        node.World.RunFor(5000);

        string announcement = node.Broker.Retained("homeassistant/device/greenhouse-1/config")!;
        Assert.Equal(8, new HomeAssistantDevice(announcement).Names("switch").Length);
    }

    [Fact]
    public void Names_all_outputs_there_can_be_when_max_message_size_allows_it()
    {
        var node = new Node(
            "device.discovery=true;options.outbox=;options.max_message_size=5120;options.max_bytes=5120;"
                + MostOutputs());
        node.World.Open();
        node.World.RunFor(5000);

        Assert.Equal(16, new HomeAssistantDevice(node.Broker.Retained(Topic)!).Names("switch").Length);
        Assert.DoesNotContain(node.Log.Lines, line => line.Contains("discovery"));
    }

    private static string MostOutputs() =>
        string.Join(
            ';',
            Enumerable.Range(0, 16).Select(
                i => $"device.outputs.{i}.name=output-with-the-longest-name-{i:000};device.outputs.{i}.pin={i}"));

    private static Arrival[] Announcements(Node node) =>
        [.. node.Broker.Arrivals.Where(arrival => arrival.Topic == Topic && !arrival.IsRepeat)];
}

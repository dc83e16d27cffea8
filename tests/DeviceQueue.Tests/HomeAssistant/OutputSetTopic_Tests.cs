using System.Text.Json;
using DeviceQueue.HomeAssistant;

namespace DeviceQueue.Tests.HomeAssistant;

public sealed class OutputSetTopic_Tests
{
    [Fact]
    public void Switches_the_output_that_the_topic_names()
    {
        Node node = Open("device.discovery=true;device.outputs.1.name=relay2;device.outputs.1.pin=14");
        Assert.Contains("sensor/bar1/output/+/set", node.Broker.Link.Filters);
        Set(node, "relay2", "ON");
        node.World.RunFor(1000);
        Assert.Equal("ON", node.Broker.Retained("sensor/bar1/output/relay2"));

        Set(node, "relay2", "OFF");
        node.World.RunFor(1000);

        Assert.Equal([(14, true), (14, false)], node.Pins.Written);
        Assert.Equal(
            ("OFF", "OFF"),
            (node.Broker.Retained("sensor/bar1/output/relay1"), node.Broker.Retained("sensor/bar1/output/relay2")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("device.discovery=true;" + Node.WithKey)]
    [InlineData("device.discovery=true;options.clean_session=false")]
    public void Nothing_is_switched_without_discovery_with_a_command_key_or_in_a_persistent_session(string config)
    {
        Node node = Open(config);
        Set(node, "relay1", "ON");
        node.World.RunFor(5000);

        Assert.Empty(node.Pins.Written);
        Assert.DoesNotContain("sensor/bar1/output/+/set", node.Broker.Link.Filters);
    }

    [Fact]
    public void What_is_retained_or_names_no_output_or_is_neither_ON_nor_OFF_is_refused_and_counted()
    {
        Node node = Open("device.discovery=true");
        node.Broker.Deliver("sensor/bar1/output/relay1/set", World.Utf8("ON"), isRetained: true);
        Set(node, "relay9", "ON");
        foreach (string payload in new[] { "", "on", "ON ", "1", "TOGGLE", "\0N", "{\"on\":true}" })
        {
            Set(node, "relay1", payload);
        }

        node.World.RunFor(300000);

        Assert.Empty(node.Pins.Written);
        JsonElement rejected = node.Health().GetProperty("rejected");
        Assert.Equal("{\"bad_arguments\":7,\"unknown_output\":1,\"retained\":1}", rejected.GetRawText());
    }

    [Fact]
    public void A_flood_switches_at_a_bounded_rate_and_ends_with_the_last_wish()
    {
        Node node = Open("device.discovery=true;device.interval_ms=1000");
        for (int i = 0; i < 1001; i++)
        {
            Set(node, "relay1", i % 2 == 0 ? "ON" : "OFF");
            node.World.RunFor(11);
        }

        node.World.RunFor(10000);
        Assert.InRange(node.Pins.Written.Count, 2, (11011 / OutputSetTopic.SwitchIntervalMs) + 2);
        Assert.Equal((13, true), node.Pins.Written[^1]);
        Assert.Equal("ON", node.Broker.Retained("sensor/bar1/output/relay1"));
        Assert.Equal(Enumerable.Range(1, 22).Select(i => (long)i), node.Sequences().Take(22));
    }

    [Fact]
    public void A_pin_that_fails_is_counted_and_leaves_the_state_as_it_is()
    {
        Node node = Open("device.discovery=true");
        node.Pins.Fails = true;
        Set(node, "relay1", "ON");
        node.World.RunFor(300000);

        Assert.Equal("OFF", node.Broker.Retained("sensor/bar1/output/relay1"));
        Assert.Equal("{\"internal_error\":1}", node.Health().GetProperty("rejected").GetRawText());
        Assert.Equal(6, node.Sequences().Length);
    }

    [Fact]
    public void A_wish_that_waits_when_discovery_is_switched_off_is_forgotten()
    {
        Node node = Open("device.discovery=true");
        Set(node, "relay1", "ON");
        node.World.RunFor(50);
        Set(node, "relay1", "OFF");
        node.World.RunFor(50);
        node.Apply("device.discovery=false");
        node.World.RunFor(1000);
        node.Apply("device.discovery=true");
        node.World.RunFor(1000);

        Assert.Equal([(13, true)], node.Pins.Written);
    }

    private static Node Open(string config)
    {
        var node = new Node(config);
        node.World.Open();
        return node;
    }

    private static void Set(Node node, string output, string payload) =>
        node.Broker.Deliver("sensor/bar1/output/" + output + "/set", World.Utf8(payload));
}

using System.Text.Json;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Commands;

/// <summary>What a whole node does with its outputs, in virtual time.</summary>
public sealed class Outputs_Tests
{
    private const int MinuteMs = 60_000;
    private const int ToleranceMs = 100;

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(60_000)]
    public void A_pulse_lasts_as_long_as_it_should_and_its_state_is_told(int ms)
    {
        Node node = Open();
        List<(long AtMs, bool IsHigh)> edges = Edges(node);
        JsonElement answer = node.Do("output.pulse", $"{{\"name\":\"relay1\",\"ms\":{ms}}}");
        node.World.RunFor(2 * MinuteMs);

        Assert.Equal(
            ("succeeded", "{\"name\":\"relay1\",\"on\":true}"),
            (Node.Status(answer), answer.GetProperty("result").GetRawText()));
        Assert.Equal([true, false], edges.Select(edge => edge.IsHigh));
        Assert.InRange(edges[1].AtMs - edges[0].AtMs, ms, ms + ToleranceMs);
        Assert.Equal("OFF", node.Broker.Retained("sensor/bar1/output/relay1"));
    }

    [Fact]
    public void A_pulse_ends_on_time_though_the_broker_has_gone_and_a_reading_is_due_then()
    {
        Node node = Open("device.interval_ms=1000;");
        List<(long AtMs, bool IsHigh)> edges = Edges(node);
        node.Sensor.Reading = () => node.World.Clock.NowMs += 80;
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":5000}");
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.Broker.ConnectMs = 0;
        node.World.RunFor(MinuteMs);

        Assert.InRange(edges[1].AtMs - edges[0].AtMs, 5000 - ToleranceMs, 5000 + ToleranceMs);
        Assert.False(edges[1].IsHigh);
    }

    [Fact]
    public void A_pulse_lasts_its_whole_time_however_long_the_pin_takes_to_switch()
    {
        Node node = Open();
        List<(long AtMs, bool IsHigh)> edges = [];
        node.Pins.OnWrite = () =>
        {
            node.World.Clock.NowMs += 400; // a machine that is busy just then
            edges.Add((node.World.Clock.NowMs, node.Pins.Written[^1].IsHigh));
        };
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":1500}");
        node.World.RunFor(MinuteMs);

        Assert.Equal([true, false], edges.Select(edge => edge.IsHigh));
        Assert.InRange(edges[1].AtMs - 400 - edges[0].AtMs, 1500, 1500 + ToleranceMs);
    }

    [Fact]
    public void A_switched_output_is_answered_and_retained_as_it_is_though_there_is_no_memory_to_say_so_on_the_console()
    {
        Node node = Open();
        node.Log.IsOutOfMemory = line => line.StartsWith("output relay1", StringComparison.Ordinal);
        JsonElement answer = node.Do("output.set", "{\"name\":\"relay1\",\"on\":true}");

        Assert.Equal(("succeeded", "ON"), (Node.Status(answer), node.Broker.Retained("sensor/bar1/output/relay1")));
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":500}");
        node.World.RunFor(MinuteMs);
        Assert.Equal((false, "OFF"), (node.Pins.Written[^1].IsHigh, node.Broker.Retained("sensor/bar1/output/relay1")));
        Assert.Equal("output state: OutOfMemoryException: no heap left", node.Journal.LastFault);
    }

    [Fact]
    public void The_calendar_does_not_move_the_end_of_a_pulse()
    {
        Node node = Open();
        List<(long AtMs, bool IsHigh)> edges = Edges(node);
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":5000}");
        node.World.Clock.StartUtc += TimeSpan.FromHours(1);
        node.World.RunFor(2000);
        node.World.Clock.StartUtc -= TimeSpan.FromHours(2);
        node.World.RunFor(MinuteMs);

        Assert.InRange(edges[1].AtMs - edges[0].AtMs, 5000, 5000 + ToleranceMs);
    }

    [Fact]
    public void A_pulse_of_an_output_whose_safe_state_is_on_switches_it_off_and_on_again()
    {
        Node node = Open("device.outputs.0.safe=on;device.outputs.0.active=low;");
        JsonElement answer = node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":3000}");
        Assert.False(answer.GetProperty("result").GetProperty("on").GetBoolean());
        node.World.RunFor(MinuteMs);

        Assert.Equal([(13, true), (13, false)], node.Pins.Written);
        Assert.Equal("ON", node.Broker.Retained("sensor/bar1/output/relay1"));
    }

    [Theory]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true}", true)]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":false}", false)]
    [InlineData("output.toggle", "{\"name\":\"relay1\"}", false)]
    public void A_switch_during_a_pulse_ends_the_pulse_and_holds(string type, string arguments, bool isOn)
    {
        Node node = Open();
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":10000}");
        node.Do(type, arguments);
        node.World.RunFor(MinuteMs);

        Assert.Equal(isOn, node.Pins.Written[^1].IsHigh);
    }

    [Theory]
    [InlineData("{\"name\":\"relay1\"}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":0}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":60001}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":-5}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":1.5}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":\"500\"}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":99999999999999999999}")]
    [InlineData("{\"name\":\"relay1\",\"ms\":500,\"on\":true}")]
    public void A_pulse_without_a_time_from_1_to_60000_is_rejected(string arguments)
    {
        Node node = Open();

        Assert.Equal("bad_arguments", Node.Code(node.Do("output.pulse", arguments)));
        Assert.Empty(node.Pins.Written);
    }

    [Fact]
    public void A_repeated_pulse_is_not_a_second_one_and_a_power_cut_ends_it_in_the_safe_state()
    {
        var store = new MemoryStore();
        Node node = Open("", store);
        node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":1000}", "m1");
        node.World.RunFor(5000);
        Assert.Equal("duplicate", Node.Status(node.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":1000}", "m1")));
        Assert.Equal(2, node.Pins.Written.Count);

        Node second = Open("", store);
        Assert.Equal([(13, false)], second.Pins.Opened);
        Assert.Equal("duplicate", Node.Status(second.Do("output.pulse", "{\"name\":\"relay1\",\"ms\":1000}", "m1")));
        Assert.Empty(second.Pins.Written);
    }

    [Fact]
    public void Without_a_broker_for_safe_after_ms_every_output_goes_to_its_safe_state_and_says_so_later()
    {
        Node node = Open(
            "device.safe_after_ms=30000;device.outputs.1.name=relay2;device.outputs.1.pin=14;device.outputs.1.safe=on;"
                + "");
        node.Do("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.Do("output.set", "{\"name\":\"relay2\",\"on\":false}");
        node.World.RunFor(10 * MinuteMs);
        Assert.Equal(2, node.Pins.Written.Count);

        List<(long AtMs, bool IsHigh)> edges = Edges(node);
        node.Broker.IsUp = false;
        node.Broker.Drop();
        long lostMs = node.World.Clock.NowMs;
        node.World.RunFor(29_000);
        Assert.Empty(edges);
        node.World.RunFor(MinuteMs);
        Assert.Equal([(13, false), (14, true)], node.Pins.Written[2..]);
        Assert.All(edges, edge => Assert.InRange(edge.AtMs - lostMs, 30_000, 31_000));

        node.Broker.IsUp = true;
        node.World.RunFor(2 * MinuteMs);
        Assert.Equal(
            ("OFF", "ON"),
            (node.Broker.Retained("sensor/bar1/output/relay1"), node.Broker.Retained("sensor/bar1/output/relay2")));
        Assert.Equal(4, node.Pins.Written.Count);
    }

    [Fact]
    public void A_short_outage_and_safe_after_ms_0_leave_outputs_as_they_are()
    {
        Node brief = Open("device.safe_after_ms=30000;");
        brief.Do("output.set", "{\"name\":\"relay1\",\"on\":true}");
        for (int i = 0; i < 5; i++)
        {
            brief.Broker.Drop();
            brief.World.RunFor(MinuteMs);
        }

        Node never = Open();
        never.Do("output.set", "{\"name\":\"relay1\",\"on\":true}");
        never.Broker.IsUp = false;
        never.Broker.Drop();
        never.World.RunFor(60 * MinuteMs);

        Assert.Equal([(13, true)], brief.Pins.Written);
        Assert.Equal([(13, true)], never.Pins.Written);
    }

    private static Node Open(string config = "", MemoryStore? store = null)
    {
        var node = new Node(config, store);
        node.World.Open();
        return node;
    }

    private static List<(long AtMs, bool IsHigh)> Edges(Node node)
    {
        List<(long AtMs, bool IsHigh)> edges = [];
        node.Pins.OnWrite = () => edges.Add((node.World.Clock.NowMs, node.Pins.Written[^1].IsHigh));
        return edges;
    }
}

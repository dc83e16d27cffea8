using System.Text.Json;
using DeviceQueue.Health;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>
/// A broker keeps a message for the device that the client library cannot allocate: it ends each link that is sent it.
/// </summary>
public sealed class KeptMessage_Tests
{
    private const string Command = "sensor/bar1/command";
    private const int HourMs = 3600000;
    private const string Options = "device.interval_ms=10000;device.health_interval_ms=10000;";

    [Fact]
    public void A_retained_one_is_removed_by_the_device_and_commands_are_heard_again()
    {
        var node = new Node(Options);
        node.Broker.TooLargeTopic = Command;
        node.World.Node!.Connection.Open();
        node.World.RunFor(10000);
        Assert.Null(node.Broker.TooLargeTopic);
        Assert.Equal((3, "online"), (node.World.Connection.Connects, node.Broker.Retained("sensor/bar1/status")));

        node.Do("output.set", """{"name":"relay1","on":true}""");
        node.World.RunFor(HourMs);

        Assert.Equal(3, node.World.Connection.Connects);
        Assert.Equal(3612 / 10 + 1, node.Sequences().Distinct().Count());
        Assert.Equal(DeviceState.Well, node.State);
        Assert.Contains(node.Log.Lines, line => line.Contains("it is cleared from " + Command));
    }

    [Fact]
    public void The_link_that_removes_it_says_online_sends_what_waits_clears_the_topic_and_subscribes_last()
    {
        var node = new Node(Options);
        node.Broker.IsUp = false;
        node.World.Node!.Connection.Open();
        node.World.RunFor(100000);
        node.Broker.IsUp = true;
        node.Broker.TooLargeTopic = Command;
        node.World.RunFor(130000, () => node.World.Connection.Connects == 3);
        int before = node.Broker.Arrivals.Count;
        int filters = node.Broker.Link.Filters.Count;
        node.World.RunFor(5000, () => node.Broker.Link.Filters.Count > 0);

        string[] said =
        [
            .. node.Broker.Arrivals.Skip(before).Where(arrival => !arrival.IsRepeat).Select(arrival => arrival.Topic),
        ];
        Assert.Equal(0, filters);
        Assert.Equal(("sensor/bar1/status", Command), (said[0], said[^1]));
        Assert.InRange(said.Count(topic => topic == "sensor/bar1/temperature"), 10, 30);
        Assert.Equal("", node.Broker.Arrivals[^1].Text);
        Assert.True(node.Broker.Arrivals[^1].Retain);
    }

    [Fact]
    public void One_in_a_kept_session_is_discarded_with_the_session_which_health_counts()
    {
        var node = new Node(Options + "options.clean_session=false");
        node.Broker.IsSessionTooLarge = true;
        node.World.Node!.Connection.Open();
        node.World.RunFor(60000);

        Assert.Equal([false, false, true], node.Broker.Links.Select(link => link.IsSessionClean));
        Assert.Equal(1, node.Health().GetProperty("session_discarded").GetInt32());
        Assert.Equal("succeeded", Node.Status(node.Do("output.set", """{"name":"relay1","on":true}""")));

        node.Broker.Drop();
        node.World.RunFor(60000);
        Assert.False(node.Broker.Link.IsSessionClean);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_the_device_may_not_remove_it_readings_and_status_go_on_without_commands(bool endsLink)
    {
        var node = new Node(Options);
        node.Broker.EndsLinksForbidden = endsLink;
        node.Broker.MayClear = false;
        node.Broker.TooLargeTopic = Command;
        node.World.Node!.Connection.Open();
        node.World.RunFor(60000);

        Assert.Equal((DeviceState.NoCommands, "online"), (node.State, node.Broker.Retained("sensor/bar1/status")));
        Assert.Contains("status: commands: blocked by a message that is too large", node.Log.Lines);
        JsonElement health = node.Health();
        Assert.Equal("blocked by a message that is too large", health.GetProperty("commands").GetString());
        Assert.Contains(node.Log.Errors, line => line.Contains("allow bar1 to publish to " + Command));

        node.World.RunFor(24 * HourMs);
        Assert.InRange(node.World.Connection.Connects, 20, 40); // after 1, 2, 4, … 60 minutes
        Assert.Equal((25 * 360) - (360 - 6) + 1, node.Sequences().Distinct().Count());
    }

    [Fact]
    public void One_each_20_s_that_the_broker_does_not_keep_leaves_the_device_online()
    {
        var node = new Node(Options);
        node.World.Node!.Connection.Open();
        node.World.RunFor(1000);
        int online = 0;
        for (int second = 0; second < 7200; second++)
        {
            if (second % 20 == 19 && node.World.Connection.IsConnected && node.Broker.Link.Filters.Contains(Command))
            {
                node.Broker.Drop();
            }

            node.World.RunFor(1000);
            online += node.World.Connection.IsConnected ? 1 : 0;
        }

        Assert.InRange(online, 7200 * 95 / 100, 7200);
        Assert.Equal("online", node.Broker.Retained("sensor/bar1/status"));
    }

    [Fact]
    public void Once_it_is_gone_commands_are_heard_again_within_the_hour()
    {
        var node = new Node(Options);
        node.Broker.MayClear = false;
        node.Broker.TooLargeTopic = Command;
        node.World.Node!.Connection.Open();
        node.World.RunFor(12 * HourMs);
        node.Broker.TooLargeTopic = null;
        node.World.RunFor(HourMs + 60000);

        Assert.Equal(DeviceState.Well, node.State);
        Assert.Contains("commands are taken again", node.Log.Lines);
        Assert.Equal("succeeded", Node.Status(node.Do("output.set", """{"name":"relay1","on":true}""")));
    }

    [Fact]
    public void A_network_that_cuts_link_after_link_blocks_commands_for_a_minute_at_most()
    {
        var node = new Node(Options);
        node.World.Node!.Connection.Open();
        for (int i = 0; i < 100; i++)
        {
            node.World.RunFor(70000, () => node.World.Connection.IsConnected);
            node.World.RunFor(5000);
            node.Broker.Drop();
            node.World.RunFor(0);
        }

        Assert.DoesNotContain(node.Log.Lines, line => line.Contains("blocked for 120 s"));
        node.World.RunFor(70000, () => node.World.Connection.IsConnected);
        node.World.RunFor(60000 + 30000);
        Assert.Equal(DeviceState.Well, node.State);
    }
}

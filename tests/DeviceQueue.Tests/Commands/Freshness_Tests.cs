using System.Text.Json;
using DeviceQueue.Commands;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Commands;

/// <summary>Signed commands on a whole node whose calendar is not what it should be.</summary>
public sealed class Freshness_Tests
{
    private const int MinuteMs = 60_000;
    private const string Toggle = "output.toggle";
    private const string Relay1 = "{\"name\":\"relay1\"}";

    private readonly MemoryStore _store = new();

    [Fact]
    public void Before_the_clock_is_set_nothing_is_carried_out_and_afterwards_it_is()
    {
        Node node = Open();
        DateTime? start = node.World.Clock.StartUtc;
        node.World.Clock.StartUtc = null;
        node.Command(Toggle, Relay1, "m1", start);
        node.World.RunFor(1000);
        Assert.Equal("no_clock", Node.Code(node.Answer()));
        node.World.Clock.StartUtc = start;

        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1, "m1")));
        Assert.Single(node.Pins.Written);
    }

    [Fact]
    public void A_calendar_that_jumps_back_makes_no_old_command_fresh_and_refuses_no_new_one()
    {
        Node node = Open();
        node.World.RunFor(MinuteMs);
        DateTime captured = Now(node);
        node.World.RunFor(10 * MinuteMs);
        node.World.Clock.StartUtc -= TimeSpan.FromMinutes(10);
        node.Command(Toggle, Relay1, "captured", captured);
        node.World.RunFor(1000);
        Assert.Equal("expired", Node.Status(node.Answer()));
        node.Command(Toggle, Relay1, "new", Now(node).AddMinutes(10));
        node.World.RunFor(1000);

        Assert.Equal("succeeded", Node.Status(node.Answer()));
        Assert.Single(node.Pins.Written);
    }

    [Fact]
    public void A_calendar_that_jumps_ahead_expires_commands_until_it_returns()
    {
        Node node = Open();
        node.World.RunFor(MinuteMs);
        node.World.Clock.StartUtc += TimeSpan.FromMinutes(30);
        node.Command(Toggle, Relay1, "m1", Now(node).AddMinutes(-30));
        node.World.RunFor(1000);
        Assert.Equal("expired", Node.Status(node.Answer()));
        node.World.Clock.StartUtc -= TimeSpan.FromMinutes(30);

        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1)));
    }

    [Theory]
    [InlineData(30, "succeeded", null)]
    [InlineData(31, "rejected", "bad_time")]
    [InlineData(86_400, "rejected", "bad_time")]
    public void A_command_from_the_future_is_rejected_so_that_it_cannot_be_repeated_then(
        int aheadSeconds, string status, string? code)
    {
        Node node = Open();
        node.World.RunFor(MinuteMs);
        node.Command(Toggle, Relay1, "m1", Now(node).AddSeconds(aheadSeconds));
        node.World.RunFor(1000);

        Assert.Equal((status, code), (Node.Status(node.Answer()), Node.Code(node.Answer())));
    }

    [Fact]
    public void A_reboot_with_a_calendar_of_the_past_makes_no_command_fresh_that_was_sent_before_the_last_accepted_one()
    {
        Node node = Open();
        node.World.RunFor(MinuteMs);
        DateTime captured = Now(node);
        node.World.RunFor(30 * MinuteMs);
        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1)));

        Node second = Open();
        second.World.Clock.StartUtc = captured;
        second.Command(Toggle, Relay1, "captured", captured);
        second.World.RunFor(1000);

        Assert.Equal("expired", Node.Status(second.Answer()));
        Assert.Empty(second.Pins.Written);
    }

    [Fact]
    public void A_time_server_that_is_wrong_by_decades_at_first_does_not_end_signed_commands_for_ever()
    {
        Node node = Open();
        DateTime start = node.World.Clock.StartUtc!.Value;
        node.World.Clock.StartUtc = start.AddYears(73);
        node.World.RunFor(200 * MinuteMs);
        node.Command(Toggle, Relay1, "early", start.AddMinutes(200));
        node.World.RunFor(1000);
        Assert.Equal("expired", Node.Status(node.Answer()));
        node.World.Clock.StartUtc = start;

        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1)));
        node = Open();
        node.World.Clock.StartUtc = start.AddMinutes(202);
        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1)));
        node.Do("device.info", "{}");
        Assert.False(node.Health().TryGetProperty("behind_floor_ms", out _));
    }

    [Fact]
    public void A_calendar_behind_the_lowest_time_is_said_once_on_the_console_and_in_each_health()
    {
        var time = new VirtualClock { StartUtc = new DateTime(2099, 1, 1, 0, 0, 0, DateTimeKind.Utc) };
        new TrustedClock(time, _store, time.StartUtc.Value).Keep();
        Node node = Open("device.health_interval_ms=60000;");
        DateTime start = node.World.Clock.StartUtc!.Value;
        node.World.RunFor(2 * MinuteMs);

        Assert.Single(node.Log.Lines, line => line.Contains("days before 2099-01-01, the lowest time (utc.0, utc.1)"));
        Assert.InRange(
            node.Health().GetProperty("behind_floor_ms").GetInt64(),
            (long)(time.StartUtc.Value - start).TotalMilliseconds - (2 * MinuteMs),
            long.MaxValue);
        node.World.Clock.StartUtc = time.StartUtc;
        node.World.RunFor(2 * MinuteMs);
        Assert.False(node.Health().TryGetProperty("behind_floor_ms", out _));
    }

    [Fact]
    public void A_flood_of_what_is_refused_costs_no_write_no_place_in_the_history_and_no_reading()
    {
        Node node = Open("device.interval_ms=1000;");
        node.World.RunFor(1000);
        DateTime sent = Now(node);
        node.Command(Toggle, Relay1, "live", sent);
        node.World.RunFor(500);
        int writes = _store.Writes;
        int answers = node.On("response").Length;
        long start = node.World.Clock.NowMs;
        for (int i = 0; i < 250; i++)
        {
            node.Broker.Deliver(
                "sensor/bar1/command",
                World.Utf8(
                    $"{{\"message_id\":\"junk{i}\",\"message_type\":\"output.toggle\","
                        + $"\"sent_time\":\"2026-11-21T02:47:00.123Z\",\"message\":\"eyJuYW1lIjoicmVsYXkxIn0=\","
                        + $"\"signature\":\"{i:x64}\"}}"));
            node.Broker.Deliver(
                "sensor/bar1/command",
                World.Utf8($"{{\"message_id\":\"junk{i}\",\"message_type\":\"output.toggle\"}}"));
            node.Command(Toggle, Relay1, "old" + i, sent.AddHours(-1));
            node.Command(Toggle, Relay1, "live", sent);
            node.World.RunFor(100);
        }

        node.World.RunFor(1000);
        Assert.InRange(node.On("response").Length - answers, 1, 2 * (1 + ((node.World.Clock.NowMs - start) / 1000)));
        Assert.Single(node.Pins.Written);
        Assert.Equal(Enumerable.Range(1, node.Sequences().Length).Select(i => (long)i), node.Sequences());
        Assert.Equal(2 + ((node.World.Clock.NowMs - 1000) / 1000), node.Sequences().Length);
        Assert.InRange(_store.Writes - writes, 0, 1); // that the last answer was delivered
        node.Do("device.info", "{}");
        System.Text.Json.JsonElement rejected = node.Health().GetProperty("rejected");
        Assert.Equal(
            (250, 250, 250, 250),
            (
                rejected.GetProperty("bad_signature").GetInt32(),
                rejected.GetProperty("unsigned").GetInt32(),
                rejected.GetProperty("expired").GetInt32(),
                rejected.GetProperty("duplicate").GetInt32()));
    }

    [Fact]
    public void Sixty_four_live_changes_fill_the_history_and_the_next_waits_until_one_has_had_its_time()
    {
        Node node = Open();
        for (int i = 0; i < CommandHistory.MaxCommands; i++)
        {
            node.Command(Toggle, Relay1);
            node.World.RunFor(200);
        }

        Assert.Equal("busy", Node.Code(node.Do(Toggle, Relay1, "m1")));
        node.World.RunFor(91_000);
        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1, "m1")));
    }

    [Fact]
    public void A_signature_that_cannot_be_computed_refuses_the_command_and_is_counted_and_nothing_else_stops()
    {
        Node node = Open();
        node.World.RunFor(1000);
        node.MacError = new OutOfMemoryException();
        JsonElement answer = node.Do(Toggle, Relay1, "m1");
        Assert.Equal(("rejected", "internal_error"), (Node.Status(answer), Node.Code(answer)));
        Assert.Empty(node.Pins.Written);

        int readings = node.Sequences().Length;
        node.World.RunFor(5 * 60_000);
        Assert.Equal(readings + 5, node.Sequences().Length);
        Assert.Equal(
            1, node.Health().GetProperty("rejected").GetProperty("internal_error").GetInt32());

        node.MacError = null;
        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1, "m1")));
    }

    [Fact]
    public void Before_the_clock_is_set_a_device_without_a_key_makes_no_change_that_may_have_waited_at_the_broker()
    {
        Node node = OpenWithoutClock("options.clean_session=false;");
        node.Command("output.set", """{"name":"relay1","on":true}""", "waited");
        node.Command("output.get", "{}", "asked");
        node.World.RunFor(500);

        Assert.Empty(node.Pins.Written);
        Assert.Equal([("rejected", "no_clock"), ("succeeded", null)], Answers(node));
        node.World.RunFor(CommandDispatcher.KeptSessionMs);
        Assert.Equal("succeeded", Node.Status(node.Do("output.set", """{"name":"relay1","on":true}""", "waited")));

        // The same after each connect, and for as long as the clock is not set.
        node.Broker.Drop();
        node.World.RunFor(MinuteMs, () => node.Broker.Links.Count == 2 && node.World.Connection.IsConnected);
        node.Command("output.set", """{"name":"relay1","on":false}""", "again");
        node.World.RunFor(500);
        Assert.Equal("no_clock", Node.Code(node.Answer()));
        node.World.Clock.StartUtc = new DateTime(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc);
        node.Command("output.set", """{"name":"relay1","on":false}""", "again");
        node.World.RunFor(500);
        Assert.Equal("succeeded", Node.Status(node.Answer()));
    }

    [Fact]
    public void A_broker_that_keeps_nothing_for_the_device_has_no_old_command_to_refuse()
    {
        Node node = OpenWithoutClock("");
        node.Command("output.set", """{"name":"relay1","on":true}""", "m1");
        node.World.RunFor(500);

        Assert.Equal([("succeeded", null)], Answers(node));
    }

    [Fact]
    public void A_command_that_changes_nothing_costs_no_write_and_no_place_of_one_that_does()
    {
        Node node = Open();
        node.World.RunFor(5000);
        node.Do("sensor.read", "{}");
        int writes = _store.Writes;
        for (int i = 0; i < 2 * CommandHistory.MaxCommands; i++)
        {
            node.Command("sensor.read", "{}");
            node.World.RunFor(500);
        }

        Assert.InRange(_store.Writes - writes, 0, 1); // the numbers of readings
        Assert.Equal("succeeded", Node.Status(node.Do(Toggle, Relay1)));
    }

    [Theory]
    [InlineData(-61_000, "expired", "sent 61000 ms ago; 60000 ms is the limit")]
    [InlineData(45_000, "rejected", "sent 45000 ms in the future; 30000 ms is the limit")]
    public void What_is_refused_for_its_time_says_by_how_much_the_clocks_differ(int sentMs, string status, string text)
    {
        Node node = Open();
        node.World.RunFor(2 * MinuteMs);
        node.Command(Toggle, Relay1, "m1", Now(node).AddMilliseconds(sentMs));
        node.World.RunFor(1000);

        Assert.Equal((status, text), (Node.Status(node.Answer()), node.Answer().GetProperty("text").GetString()));
    }

    private static (string?, string?)[] Answers(Node node) =>
        [
            .. Enumerable.Range(0, node.On("response").Length)
                .Select(node.Answer)
                .Select(answer => (Node.Status(answer), Node.Code(answer))),
        ];

    private static Node OpenWithoutClock(string config)
    {
        var node = new Node(config);
        node.World.Clock.StartUtc = null;
        node.World.Connection.Open();
        node.World.RunFor(1000, () => node.World.Connection.IsConnected);
        return node;
    }

    private static DateTime Now(Node node) => node.World.Clock.StartUtc!.Value.AddMilliseconds(node.World.Clock.NowMs);

    private Node Open(string config = "")
    {
        var node = new Node(Node.WithKey + config, _store);
        node.World.Open();
        return node;
    }
}

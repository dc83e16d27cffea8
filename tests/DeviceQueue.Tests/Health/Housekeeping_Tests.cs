using System.Text.Json;
using DeviceQueue.Health;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Health;

public sealed class Housekeeping_Tests
{
    private const int MinuteMs = 60000;
    private const int HourMs = 60 * MinuteMs;
    private const int SlackMs = Housekeeping.CheckIntervalMs;

    private readonly MemoryStore _store = new();

    [Fact]
    public void A_broker_that_stays_away_for_15_minutes_brings_a_reboot()
    {
        Node node = Lonely();
        node.World.RunFor(20 * MinuteMs);

        Assert.InRange(Assert.Single(node.Restarts), 15 * MinuteMs, (15 * MinuteMs) + SlackMs);
        Assert.Contains("restart: no broker for 900 s", node.Log.Lines);
    }

    [Fact]
    public void The_next_reboots_come_later_each_time_and_no_two_within_an_hour()
    {
        long[] uptimes = [.. Enumerable.Range(0, 8).Select(_ => UptimeOfALonelyBoot())];

        long[] hours = [1, 2, 4, 8, 16, 24, 24];
        Assert.Equal(15, uptimes[0] / MinuteMs);
        Assert.Equal(hours, uptimes[1..].Select(uptime => uptime / HourMs));
    }

    [Fact]
    public void A_broker_that_comes_for_a_moment_does_not_bring_the_next_reboot_nearer()
    {
        UptimeOfALonelyBoot();
        Node node = Boot();
        node.World.Open();
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor((2 * HourMs) - MinuteMs);

        Assert.InRange(Assert.Single(node.Restarts), HourMs, HourMs + MinuteMs);
    }

    [Fact]
    public void After_an_hour_with_a_broker_the_patience_is_the_first_again()
    {
        UptimeOfALonelyBoot();
        UptimeOfALonelyBoot();
        Node node = Boot();
        node.World.Open();
        node.World.RunFor(HourMs + MinuteMs);
        node.Broker.IsUp = false;
        node.Broker.Drop();
        long lostMs = node.World.Clock.NowMs;
        node.World.RunFor(16 * MinuteMs);

        Assert.InRange(Assert.Single(node.Restarts) - lostMs, 15 * MinuteMs, (15 * MinuteMs) + (2 * SlackMs));
    }

    [Theory]
    [InlineData("device.reboot_after_ms=0", false, false)]
    [InlineData("device.reboot_after_ms=5000", false, true)]
    [InlineData("device.reboot_after_ms=5000", true, false)]
    [InlineData("device.reboot_after_ms=5000;device.safe_after_ms=86400000", true, true)]
    public void It_is_settable_and_never_switches_an_output_that_nothing_else_would(
        string config, bool isOutputOn, bool reboots)
    {
        var node = new Node(config, _store);
        node.World.Open();
        if (isOutputOn)
        {
            node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
            node.World.RunFor(1000);
        }

        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor(MinuteMs);

        Assert.Equal(reboots, node.Restarts.Count > 0);
    }

    [Fact]
    public void Reboots_for_want_of_a_broker_are_no_failed_boots()
    {
        for (int i = 0; i < 8; i++)
        {
            var node = new Node("device.reboot_after_ms=5000", _store) { Broker = { IsUp = false } };
            Assert.False(node.Journal.IsSafeMode);
            _store.Files.Remove("life.0");
            node.World.Connection.Open();
            node.World.RunFor(25 * (long)HourMs, () => node.Restarts.Count > 0);
        }
    }

    [Fact]
    public void A_boot_has_not_failed_once_it_has_been_up_for_ten_minutes()
    {
        for (int i = 0; i < 5; i++)
        {
            Node node = Boot();
            node.Journal.Record("main loop", new IOException());
            node.World.RunFor((10 * MinuteMs) - 1000);
        }

        Node safe = Boot();
        Assert.True(safe.Journal.IsSafeMode);
        safe.World.RunFor((10 * MinuteMs) + SlackMs);
        Node tried = Boot();
        Assert.False(tried.Journal.IsSafeMode);
        tried.World.RunFor((10 * MinuteMs) + SlackMs);
        Assert.Equal(0, Boot().Journal.FailedBoots);
    }

    [Fact]
    public void Power_that_flickers_is_no_reason_for_safe_mode_until_it_has_done_so_fifteen_times()
    {
        for (int i = 0; i < 15; i++)
        {
            Node node = Boot();
            Assert.False(node.Journal.IsSafeMode);
            node.World.RunFor(4 * MinuteMs);
        }

        Assert.True(Boot().Journal.IsSafeMode);
    }

    [Theory]
    [InlineData("device.safe_mode_boots=2;", 2, true)]
    [InlineData("device.safe_mode_boots=2;device.stable_ms=60000;", 2, false)]
    [InlineData("device.safe_mode_boots=0;", 20, false)]
    public void How_many_boots_bring_safe_mode_and_how_long_one_must_stay_up_are_settings(
        string config, int boots, bool isSafeMode)
    {
        for (int i = 0; i < boots; i++)
        {
            var node = new Node(config, _store);
            Assert.False(node.Journal.IsSafeMode);
            node.Journal.Record("main loop", new IOException());
            node.World.RunFor(2 * MinuteMs);
        }

        Assert.Equal(isSafeMode, new Node(config, _store).Journal.IsSafeMode);
    }

    [Fact]
    public void That_a_boot_stayed_up_is_stored_soon_after_the_storage_works_again()
    {
        for (int i = 0; i < 4; i++)
        {
            Boot();
        }

        Node node = Boot();
        node.World.RunFor(9 * MinuteMs);
        _store.FailsName = "life";
        node.World.RunFor(2 * MinuteMs);
        Assert.NotEqual(0, new Journal(_store).FailedBoots);
        _store.FailsName = null;
        node.World.RunFor(SlackMs);

        Assert.Equal(0, new Journal(_store).FailedBoots);
    }

    [Fact]
    public void Memory_that_is_short_and_then_nearly_so_is_said_once()
    {
        Node node = Boot();
        node.World.Open();
        for (int i = 0; i < 20; i++)
        {
            node.FreeBytes = i % 2 == 0 ? Housekeeping.MinFreeBytes - 1 : Housekeeping.EnoughFreeBytes - 1;
            node.World.RunFor(SlackMs);
        }

        Assert.Single(node.Log.Lines, line => line.Contains("bytes of memory free"));
    }

    [Fact]
    public void In_safe_mode_the_device_reports_says_so_and_takes_no_command_that_switches()
    {
        Node node = SafeNode();
        node.World.Open();
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.World.RunFor(5 * MinuteMs);

        Assert.Equal("unknown_command", node.Answer().GetProperty("code").GetString());
        Assert.Empty(node.Pins.Written);
        JsonElement health = node.Health();
        Assert.Equal(
            (true, "safe"), (health.GetProperty("safe_mode").GetBoolean(), health.GetProperty("settings").GetString()));
        Assert.NotEmpty(node.On("temperature"));
        Assert.Equal(DeviceState.SafeMode, node.State);
        Assert.Contains("status: safe mode", node.Log.Lines);
        Assert.Contains(
            node.Log.Errors, line => line.StartsWith("safe mode after 5 failed boots", StringComparison.Ordinal));
    }

    [Fact]
    public void Safe_mode_ends_after_an_hour_with_one_try_of_all_settings()
    {
        Node node = SafeNode();
        node.World.Open();
        node.World.RunFor(HourMs + MinuteMs);

        Assert.InRange(node.Restarts[0], HourMs, HourMs + SlackMs);
        Assert.False(Boot().Journal.IsSafeMode);
        Assert.True(Boot().Journal.IsSafeMode);
    }

    [Fact]
    public void Changed_settings_end_safe_mode_once_the_answer_has_left()
    {
        Node node = SafeNode(Node.WithKey);
        node.World.Open();
        JsonElement answer = node.Do("config.set", "{\"interval_ms\":30000}");
        Assert.Empty(node.Restarts);
        node.World.RunFor(MinuteMs);

        Assert.Equal("succeeded", Node.Status(answer));
        Assert.InRange(node.Restarts[0], 5000, 10000);
        Assert.False(Boot().Journal.IsSafeMode);
    }

    [Fact]
    public void What_was_dropped_and_rejected_is_counted_over_reboots()
    {
        for (int boot = 0; boot < 2; boot++)
        {
            Node node = Boot();
            node.World.Open();
            node.Command("nonsense", "{}");
            node.Broker.Deliver("sensor/bar1/command", World.Utf8("rubbish"));
            node.World.RunFor(HourMs + MinuteMs);
        }

        Node last = Boot();
        last.World.Open();
        last.World.RunFor(6 * MinuteMs);
        JsonElement health = last.Health();
        Assert.Equal(
            (2, 2),
            (
                health.GetProperty("rejected").GetProperty("unknown_command").GetInt32(),
                health.GetProperty("dropped").GetProperty("unreadable").GetInt32()));
    }

    [Fact]
    public void What_nobody_foresaw_is_reported_after_the_restart()
    {
        Boot().Journal.Record("main loop", new InvalidOperationException("the \"thing\" is gone"));
        Node node = Boot();
        node.World.Open();
        node.World.RunFor(6 * MinuteMs);

        JsonElement health = Node.Json(node.On("health")[0]);
        Assert.Equal(
            (1, "main loop: InvalidOperationException: the \"thing\" is gone"),
            (health.GetProperty("faults").GetInt32(), health.GetProperty("last_fault").GetString()));
    }

    [Fact]
    public void Health_is_whole_when_everything_there_is_has_happened()
    {
        Journal_Tests.Write(
            _store,
            "faults=-2147483648"
                + string.Concat(
                Enumerable.Range(0, 40).Select(i => $";d.drop_of_another_{i}=1;r.code_of_another_{i}=1")));
        Node node = Boot();
        Journal_Tests.CountAll(node.Journal);
        node.Broker.Connack = _ => new(DeviceQueue.Mqtt.MqttLinkError.Tls, 0, new string('\u0001', 500));
        node.World.Connection.Open();
        node.World.RunFor(MinuteMs);
        node.Broker.Connack = null;
        node.Journal.Record("main loop", new IOException(new string('\u0001', 500)));
        node.World.RunFor(10 * MinuteMs);
        Assert.NotEmpty(node.On("health"));
        Assert.All(node.On("health"), health =>
        {
            Assert.All(
                Node.Json(health).GetProperty("rejected").EnumerateObject(),
                code => Assert.Equal(int.MaxValue, code.Value.GetInt32()));
            Assert.All(
                Node.Json(health).GetProperty("dropped").EnumerateObject(),
                reason => Assert.Equal(int.MaxValue, reason.Value.GetInt32()));
            Assert.Equal(17, Node.Json(health).GetProperty("rejected").EnumerateObject().Count());
            // for numbers that are short here
            Assert.InRange(
                health.Payload.Length - Node.Json(health).GetProperty("last_fault").GetRawText().Length,
                1,
                HealthReport.MaxBytes - 300);
        });
    }

    [Fact]
    public void A_flood_that_is_counted_does_not_wear_the_flash()
    {
        Node node = Boot();
        node.World.Open();
        int before = _store.Writes;
        for (int i = 0; i < 24 * 60; i++)
        {
            node.Broker.Deliver("sensor/bar1/command", World.Utf8("{}"));
            node.World.RunFor(MinuteMs);
        }

        // counts and time each hour, blocks of numbers
        Assert.InRange(_store.Writes - before, 24, 24 + 24 + (1440 / 256) + 3);
    }

    [Fact]
    public void Short_of_memory_the_oldest_readings_go_and_health_says_how_many()
    {
        var node = new Node("options.outbox=;options.max_messages=12;options.max_bytes=2560", _store);
        RunShortOfMemoryInAnOutage(node);

        int dropped = Dropped(node);
        Assert.InRange(dropped, 4, 6);
        Assert.Equal(node.Sensor.Reads, node.On("temperature").Length + dropped);
        Assert.Equal(Enumerable.Range(2 + dropped, 5).Select(i => (long)i), node.Sequences()[1..6]);
        Assert.Contains(
            "6143 bytes of memory free: the oldest readings that wait in memory alone are dropped", node.Log.Errors);
        Assert.Contains("50000 bytes of memory free: no more readings are dropped for it", node.Log.Lines);
    }

    [Fact]
    public void Short_of_memory_a_reading_that_the_flash_has_stays()
    {
        Node node = Boot();
        RunShortOfMemoryInAnOutage(node);

        Assert.Equal(0, Dropped(node));
        Assert.Equal(node.Sensor.Reads, node.On("temperature").Length);
    }

    [Fact]
    public void An_output_whose_pin_cannot_be_opened_is_said_and_fails_and_the_rest_runs()
    {
        var node = new Node(
            "device.outputs.1.name=relay2;device.outputs.1.pin=14", _store, null, new() { Unopenable = 13 });
        node.World.Open();
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.World.RunFor(1000);
        Assert.Equal("failed", node.Answer().GetProperty("status").GetString());
        node.Command("output.set", "{\"name\":\"relay2\",\"on\":true}");
        node.World.RunFor(1000);

        Assert.Equal("succeeded", node.Answer().GetProperty("status").GetString());
        Assert.Contains("output relay1 cannot be used: its pin could not be opened", node.Log.Errors);
        Assert.NotEmpty(node.On("temperature"));
    }

    [Fact]
    public void The_console_says_in_words_how_the_device_is()
    {
        Node node = Boot();
        node.World.Open();
        node.World.RunFor(MinuteMs);
        node.Sensor.State = DeviceQueue.Readings.SensorState.NoAnswer;
        node.World.RunFor(MinuteMs);
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor(MinuteMs);

        Assert.Equal(
            ["status: all well", "status: sensor fault", "status: no broker"],
            node.Log.Lines.Where(line => line.StartsWith("status", StringComparison.Ordinal)));
    }

    private Node Boot() => new("", _store);

    /// <summary>Ten minutes without a broker, at whose end memory runs short, and ten minutes with one.</summary>
    private static void RunShortOfMemoryInAnOutage(Node node)
    {
        node.World.Open();
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor(10 * MinuteMs);
        node.FreeBytes = Housekeeping.MinFreeBytes - 1;
        node.World.RunFor(SlackMs);
        node.FreeBytes = 50000;
        node.World.RunFor(SlackMs);
        node.Broker.IsUp = true;
        node.World.RunFor(10 * MinuteMs);
    }

    private static int Dropped(Node node) =>
        node.Health().GetProperty("dropped").GetProperty("memory").GetInt32();

    private Node Lonely()
    {
        Node node = Boot();
        node.Broker.IsUp = false;
        node.World.Connection.Open();
        return node;
    }

    private long UptimeOfALonelyBoot()
    {
        Node node = Lonely();
        node.World.RunFor(25L * HourMs, () => node.Restarts.Count > 0);
        return node.Restarts[0];
    }

    private Node SafeNode(string config = "")
    {
        for (int i = 0; i < 5; i++)
        {
            Boot();
        }

        return new Node(config, _store);
    }
}

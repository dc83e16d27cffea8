using System.Text.Json;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests;

public sealed class DeviceNode_Tests
{
    private const int PatienceMs = 30000;
    private const int MinuteMs = 60000;
    private const int HourMs = 60 * MinuteMs;
    private const int DayMs = 24 * HourMs;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void An_answer_that_the_client_library_refused_once_does_not_lock_the_outputs()
    {
        var node = new Node();
        node.World.Open();
        node.World.RunFor(5000);
        node.Broker.Refuses = topic => topic == "sensor/bar1/response";
        node.Command("output.set", """{"name":"relay1","on":true}""");
        node.World.RunFor(100);
        node.Broker.Refuses = _ => false;
        node.World.RunFor(600000); // ten minutes on a link that holds

        node.Command("output.set", """{"name":"relay1","on":false}""");
        node.World.RunFor(10000);

        Assert.Equal(1, node.World.Connection.Connects);
        Assert.Equal("succeeded", Node.Status(node.Answer()));
    }

    [Fact]
    public void Says_on_connect_that_it_is_there_and_how_its_outputs_stand()
    {
        var node = new Node(
            "device.outputs.1.name=relay2;device.outputs.1.pin=14;device.outputs.1.active=low;"
                + "device.outputs.1.safe=on");
        node.World.Open();

        Assert.Equal([(13, false), (14, false)], node.Pins.Opened);
        Assert.Equal(
            ("online", "OFF", "ON"),
            (Retained(node, "status"), Retained(node, "output/relay1"), Retained(node, "output/relay2")));
        Assert.Equal(["sensor/bar1/status", "sensor/bar1/command"], node.Broker.Link.Filters);
        Assert.Equal(
            ("bar1", "sensor/bar1/status", "offline", true),
            (
                node.Broker.Link.Options!.ClientId,
                node.Broker.Link.Options.WillTopic,
                node.Broker.Link.Options.WillPayload,
                node.Broker.Link.Options.WillRetain));
    }

    [Fact]
    public void Runs_a_day_with_a_reading_each_minute_and_health_each_five()
    {
        var node = new Node();
        node.World.Open();
        node.World.RunFor(DayMs - 2000);

        Assert.Equal(Enumerable.Range(1, 1440).Select(i => (long)i), node.Sequences());
        Assert.Equal(287, node.On("health").Length);
        Assert.Equal(
            """{"msg":"21.47","unit":"C","temperature":21.47,"humidity":45.10,"pressure":1006.53,"seq":61"""
                + ""","time":"2026-11-21T03:47:00.000Z"}""",
            node.On("temperature")[60].Text);
        Assert.All(node.On("temperature"), reading => Assert.Equal((1, false), (reading.Qos, reading.Retain)));
        Assert.All(node.On("health"), health => Assert.Equal((0, false), (health.Qos, health.Retain)));
        Assert.Single(node.On("status"));
        Assert.Equal((1, 1440), (node.World.Connection.Connects, node.Sensor.Reads));
        Assert.Empty(node.Log.Errors);

        // Settings, boot; that it began, read and stayed up; blocks of numbers; the time each hour.
        Assert.InRange(node.Store.Writes, 1, 2 + 3 + (1440 / 256) + 24);
    }

    [Fact]
    public void Measures_on_time_while_the_link_is_down_and_delivers_what_fits()
    {
        var node = new Node();
        node.World.Open();
        node.World.RunFor(HourMs);
        node.Broker.IsUp = false;
        node.Broker.Drop();
        node.World.RunFor(8 * HourMs);
        Assert.Equal(1 + (9 * 60), node.Sensor.Reads);
        node.Broker.IsUp = true;
        node.World.RunFor(10 * MinuteMs);

        Arrival[] readings = node.On("temperature");
        JsonElement health = node.Health();
        int dropped = health.GetProperty("dropped").GetProperty("overflow").GetInt32();
        Assert.Equal(1 + (9 * 60) + 10, readings.Length + dropped);
        Assert.InRange(dropped, 1, 8 * 60);
        Assert.Equal(node.Sequences().Order(), node.Sequences());
        Assert.All(
            readings.Index(),
            reading => Assert.Equal(
                Taken(Node.Json(reading.Item).GetProperty("seq").GetInt64()),
                Node.Json(reading.Item).GetProperty("time").GetString()));
        Assert.Equal(1, health.GetProperty("reconnects").GetInt32());
    }

    [Fact]
    public async Task A_connect_that_blocks_holds_up_no_send_no_reading_and_no_poll()
    {
        var node = new Node("device.interval_ms=1000;");
        World world = node.World;
        MqttMessageQueue queue = world.Queue(
            "other",
            "options.qos=1;options.serialize_envelope=false;options.outbox=other;options.outbox_flush_ms=0",
            node.Store);
        using var isConnecting = new ManualResetEventSlim();
        using var isAnswered = new ManualResetEventSlim();
        node.Broker.Connack = _ =>
        {
            isConnecting.Set();
            isAnswered.Wait(); // a black hole: nothing comes back, not even a refusal
            return null;
        };
        world.Connection.Open();
        Task connecting = Task.Factory.StartNew(
            () => world.Connection.Poll(), Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(isConnecting.Wait(PatienceMs, Cancellation));
        Task working = Task.Factory.StartNew(
            Work, Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        bool isWorkDone = await Task.WhenAny(working, Task.Delay(PatienceMs, Cancellation)) == working;
        bool wasConnecting = !connecting.IsCompleted;
        isAnswered.Set();
        await connecting.WaitAsync(TimeSpan.FromMilliseconds(PatienceMs), Cancellation);
        Assert.True(isWorkDone && wasConnecting);
        Assert.Equal(61, node.Sensor.Reads);
        // and it is in the flash
        Assert.All(["outbox.0", "other.0"], name => Assert.True(node.Store.GetSize(name) > 0));

        world.RunFor(5000);
        Assert.Equal(Enumerable.Range(1, 66).Select(i => (long)i), node.Sequences());
        Assert.Equal(
            Enumerable.Range(0, 60).Select(i => i.ToString()),
            node.Broker.Arrivals.Where(arrival => arrival.Topic == "other").Select(arrival => arrival.Text));

        void Work()
        {
            for (int second = 0; second < 60; second++)
            {
                world.Node!.Poll();
                World.Send(queue, second.ToString());
                world.Clock.NowMs += 1000;
            }

            world.Node!.Poll();
        }
    }

    [Fact]
    public void Keeps_four_and_a_half_hours_of_readings_through_a_power_cut_in_an_outage()
    {
        var store = new MemoryStore();
        var node = new Node("", store);
        node.Broker.IsUp = false;
        node.World.Connection.Open();
        node.World.RunFor((3 * HourMs) + 2000);
        Assert.Equal(181, node.Sensor.Reads);

        var next = new Node("", store);
        next.Broker.IsUp = false;
        next.World.Connection.Open();
        next.World.RunFor(90 * MinuteMs);
        next.Broker.IsUp = true;
        next.World.RunFor(10 * MinuteMs);

        Assert.Equal(
            [.. Enumerable.Range(1, 181), .. Enumerable.Range(257, 101)],
            next.Sequences().Select(number => (int)number));
        JsonElement health = next.Health();
        Assert.Equal(0, health.GetProperty("dropped").GetProperty("overflow").GetInt32());
        Assert.InRange(health.GetProperty("queue").GetProperty("messages").GetInt32(), 0, 1);
        Assert.DoesNotContain(store.Files, file => file.Key.StartsWith("outbox", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_never_gives_up_its_broker_whatever_its_settings()
    {
        var node = new Node("options.retry_connect=false;device.reboot_after_ms=0;");
        node.Broker.IsUp = false;
        node.World.Connection.Open();
        node.World.RunFor(5000);
        node.Broker.IsUp = true;
        node.World.RunFor(10 * MinuteMs);

        Assert.True(node.World.Connection.IsConnected, node.World.Connection.LastError);
    }

    [Fact]
    public void A_device_does_not_subscribe_to_its_own_readings_whatever_its_settings()
    {
        var node = new Node("options.autosubscribe=true;");
        node.World.Open();

        Assert.DoesNotContain("sensor/bar1/temperature", node.Broker.Link.Filters);
    }

    [Fact]
    public void Carries_out_a_command_answers_it_and_tells_the_new_state()
    {
        var node = new Node();
        node.World.Open();
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.World.RunFor(200);

        Assert.Equal([(13, true)], node.Pins.Written);
        Assert.Equal("succeeded", node.Answer().GetProperty("status").GetString());
        Assert.Equal("ON", Retained(node, "output/relay1"));
    }

    [Fact]
    public void A_repeated_command_is_not_carried_out_again_though_the_link_was_lost_between()
    {
        var node = new Node();
        node.World.Open();
        node.Command("output.toggle", "{\"name\":\"relay1\"}", "m1");
        node.World.RunFor(10);
        node.Broker.Drop();
        node.World.RunFor(10000);
        node.Command("output.toggle", "{\"name\":\"relay1\"}", "m1");
        node.World.RunFor(1000);

        Assert.Single(node.Pins.Written);
        Assert.Equal("duplicate", node.Answer().GetProperty("status").GetString());
    }

    [Fact]
    public void A_flood_of_commands_and_rubbish_delays_no_reading_and_is_counted()
    {
        var node = new Node("device.interval_ms=1000");
        node.World.Open();
        for (int i = 0; i < 600; i++)
        {
            for (int j = 0; j < 20; j++)
            {
                node.Broker.Deliver("sensor/bar1/command", World.Utf8(j % 2 == 0 ? "rubbish" : "{}"));
            }

            node.World.RunFor(100);
        }

        node.World.RunFor(300000);
        Assert.Equal(Enumerable.Range(1, 362).Select(i => (long)i), node.Sequences());
        JsonElement health = node.Health();
        JsonElement dropped = health.GetProperty("dropped");
        int counted = dropped.GetProperty("unreadable").GetInt32() + dropped.GetProperty("commands").GetInt32()
            + health.GetProperty("rejected").GetProperty("bad_envelope").GetInt32();
        Assert.Equal(600 * 20, counted);
        Assert.InRange(node.On("response").Length, 1, 61);
    }

    [Fact]
    public void Publishes_no_number_while_the_sensor_fails_and_says_so_in_health()
    {
        var node = new Node();
        node.World.Open();
        node.Sensor.State = SensorState.NoAnswer;
        node.World.RunFor(HourMs);

        Assert.Single(node.On("temperature"));
        JsonElement sensor = node.Health().GetProperty("sensor");
        Assert.Equal(
            ("no_answer", 60), (sensor.GetProperty("state").GetString(), sensor.GetProperty("faults").GetInt32()));
    }

    [Fact]
    public void Dates_readings_by_boot_and_uptime_until_the_clock_is_set()
    {
        var node = new Node();
        node.World.Clock.StartUtc = null;
        node.World.Open();
        node.World.RunFor(MinuteMs);
        node.World.Clock.StartUtc = new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc);
        node.World.RunFor(5 * MinuteMs);

        JsonElement early = Node.Json(node.On("temperature")[1]);
        Assert.Equal((1, 60000), (early.GetProperty("boot").GetInt32(), early.GetProperty("uptime_ms").GetInt32()));
        Assert.Equal("2026-11-21T00:02:00.000Z", Node.Json(node.On("temperature")[2]).GetProperty("time").GetString());
        JsonElement health = node.Health();
        Assert.Equal(
            (1, "2026-11-21T00:05:00.000Z"),
            (health.GetProperty("boot").GetInt32(), health.GetProperty("time").GetString()));
    }

    [Fact]
    public void A_reading_that_was_dated_by_a_time_server_wrong_by_years_says_so_and_health_tells_how_to_date_it()
    {
        DateTime right = FirmwareDefaults.BuildDate.AddDays(20);
        var node = new Node("device.health_interval_ms=60000;");
        node.World.Clock.StartUtc = right.AddYears(9);
        node.World.Open();
        node.World.RunFor(2 * MinuteMs);
        node.World.Clock.StartUtc = right;
        node.World.RunFor(2 * MinuteMs);

        JsonElement[] readings = [.. node.On("temperature").Select(Node.Json)];
        Assert.Equal(["doubted", "doubted", "doubted", null, null], readings.Select(Clock));
        Assert.Equal(
            (1, 60000), (readings[1].GetProperty("boot").GetInt32(), readings[1].GetProperty("uptime_ms").GetInt32()));
        Assert.False(readings[^1].TryGetProperty("uptime_ms", out _));
        JsonElement[] health = [.. node.On("health").Select(Node.Json)];
        Assert.Equal("doubted", Clock(health[0]));
        long offMs = health[^1].GetProperty("clock_off_ms").GetInt64();
        Assert.Equal(right.AddMinutes(1), readings[1].GetProperty("time").GetDateTime().AddMilliseconds(-offMs));
        Assert.Equal(2 * MinuteMs, health[^1].GetProperty("clock_trusted_ms").GetInt64(), 1000.0);

        string? Clock(JsonElement json) => json.TryGetProperty("clock", out JsonElement clock)
            ? clock.GetString()
            : null;
    }

    [Fact]
    public void No_outbox_can_have_the_name_of_a_file_that_the_firmware_has_for_itself()
    {
        var node = new Node(Node.WithKey + "device.discovery=true");
        node.World.Open();
        node.Do("config.set", """{"interval_ms":30000}""");
        node.World.RunFor(HourMs);

        string[] own =
        [
            .. node.Store.Files.Keys.Select(file => file.Split('.')[0]).Where(file => file != "outbox").Distinct(),
        ];
        Assert.Equal(
            ["boot", "changes", "commands", "devicequeue", "discovery", "life", "settings", "utc"],
            own.Order(StringComparer.Ordinal));
        Assert.All(
            own,
            name => Assert.Null(
                QueueConfig.ReadOptions(ConfigParams.FromTuples("options.outbox", name), new ConfigProblems())));
    }

    [Fact]
    public void Goes_on_counting_after_a_reboot()
    {
        var store = new MemoryStore();
        var first = new Node("", store);
        first.World.Open();
        first.World.RunFor(HourMs);
        var second = new Node("", store);
        second.World.Open();

        Assert.True(second.Sequences()[0] > first.Sequences()[^1]);
        second.World.RunFor(5 * MinuteMs);
        JsonElement health = second.Health();
        Assert.Equal(
            (2, second.Sequences()[0]),
            (health.GetProperty("boot").GetInt32(), health.GetProperty("seq_first").GetInt64()));
    }

    [Fact]
    public void Runs_without_storage_and_says_so()
    {
        var node = new Node("", new MemoryStore { FailsWrites = true });
        node.World.Open();
        node.World.RunFor(HourMs);

        Assert.Equal(61, node.Sequences().Length);
        Assert.Contains("the numbers of readings cannot be stored and may repeat after a reboot", node.Log.Errors);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(Node.WithKey, 0)]
    public void The_console_says_that_nothing_but_the_broker_guards_the_commands_of_a_device_without_a_key(
        string config, int count)
    {
        var node = new Node(config);

        Assert.Equal(
            count,
            node.Log.Lines.Count(
                line => line.EndsWith(
                    "no device.command_key: every client that may publish to sensor/bar1/command can command this "
                        + "device")));
    }

    [Fact]
    public void Health_has_all_that_the_contract_names()
    {
        var node = new Node();
        node.World.Open();
        node.Command("nonsense", "{}");
        node.World.RunFor(5 * MinuteMs);

        JsonElement health = Node.Json(node.On("health")[0]);
        Assert.Equal(
            [
                "version", "free_memory", "settings", "unsigned", "boot", "seq_first", "uptime_ms", "time",
                "reconnects", "sensor",
                "safe_mode", "dropped", "rejected", "faults", "queue", "last_fault", "last_error",
            ],
            health.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            "{\"messages\":1,\"max_messages\":3276,\"bytes\":161,\"max_bytes\":49152,\"torn\":0,\"damaged\":0,"
                + "\"degraded\":false}",
            health.GetProperty("queue").GetRawText());
        Assert.Equal(
            "{\"overflow\":0,\"unconfirmed\":0,\"replaced\":0,\"memory\":0,\"answers\":0,\"commands\":0,"
                + "\"too_large\":0,\"unreadable\":0,\"refused\":0,\"outgrown\":0}",
            health.GetProperty("dropped").GetRawText());
        Assert.Equal(
            (54321, 300000),
            (health.GetProperty("free_memory").GetInt32(), health.GetProperty("uptime_ms").GetInt32()));
        Assert.Equal("{\"unknown_command\":1}", health.GetProperty("rejected").GetRawText());
        Assert.True(health.GetProperty("unsigned").GetBoolean());
    }

    [Theory]
    [InlineData('x')]
    [InlineData('\u0001')]
    [InlineData('€')]
    public void Health_is_whole_whatever_the_last_error_holds(char character)
    {
        var node = new Node();
        node.Broker.Connack = _ => new(DeviceQueue.Mqtt.MqttLinkError.Tls, 0, new string(character, 500));
        node.World.Connection.Open();
        node.World.RunFor(MinuteMs);
        node.Broker.Connack = null;
        node.World.RunFor(10 * MinuteMs);

        Assert.All(node.On("health"), health => Assert.Equal(1, Node.Json(health).GetProperty("boot").GetInt32()));
        Assert.NotEmpty(node.On("health"));
    }

    [Fact]
    public void Says_offline_when_it_is_closed()
    {
        var node = new Node();
        node.World.Open();
        node.World.Connection.BeginClose();
        node.World.RunFor(1000);

        Assert.Equal("offline", Retained(node, "status"));
        Assert.False(node.World.Connection.IsOpen);
    }

    [Fact]
    public void The_same_seed_repeats_the_same_run()
    {
        Assert.Equal(StormyHour(3), StormyHour(3));
        Assert.NotEqual(StormyHour(3), StormyHour(4));
    }

    [Theory]
    [InlineData("")]
    [InlineData("options.serialize_envelope=true;")]
    public void The_longest_reading_fits_with_and_without_its_envelope(string options)
    {
        var node = new Node("device.id=a-device-with-the-longest-id-032;" + options);
        node.Sensor.TemperatureC = -39.99;
        node.Sensor.HumidityPercent = 100;
        node.Sensor.PressureHPa = 1099.99;
        node.World.Clock.StartUtc = new DateTime(2036, 11, 21, 2, 47, 0, DateTimeKind.Utc); // doubted
        node.World.Clock.NowMs = 10L * 365 * 24 * 3600 * 1000;
        node.World.Open();
        node.World.RunFor(2 * MinuteMs);

        Arrival[] readings =
        [
            .. node.Broker.Arrivals.Where(arrival => arrival.Topic.EndsWith("/temperature", StringComparison.Ordinal)),
        ];
        Assert.InRange(readings.Length, 2, 4);
        Assert.Equal(0, node.Journal.Dropped.Total);
    }

    [Fact]
    public void A_reading_that_found_no_room_is_counted()
    {
        const string NoRoom =
            "device.reboot_after_ms=0;options.overflow=reject;options.outbox=;options.max_messages=2;";
        var node = new Node("device.interval_ms=1000;device.health_interval_ms=1000;" + NoRoom);
        node.Broker.IsUp = false;
        node.World.Connection.Open();
        node.World.RunFor(20000);
        node.Broker.IsUp = true;
        node.World.RunFor(2 * MinuteMs);
        long[] seen = [.. node.Sequences().Distinct()];
        JsonElement dropped = node.Health().GetProperty("dropped");

        Assert.True(dropped.GetProperty("refused").GetInt32() > 0);
        Assert.Equal(seen.Max() - seen.Length, dropped.EnumerateObject().Sum(reason => reason.Value.GetInt32()));
    }

    /// <summary>
    /// Readings made = arrived + dropped, over a time of poor links and an outage that fills the file.
    /// </summary>
    [Fact]
    public void Health_accounts_for_each_reading_of_poor_links_and_an_outage_that_fills_the_file()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var node = new Node(
                "device.interval_ms=1000;device.health_interval_ms=1000;options.outbox_max_bytes=8192;"
                    + "device.reboot_after_ms=0;options.max_messages="
                    + (4 + random.Next(20)));
            node.World.Open();
            for (int i = 0; i < 12; i++)
            {
                node.Broker.PubackMs = random.Next(3) == 0 ? null : random.Next(4000);
                node.World.RunFor(random.Next(MinuteMs));
                node.Broker.IsUp = random.Next(2) == 0;
                if (!node.Broker.IsUp)
                {
                    node.Broker.Drop();
                }
            }

            node.Broker.IsUp = false;
            node.Broker.Drop();
            node.World.RunFor(random.Next(5 * MinuteMs));
            node.Broker.IsUp = true;
            node.Broker.PubackMs = 20;
            node.World.RunFor(10 * MinuteMs);
            JsonElement health = node.Health();
            JsonElement dropped = health.GetProperty("dropped");
            int total = dropped.EnumerateObject().Sum(reason => reason.Value.GetInt32());
            long[] seen = [.. node.Sequences().Distinct().Order()];
            long missing = seen[^1] - seen.Length;

            // What was sent and never acknowledged may have arrived all the same.
            Assert.InRange(missing, total - dropped.GetProperty("unconfirmed").GetInt32(), total);
            Assert.Equal(0, health.GetProperty("queue").GetProperty("damaged").GetInt32());
        }
    }

    [Fact]
    public void Commands_that_come_together_are_all_answered_though_their_answers_do_not_fit_together()
    {
        var node = new Node(Node.WithKey);
        node.World.Open();
        node.World.RunFor(1000);
        node.Broker.PubackMs = 300;
        for (int i = 0; i < 4; i++)
        {
            node.Command("config.get", """{"section":"device"}""");
        }

        node.World.RunFor(5000);

        Assert.Equal(4, node.On("response").Length);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal("succeeded", Node.Status(node.Answer(i))));
        Assert.Equal(0, node.Journal.Dropped[DropReason.Answers]);
    }

    [Fact]
    public void Readings_in_envelopes_fit_without_a_further_setting()
    {
        var node = new Node("options.serialize_envelope=true;");
        node.World.Open();
        node.World.RunFor(10 * MinuteMs);
        JsonElement dropped = node.Health().GetProperty("dropped");

        Assert.Equal(11, node.On("temperature").Count(arrival => Node.Json(arrival).TryGetProperty("message", out _)));
        Assert.Equal(0, dropped.EnumerateObject().Sum(reason => reason.Value.GetInt32()));
    }

    [Fact]
    public void Stored_readings_that_are_too_large_for_a_lowered_limit_are_counted()
    {
        var store = new MemoryStore();
        var before = new Node("device.interval_ms=1000;options.serialize_envelope=true;", store);
        before.World.RunFor(10000); // never connected
        before.World.Node!.PrepareRestart();

        const string Lowered = "options.max_bytes=200;options.max_message_size=200;";
        var node = new Node("device.interval_ms=60000;device.health_interval_ms=1000;" + Lowered, store);
        node.World.Open();
        node.World.RunFor(MinuteMs);
        JsonElement health = node.Health();
        int arrived = node.On("temperature").Count(arrival => Node.Json(arrival).TryGetProperty("message", out _));

        Assert.Equal(11, health.GetProperty("dropped").GetProperty("outgrown").GetInt32() + arrived);
        Assert.Equal(0, health.GetProperty("queue").GetProperty("damaged").GetInt32());
    }

    [Fact]
    public void What_storage_lost_in_an_earlier_boot_is_still_said_in_health()
    {
        var store = new MemoryStore();
        var before = new Node("device.interval_ms=1000;", store);
        before.World.RunFor(10000); // never connected
        before.World.Node!.PrepareRestart();
        string segment = store.Files.Keys.First(name => name.StartsWith("outbox.", StringComparison.Ordinal));
        store.Files[segment][store.Files[segment].Length / 2] ^= 0x55;
        var found = new Node("", store);
        found.World.RunFor(MinuteMs);
        found.World.Node!.PrepareRestart();
        int damaged = found.Journal.Dropped[DropReason.Damaged] + found.Journal.Dropped[DropReason.Torn];

        var node = new Node("device.health_interval_ms=1000;", store);
        node.World.Open();
        node.World.RunFor(MinuteMs);
        JsonElement queue = node.Health().GetProperty("queue");

        Assert.True(damaged > 0);
        Assert.Equal(damaged, queue.GetProperty("damaged").GetInt32() + queue.GetProperty("torn").GetInt32());
    }

    [Fact]
    public void Health_says_when_the_device_runs_on_its_last_good_settings()
    {
        var store = new MemoryStore();
        Assert.NotNull(new Node("", store));
        var node = new Node("device.interval_ms=5;", store);
        node.World.Open();
        node.World.RunFor(5 * MinuteMs);

        Assert.Equal("last_good", Node.Json(node.On("health")[0]).GetProperty("settings").GetString());
    }

    private static string StormyHour(int seed)
    {
        var log = new MemoryLogger();
        var node = new Node("", null, log);
        var chance = new Random(seed);
        node.World.Connection.Open();
        for (int i = 0; i < 60; i++)
        {
            node.Broker.IsUp = chance.Next(3) > 0;
            if (!node.Broker.IsUp)
            {
                node.Broker.Drop();
            }

            node.World.RunFor(chance.Next(2 * MinuteMs));
        }

        return string.Join(
            '\n', node.Broker.Arrivals.Select(a => a.AtMs + " " + a.Topic + " " + a.Text).Concat(log.Lines));
    }

    private static string? Retained(Node node, string topic) => node.Broker.Retained("sensor/bar1/" + topic);

    private static string Taken(long sequence) =>
        new DateTime(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc)
            .AddMinutes(sequence - 1)
            .ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
}

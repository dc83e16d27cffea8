using System.Text;
using System.Text.Json;
using DeviceQueue.Commands;
using DeviceQueue.Health;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Commands;

/// <summary>The commands about the device as a whole, on a whole node in virtual time.</summary>
public sealed class DeviceCommands_Tests
{
    private const int MinuteMs = 60_000;
    private const int DayMs = 24 * 60 * MinuteMs;
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private readonly MemoryStore _store = new();

    [Fact]
    public void Sensor_read_answers_with_a_reading_of_now_and_leaves_the_schedule_and_the_numbers_alone()
    {
        Node node = Open("device.temperature_offset=1.5;");
        node.World.RunFor(MinuteMs / 2);
        JsonElement answer = node.Do("sensor.read", "{}");

        Assert.StartsWith(
            """{"msg":"22.97","unit":"C","temperature":22.97,"humidity":41.17,"pressure":1006.53"""
                + ""","time":"2026-11-21T02:47:3""",
            answer.GetProperty("result").GetRawText());
        node.World.RunFor(MinuteMs);
        Assert.Equal([1L, 2L], node.Sequences());
        Assert.Equal(3, node.Sensor.Reads);
    }

    [Theory]
    [InlineData(SensorState.NotFound, "not_found")]
    [InlineData(SensorState.NoAnswer, "no_answer")]
    [InlineData(SensorState.OutOfRange, "out_of_range")]
    public void Sensor_read_fails_with_the_fault_and_never_with_a_number(SensorState state, string name)
    {
        Node node = Open();
        node.Sensor.State = state;
        JsonElement answer = node.Do("sensor.read", "{}");

        Assert.Equal(
            ("failed", "sensor_fault", JsonValueKind.Null),
            (Node.Status(answer), Node.Code(answer), answer.GetProperty("result").ValueKind));
        Assert.Contains(name, answer.GetProperty("text").GetString());
    }

    [Fact]
    public void Device_info_answers_with_what_it_is_and_publishes_health_at_once()
    {
        Node node = Open();
        JsonElement result = node.Do("device.info", "{}").GetProperty("result");

        Assert.Equal(
            ("bar1", FirmwareDefaults.Version, 1),
            (
                result.GetProperty("id").GetString(),
                result.GetProperty("version").GetString(),
                result.GetProperty("boot").GetInt32()));
        Assert.Equal(
            ["id", "version", "boot", "uptime_ms", "time"], result.EnumerateObject().Select(member => member.Name));
        Assert.Single(node.On("health"));
    }

    [Fact]
    public void Config_get_shows_one_section_and_never_a_secret()
    {
        Node node = Open(
            Node.WithKey
                + "credential.username=bar1;credential.password=hunter2;connection.uri=mqtt://bar1:hunter2@broker;"
                + "connection.host=broker;");
        List<string> answers = [];
        foreach (string section in
            (string[])["device", "device.outputs", "device.outputs.0", "connection", "credential", "options"])
        {
            answers.Add(node.Do("config.get", $"{{\"section\":\"{section}\"}}").GetProperty("result").GetRawText());
        }

        answers.Add(node.Do("config.get", "{}").GetProperty("result").GetRawText());
        Assert.Contains("\"command_key\":\"(hidden)\"", answers[0]);
        Assert.Contains("\"interval_ms\":\"60000\"", answers[0]);
        Assert.Contains("\"outputs.0.name\":\"relay1\"", answers[0]);
        Assert.Equal("{\"section\":\"device.outputs.0\",\"values\":{\"name\":\"relay1\",\"pin\":\"13\"}}", answers[2]);
        Assert.Equal(
            "{\"section\":\"credential\",\"values\":{\"username\":\"bar1\",\"password\":\"(hidden)\"}}", answers[4]);
        Assert.Equal(
            "{\"section\":\"\",\"values\":{},\"sections\":[\"device\",\"connection\",\"credential\",\"options\"]}",
            answers[6]);
        AssertNoSecret(node, "hunter2");
        AssertNoSecret(node, Key);
    }

    [Fact]
    public void Config_get_hides_what_stands_under_a_key_that_it_does_not_know()
    {
        Node node = Open("credential.username=bar1;credential.pasword=hunter2;device.key=hunter2;");
        Assert.Equal(
            "{\"section\":\"credential\",\"values\":{\"username\":\"bar1\",\"pasword\":\"(hidden)\"}}",
            node.Do("config.get", "{\"section\":\"credential\"}").GetProperty("result").GetRawText());
        node.Do("config.get", "{\"section\":\"device\"}");
        node.Do("config.get", "{}");
        AssertNoSecret(node, "hunter2");
    }

    [Theory]
    [InlineData("{\"section\":\"secrets\"}")]
    [InlineData("{\"section\":\"device.command_key\"}")]
    [InlineData("{\"section\":1}")]
    [InlineData("{\"section\":\"\"}")]
    public void Config_get_of_what_is_no_section_is_rejected_with_those_there_are(string arguments)
    {
        JsonElement answer = Open().Do("config.get", arguments);

        Assert.Equal("bad_arguments", Node.Code(answer));
        Assert.Contains("device, connection", answer.GetProperty("text").GetString());
    }

    [Fact]
    public void Config_get_of_a_section_too_large_for_an_answer_names_the_sections_within()
    {
        Node node = Open(LongOutputs(15));
        JsonElement result = Get(node, "device");

        Assert.Equal("bar1", result.GetProperty("values").GetProperty("id").GetString());
        Assert.Equal(["device.outputs"], Sections(result));
        result = Get(node, "device.outputs");
        Assert.Empty(result.GetProperty("values").EnumerateObject());
        Assert.Equal(
            Enumerable.Range(0, 16).Select(i => $"device.outputs.{i}"),
            Sections(result).Order(StringComparer.Ordinal).OrderBy(name => name!.Length));
        Assert.Equal(
            "{\"name\":\"an_output_with_a_name_of_32_c_07\",\"pin\":\"29\"}",
            Get(node, "device.outputs.7").GetProperty("values").GetRawText());
    }

    [Fact]
    public void Config_get_shows_every_setting_of_the_device_beside_an_output()
    {
        string[] settings =
        [
            $"command_key={Key}", "interval_ms=86400000", "report_delta=100.000", "report_at_least_ms=86400000",
            "temperature_offset=-50.000",
            "max_step=100.000", "late_topic=false", "command_ttl_ms=3600000", "safe_after_ms=86400000",
            "reboot_after_ms=86400000",
            "health_interval_ms=86400000", "safe_mode_boots=85", "stable_ms=86400000", $"ntp_server={new string('n',
            64)}", "discovery=false",
            "status_led=19", "watchdog_pin=18", "sensor.address=118", "i2c.sda=21", "i2c.scl=22",
        ];
        Node node = Open(string.Concat(settings.Select(setting => $"device.{setting};")));

        Assert.Equal(
            ["id", .. settings.Select(setting => setting.Split('=')[0])],
            Get(node, "device")
                .GetProperty("values")
                .EnumerateObject()
                .Select(value => value.Name)
                .Where(name => !name.StartsWith("outputs", StringComparison.Ordinal)));
    }

    [Fact]
    public void Settings_are_read_beside_the_answer_in_the_memory_that_there_is() =>
        Assert.True(HealthReport.MaxBytes >= CommandAnswer.MinScratchBytes);

    [Fact]
    public void An_answer_holds_twelve_outputs_with_the_longest_names()
    {
        Node node = Open(LongOutputs(11));

        Assert.Equal(12, node.Do("output.get", "{}").GetProperty("result").GetProperty("outputs").GetArrayLength());
    }

    [Fact]
    public void Config_set_takes_effect_at_once_says_what_changed_and_survives_a_reboot()
    {
        Node node = Open(Node.WithKey);
        JsonElement answer = node.Do(
            "config.set",
            "{\"interval_ms\":5000,\"health_interval_ms\":10000,\"temperature_offset\":-0.5,\"discovery\":false}");
        Assert.Equal(
            "{\"changed\":{\"interval_ms\":5000,\"health_interval_ms\":10000,\"temperature_offset\":-0.5}}",
            answer.GetProperty("result").GetRawText());
        int readings = node.Sequences().Length;
        node.World.RunFor(MinuteMs);

        Assert.Equal((readings + 12, 6), (node.Sequences().Length, node.On("health").Length));
        Assert.Equal("20.97", Node.Json(node.On("temperature")[^1]).GetProperty("msg").GetString());
        Assert.Empty(node.Restarts);

        Node second = Open(Node.WithKey);
        second.World.RunFor(MinuteMs);
        Assert.Equal(13, second.Sequences().Length);
        Assert.Contains(
            "\"interval_ms\":\"5000\"",
            second.Do("config.get", "{\"section\":\"device\"}").GetProperty("result").GetRawText());
    }

    [Fact]
    public void Config_set_takes_the_words_for_true_and_answers_in_JSON()
    {
        Node node = Open(Node.WithKey);

        JsonElement result = node.Do("config.set", "{\"discovery\":\"yes\",\"max_step\":\"2.50\"}")
            .GetProperty("result");
        Assert.Equal("{\"changed\":{\"max_step\":2.50,\"discovery\":true}}", result.GetRawText());
        result = node.Do("config.get", "{\"section\":\"device\"}").GetProperty("result").GetProperty("values");
        Assert.Equal(
            ("yes", "2.50"), (result.GetProperty("discovery").GetString(), result.GetProperty("max_step").GetString()));
    }

    [Fact]
    public void Config_get_shows_the_firmware_s_own_values_and_each_setting_once()
    {
        Node node = Open(Node.WithKey + "device.interval_ms=30000;options.qos=0;");
        node.Do("config.set", "{\"interval_ms\":5000,\"max_step\":1}");
        string[] names = [];
        foreach (string section in (string[])["device", "options"])
        {
            JsonElement values = node.Do("config.get", $"{{\"section\":\"{section}\"}}")
                .GetProperty("result")
                .GetProperty("values");
            names = [.. names, .. values.EnumerateObject().Select(value => section + "." + value.Name)];
            Assert.Equal(
                section == "device" ? "5000" : "outbox",
                values.GetProperty(section == "device" ? "interval_ms" : "outbox").GetString());
        }

        Assert.Equal(names.Distinct(), names);
        Assert.All(
            Enumerable.Range(0, FirmwareDefaults.Count),
            i => Assert.Equal(
                i < FirmwareDefaults.ChangeableAwakeCount || i >= FirmwareDefaults.ChangeableCount,
                names.Contains(FirmwareDefaults.GetKey(i)))); // those of sleep only in a device that sleeps
    }

    [Fact]
    public void Config_get_of_a_file_that_is_not_the_one_it_started_with_fails_and_shows_nothing_of_it()
    {
        Node node = Open();
        _store.Files[SettingsLoader.FileName] = World.Utf8("{\"device\":{\"id\":\"hunter2\"}}");
        JsonElement answer = node.Do("config.get", "{\"section\":\"device\"}");

        Assert.Equal(("failed", "storage_failed"), (Node.Status(answer), Node.Code(answer)));
        AssertNoSecret(node, "hunter2");
    }

    [Fact]
    public void A_wipe_erases_the_files_that_earlier_settings_named_and_secrets_first()
    {
        Open(Node.WithKey + "tls.key=old.key;tls.cert=old.crt;").World.RunFor(1000);
        _store.Files["old.key"] =
            _store.Files["old.crt"] = _store.Files["new.key"] = _store.Files["new.crt"] = World.Utf8(
            "-----BEGIN");
        Node node = Open(Node.WithKey + "tls.key=new.key;tls.cert=new.crt;");
        node.Command("device.wipe", "{\"confirm\":\"bar1\"}");
        node.World.RunFor(10_000);

        Assert.Equal("succeeded", Node.Status(node.Answer()));
        Assert.DoesNotContain(_store.Files.Keys, name => name.EndsWith(".key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "{\"interval_ms\":999}", "device.interval_ms is \"999\": a whole number from 1000 to 86400000 is allowed")]
    // would stand in the answer, which would not be JSON
    [InlineData("{\"interval_ms\":\"05000\"}", "device.interval_ms is \"05000\"")]
    [InlineData("{\"max_step\":\"05\"}", "device.max_step is \"05\"")]
    [InlineData(
        "{\"report_delta\":0.5,\"max_step\":-1}", "device.max_step is \"-1\": a number from 0 to 100 is allowed")]
    [InlineData("{\"interval_ms\":5000,\"id\":\"other\"}", "not 'id'")]
    [InlineData("{\"interval_ms\":null}", "not 'interval_ms' to null")]
    [InlineData("{\"device.interval_ms\":5000}", "not 'device.interval_ms'")]
    [InlineData("{\"pasword\":\"hunter2\"}", "not 'pasword'")]
    [InlineData("{\"discovery\":\"true;device.id=x\"}", "device.discovery is")]
    [InlineData("{}", "name at least one")]
    public void Config_set_is_refused_as_a_whole_and_changes_nothing(string arguments, string text)
    {
        Node node = Open(Node.WithKey);
        int writes = _store.Writes;
        JsonElement answer = node.Do("config.set", arguments);

        Assert.Equal(("rejected", "bad_arguments"), (Node.Status(answer), Node.Code(answer)));
        Assert.Contains(text, answer.GetProperty("text").GetString());
        Assert.Equal(writes, _store.Writes);
        node.World.RunFor(2 * MinuteMs);
        Assert.Equal(3, node.Sequences().Length);
        AssertNoSecret(node, "hunter2");
    }

    [Fact]
    public void Config_set_stores_all_settings_at_their_longest()
    {
        string half = "0.5" + new string('0', 125);
        string[] names = ["report_delta", "max_step", "temperature_offset"];
        string arguments =
            "{\"interval_ms\":86400000,\"report_at_least_ms\":86400000,\"health_interval_ms\":86400000,"
                + "\"discovery\":false"
            + string.Concat(names.Select(name => $",\"{name}\":{half}")) + "}";
        Node node = Open(Node.WithKey);
        Assert.Equal("succeeded", Node.Status(node.Do("config.set", arguments)));
        Assert.Contains(
            $"\"max_step\":\"0.5",
            Open(Node.WithKey).Do("config.get", "{\"section\":\"device\"}").GetProperty("result").GetRawText());
    }

    [Fact]
    public void Config_set_that_cannot_be_stored_fails_and_changes_nothing()
    {
        Node node = Open(Node.WithKey);
        node.World.RunFor(1000);
        _store.FailsName = "changes";
        JsonElement answer = node.Do("config.set", "{\"interval_ms\":5000}");

        Assert.Equal(("failed", "storage_failed"), (Node.Status(answer), Node.Code(answer)));
        Assert.Contains(
            "\"interval_ms\":\"60000\"",
            node.Do("config.get", "{\"section\":\"device\"}").GetProperty("result").GetRawText());
    }

    [Fact]
    public void Config_set_is_refused_while_the_changes_before_cannot_be_read_and_config_get_shows_none_without_them()
    {
        Node node = Open(Node.WithKey);
        Assert.Equal("succeeded", Node.Status(node.Do("config.set", "{\"interval_ms\":5000}")));
        _store.UnreadName = "changes";
        JsonElement answer = node.Do("config.set", "{\"max_step\":1}");
        Assert.Equal(("failed", "storage_failed"), (Node.Status(answer), Node.Code(answer)));
        Assert.Equal(
            "the changes made before cannot be read and would be lost; the settings are as before",
            answer.GetProperty("text").GetString());
        Assert.Equal("storage_failed", Node.Code(node.Do("config.get", "{\"section\":\"device\"}")));

        _store.UnreadName = null;
        Assert.Equal("succeeded", Node.Status(node.Do("config.set", "{\"max_step\":1}")));
        string shown = Open(Node.WithKey).Do("config.get", "{\"section\":\"device\"}").GetRawText();
        Assert.Contains("\"interval_ms\":\"5000\"", shown);
        Assert.Contains("\"max_step\":\"1\"", shown);
    }

    [Fact]
    public void A_command_history_that_cannot_be_read_is_said_on_the_console_and_in_the_counts()
    {
        Open(Node.WithKey).Do("output.toggle", "{\"name\":\"relay1\"}");
        _store.UnreadName = "commands";
        Node node = Open(Node.WithKey);
        Assert.Equal("busy", Node.Code(node.Do("output.toggle", "{\"name\":\"relay1\"}")));

        Assert.Contains(node.Log.Errors, line => line.Contains("the record of the last commands cannot be read"));
        Assert.Equal(1, node.Journal.Rejected[node.Journal.Rejected.Find("busy")]);
    }

    [Theory]
    [InlineData("config.set", "{\"interval_ms\":5000}")]
    [InlineData("device.reboot", "{}")]
    [InlineData("device.wipe", "{\"confirm\":\"bar1\"}")]
    public void What_could_cost_the_device_is_rejected_without_a_command_key(string type, string arguments)
    {
        Node node = Open();

        Assert.Equal("key_required", Node.Code(node.Do(type, arguments)));
        node.World.RunFor(MinuteMs);
        Assert.Empty(node.Restarts);
        Assert.Contains(SettingsLoader.FileName, _store.Files.Keys);
    }

    [Fact]
    public void Device_reboot_is_answered_before_it_is_done_and_a_repeat_after_it_is_no_second_one()
    {
        Node node = Open(Node.WithKey);
        node.Broker.PubackMs = 700;
        node.World.RunFor(5000);
        DateTime sent = node.World.Clock.StartUtc!.Value.AddMilliseconds(node.World.Clock.NowMs);
        node.Command("device.reboot", "{}", "m1", sent);
        node.World.RunFor(600);
        Assert.Equal("succeeded", Node.Status(node.Answer()));
        Assert.Empty(node.Restarts);
        node.World.RunFor(2000);
        long restartMs = Assert.Single(node.Restarts);
        Assert.Equal(700, restartMs - node.On("response")[^1].AtMs);

        Node second = Open(Node.WithKey);
        second.World.RunFor(10_000);
        Assert.Empty(second.On("response")); // it was answered
        second.Command("device.reboot", "{}", "m1", sent);
        second.World.RunFor(10_000);
        Assert.Equal("duplicate", Node.Status(second.Answer()));
        Assert.Empty(second.Restarts);
    }

    [Fact]
    public void The_next_command_is_carried_out_the_moment_the_answer_before_it_is_acknowledged()
    {
        Node node = Open();
        node.World.RunFor(2000);
        node.Broker.PubackMs = 700;
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":false}");
        node.World.RunFor(2000);
        Arrival[] answers = node.On("response");
        Assert.Equal(700, answers[1].AtMs - answers[0].AtMs);
    }

    [Fact]
    public void Device_reboot_does_not_wait_for_ever_for_an_answer_that_nobody_acknowledges_and_answers_again()
    {
        Node node = Open(Node.WithKey);
        node.World.RunFor(2000);
        node.Broker.PubackMs = null;
        node.Command("device.reboot", "{}");
        node.World.RunFor(CommandDispatcher.DeliveryTimeoutMs + 1000);
        Assert.Single(node.Restarts);

        Node second = Open(Node.WithKey);
        second.World.RunFor(1000);
        Assert.Equal(
            ("succeeded", "carried out before a reboot"),
            (Node.Status(second.Answer()), second.Answer().GetProperty("text").GetString()));
        second.World.RunFor(5000);
        Node third = Open(Node.WithKey);
        third.World.RunFor(5000);
        Assert.Empty(third.On("response"));
    }

    [Fact]
    public void Device_reboot_takes_no_other_command_on_its_way()
    {
        Node node = Open(Node.WithKey);
        node.World.RunFor(2000);
        node.Command("device.reboot", "{}");
        node.Command("output.set", "{\"name\":\"relay1\",\"on\":true}");
        node.World.RunFor(10);

        Assert.Empty(node.Pins.Written);
    }

    [Fact]
    public void Device_wipe_erases_settings_secrets_and_waiting_messages_answers_and_restarts()
    {
        Node node = Open(
            Node.WithKey
                + "tls.ca=ca.crt;tls.cert=me.crt;tls.key=me.key;options.outbox=readings;credential.username=bar1;"
                + "credential.password=hunter2;");
        foreach (string name in (string[])["ca.crt", "me.crt", "me.key", "readings.0", "readings.f"])
        {
            _store.Files[name] = Encoding.UTF8.GetBytes("-----BEGIN");
        }

        node.Do("config.set", "{\"interval_ms\":1000}");
        node.Command("device.wipe", "{\"confirm\":\"bar1\"}", "wipe");
        node.World.RunFor(10_000);

        Assert.Equal("succeeded", Node.Status(node.Answer()));
        Assert.Single(node.Restarts);
        Assert.All(_store.Files.Keys, name => Assert.Contains(name.Split('.')[0], new[] { "boot", "commands", "utc" }));
        Assert.All(_store.Files.Values, file => Assert.DoesNotContain("hunter2", Encoding.Latin1.GetString(file)));
        AssertNoSecret(node, "hunter2");

        Node again = Open(Node.WithKey);
        again.World.RunFor(1000);
        again.Command("device.wipe", "{\"confirm\":\"bar1\"}", "wipe");
        again.World.RunFor(10_000);
        Assert.Equal("duplicate", Node.Status(again.Answer()));
        Assert.Contains(SettingsLoader.FileName, _store.Files.Keys);
        Assert.True(again.Sequences()[0] > node.Sequences()[^1]);
    }

    [Fact]
    public void What_is_measured_between_a_wipe_and_the_restart_is_not_stored()
    {
        Node node = Open(Node.WithKey + "device.interval_ms=1000;");
        node.World.RunFor(10_000);
        node.Command("device.wipe", "{\"confirm\":\"bar1\"}", "wipe");
        node.World.RunFor(200);
        node.Broker.PubackMs = null;
        node.World.RunFor(20_000);

        Assert.Single(node.Restarts);
        Assert.DoesNotContain(_store.Files.Keys, name => name.StartsWith("outbox", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"confirm\":true}")]
    [InlineData("{\"confirm\":\"bar2\"}")]
    public void Device_wipe_without_the_id_of_this_device_is_rejected(string arguments)
    {
        Node node = Open(Node.WithKey);

        Assert.Equal("bad_arguments", Node.Code(node.Do("device.wipe", arguments)));
        Assert.Contains(SettingsLoader.FileName, _store.Files.Keys);
        Assert.Empty(node.Restarts);
    }

    [Fact]
    public void Device_wipe_on_a_failing_storage_says_so_and_the_device_goes_on()
    {
        Node node = Open(Node.WithKey);
        node.World.RunFor(1000);
        _store.FailsName = "settings";
        JsonElement answer = node.Do("device.wipe", "{\"confirm\":\"bar1\"}");

        Assert.Equal(("failed", "storage_failed"), (Node.Status(answer), Node.Code(answer)));
        node.World.RunFor(MinuteMs);
        Assert.Empty(node.Restarts);
    }

    [Fact]
    public void Days_of_commands_each_hour_are_all_carried_out_and_answered_once()
    {
        Node node = Open(Node.WithKey);
        for (int i = 0; i < 2 * 24; i++)
        {
            node.Command("output.toggle", "{\"name\":\"relay1\"}");
            node.World.RunFor(DayMs / 24);
        }

        Assert.Equal((48, 48), (node.Pins.Written.Count, node.On("response").Length));
    }

    private static void AssertNoSecret(Node node, string secret)
    {
        Assert.All(node.Log.Lines, line => Assert.DoesNotContain(secret, line));
        Assert.All(node.Broker.Arrivals, arrival => Assert.DoesNotContain(secret, Decoded(arrival)));
    }

    private static string Decoded(Arrival arrival)
    {
        if (!arrival.Topic.EndsWith("/response", StringComparison.Ordinal))
        {
            return arrival.Text;
        }

        return arrival.Text + Encoding.UTF8.GetString(Node.Json(arrival).GetProperty("message").GetBytesFromBase64());
    }

    private static string LongOutputs(int count) => string.Concat(
        Enumerable.Range(1, count).Select(
            i => $"device.outputs.{i}.name=an_output_with_a_name_of_32_c_{i:00};device.outputs.{i}.pin={i + 22};"));

    private static JsonElement Get(Node node, string section) =>
        node.Do("config.get", $"{{\"section\":\"{section}\"}}").GetProperty("result");

    private static IEnumerable<string?> Sections(JsonElement result) =>
        result.GetProperty("sections").EnumerateArray().Select(section => section.GetString());

    private Node Open(string config = "")
    {
        var node = new Node(config, _store);
        node.World.Open();
        return node;
    }
}

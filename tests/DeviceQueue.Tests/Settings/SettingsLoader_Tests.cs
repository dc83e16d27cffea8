using System.Text;
using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Esp32.Boards;
using DeviceQueue.Health;
using DeviceQueue.Outputs;
using DeviceQueue.Settings;
using DeviceQueue.Storage;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Settings;

public sealed class SettingsLoader_Tests
{
    private const string Good = """{"device":{"id":"bar1","interval_ms":30000},"connection":{"host":"broker"}}""";
    private const string Broken = """{"device":{"id":"bar1",}""";

    private readonly MemoryStore _store = new();
    private SettingsLoader _loader = null!;

    [Fact]
    public void Uses_a_good_file_with_the_firmware_s_defaults_below_it()
    {
        SettingsLoader loaded = Load("""{"connection":{"host":"broker"},"options":{"qos":0}}""");

        Assert.Equal((SettingsSource.File, "file"), (loaded.Settings.Source, loaded.Settings.SourceWord));
        Assert.Equal("dq-a1b2c3", loaded.Device.Id);
        Assert.Equal(
            (0, 15, 320),
            (
                loaded.Connection.Readings.Qos,
                loaded.Connection.Readings.KeepAliveSeconds,
                loaded.Connection.Readings.MaxMessageSize));
        Assert.Empty(loaded.Problems.Errors());
        Assert.Empty(loaded.Problems.Warnings());
    }

    [Fact]
    public void Warns_once_of_what_has_no_effect()
    {
        SettingsLoader loaded = Load(
            """{"connections":[{"uri":"mqtt://broker","host":"other"}],"connection":{"host":"broker"},"credentials":"""
            + """[{"username":"u"}],"credential":{"username":"v"}}""");

        Assert.Equal(3, loaded.Problems.Warnings().Length);
        Assert.Equal(3, loaded.Problems.Warnings().Distinct().Count());
    }

    [Fact]
    public void Keeps_a_good_file_once_however_often_it_starts()
    {
        Load(Good);
        int writes = _store.Writes;
        Load(Good);
        Load(Good);

        Assert.Equal((1, 1), (writes, _store.Writes));
    }

    [Theory]
    [InlineData(null, "devicequeue.json is missing")]
    [InlineData(Broken, "devicequeue.json, line 1, column 24: a name in quotation marks is expected")]
    [InlineData(
        """{"device":{"interval_ms":5},"connection":{"host":"broker"}}""",
        "device.interval_ms is \"5\": a whole number from 1000 to 86400000 is allowed")]
    [InlineData(
        """{"device":{"id":"bar1"}}""",
        "connection.host is missing: a device needs a broker, here or in connection.uri")]
    [InlineData(
        """{"connection":{"host":"broker"},"options":{"keepalive_timeout":0}}""",
        "options.keepalive_timeout is \"0\": a whole number from 1 to 65535000 is allowed")]
    [InlineData(
        """{"connection":{"host":"broker"},"credential":{"password":"x"}}""",
        "credential.username is missing: MQTT 3.1.1 (section 3.1.2.9) has no password without a user name")]
    [InlineData(
        """{"connection":{"host":"broker"},"tls":{"cert":"c.pem"}}""",
        "tls.key is missing: a client's certificate and its key belong together")]
    public void Uses_the_last_good_settings_when_the_file_is_not_and_says_why(string? file, string error)
    {
        Load(Good);
        SettingsLoader loaded = Load(file);

        Assert.Equal(SettingsSource.LastGood, loaded.Settings.Source);
        Assert.Equal(("bar1", 30000), (loaded.Device.Id, loaded.Device.IntervalMs));
        Assert.Equal("broker", loaded.Connection.Endpoints[0].Host);
        Assert.Contains(error, loaded.Problems.Errors());
        Assert.Equal(1, _store.Writes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Broken)]
    public void Has_no_settings_when_there_never_was_a_good_file(string? file)
    {
        SettingsLoader loaded = Load(file);

        Assert.Equal(SettingsSource.None, loaded.Settings.Source);
        Assert.Null(loaded.Device);
        Assert.Null(loaded.Connection);
        Assert.NotEmpty(loaded.Problems.Errors());
        Assert.DoesNotContain(_store.Files.Keys, name => name != SettingsLoader.FileName);
    }

    [Fact]
    public void Keeps_the_last_good_settings_when_a_file_names_a_certificate_that_is_not_there()
    {
        const string Secure = """{"device":{"id":"bar2"},"connection":{"protocol":"mqtts","host":"broker"},"tls":"""
            + """{"ca":"ca.crt"}}""";
        Load(Good);

        SettingsLoader loaded = Load(Secure);
        Assert.Equal((SettingsSource.LastGood, "bar1"), (loaded.Settings.Source, loaded.Device.Id));
        Assert.Contains(loaded.Problems.Errors(), error => error.Contains("tls.ca is \"ca.crt\""));

        _store.Files["ca.crt"] = Encoding.ASCII.GetBytes("-----BEGIN CERTIFICATE-----");
        Assert.Equal("bar2", Load(Secure).Device.Id);
        Assert.Equal("bar2", Load(Broken).Device.Id);
    }

    [Fact]
    public void Has_settings_after_every_power_cut_while_it_keeps_a_new_file()
    {
        string other = Good.Replace("bar1", "bar2");
        for (int cut = 0; cut <= other.Length + TwoSlotFile.HeaderBytes; cut++)
        {
            _store.Files.Clear();
            Load(Good);
            _store.CutAfterBytes = cut;
            Assert.Equal("bar2", Load(other).Device.Id);

            Assert.Equal(cut == other.Length + TwoSlotFile.HeaderBytes ? "bar2" : "bar1", Load(Broken).Device.Id);
        }
    }

    [Fact]
    public void Goes_on_when_the_storage_fails_and_warns()
    {
        _store.FailsWrites = true;
        SettingsLoader loaded = Load(Good);

        Assert.Equal(SettingsSource.File, loaded.Settings.Source);
        Assert.Contains("the storage failed", Assert.Single(loaded.Problems.Warnings()));
    }

    [Fact]
    public void Refuses_a_file_that_is_too_long()
    {
        SettingsLoader loaded = Load(Good + new string(' ', SettingsLoader.MaxFileBytes));

        Assert.Equal(SettingsSource.None, loaded.Settings.Source);
        Assert.Equal("devicequeue.json: at most 8192 bytes are allowed", loaded.Problems.GetError(0));
    }

    [Fact]
    public void Does_not_start_with_last_good_settings_that_a_later_firmware_refuses()
    {
        Load("""{"device":{"status_led":2},"connection":{"host":"broker"}}""");
        _store.Files.Remove(SettingsLoader.FileName);
        var loaded = new SettingsLoader(_store, new NoPins());
        loaded.Load("dq-a1b2c3");

        Assert.Equal(SettingsSource.None, loaded.Settings.Source);
        Assert.Contains("the last good settings cannot be used", loaded.Problems.Errors());
    }

    [Fact]
    public void Says_that_a_late_topic_means_nothing_to_readings_in_envelopes()
    {
        SettingsLoader loaded = Load(
            """{"device":{"late_topic":true},"connection":{"host":"broker"},"options":{"serialize_envelope":true}}""");

        Assert.Equal(["device.late_topic has no effect with options.serialize_envelope"], loaded.Problems.Warnings());
    }

    [Theory]
    [InlineData("device.intervall_ms", "device.intervall_ms is not a known key and has no effect")]
    [InlineData("device.outputs.3.nmae", "device.outputs.3.nmae is not a known key and has no effect")]
    [InlineData("device.outputs.x.name", "device.outputs.x.name is not a known key and has no effect")]
    [InlineData("connections.0.hots", "connections.0.hots is not a known key and has no effect")]
    [InlineData("connection", "connection is not a known key and has no effect")]
    [InlineData("wifi.password", "wifi.password is not a known key and has no effect")]
    [InlineData("a\u0007b", "a?b is not a known key and has no effect")]
    public void Warns_of_a_key_it_does_not_know(string key, string warning)
    {
        ConfigProblems problems = Check(ConfigParams.FromTuples("connection.host", "broker", key, "s3cret"));

        Assert.Equal(warning, Assert.Single(problems.Warnings()));
        Assert.Empty(problems.Errors());
    }

    [Theory]
    [InlineData(
        "options.retry_connect=false;options.autosubscribe=true", "options.retry_connect", "options.autosubscribe")]
    [InlineData("topic=elsewhere;name=q;id=q", "topic", "name", "id")]
    [InlineData(
        "will.topic=alarm;will.payload=gone;will.qos=7;will.retain=true",
        "will.topic", "will.payload", "will.qos", "will.retain")]
    [InlineData("options.retry_connect=true;options.autosubscribe=false")]
    public void Warns_of_what_means_something_to_a_queue_and_nothing_to_a_device(string line, params string[] keys)
    {
        ConfigProblems problems = Check(ConfigParams.FromString("connection.host=broker;" + line));

        Assert.Equal(keys.Select(key => key + " has no effect on a device"), problems.Warnings());
        Assert.Empty(problems.Errors());
    }

    [Fact]
    public void Knows_every_key_it_documents()
    {
        var problems = new ConfigProblems();
        ConfigParams config = Problems.ReadJson("""
            {
              "client_id": "c",
              "device": { "id": "bar1",
                "command_key": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "interval_ms": 60000,
                "report_delta": 0, "report_at_least_ms": 3600000, "temperature_offset": 0, "max_step": 0,
                "discovery": false, "sensor": { "address": 0 }, "i2c": { "sda": 21, "scl": 22 },
                "outputs": [ { "name": "relay1", "pin": 16, "active": "high", "safe": "off" } ], "status_led": 4,
                "watchdog_pin": 13, "safe_after_ms": 0, "reboot_after_ms": 900000, "command_ttl_ms": 60000,
                "health_interval_ms": 300000, "ntp_server": "pool.ntp.org", "safe_mode_boots": 5, "stable_ms": 600000,
                "late_topic": false },
              "connections": [ { "discovery_key": "k" }, { "protocol": "mqtts", "host": "h", "port": 8883 },
                { "uri": "mqtt://h" } ],
              "credentials": [ { "store_key": "s" }, { "username": "u", "password": "p" } ],
              "options": { "serialize_envelope": true, "autosubscribe": false, "qos": 0, "retain": false,
                "retry_connect": true, "connect_timeout": 30000, "reconnect_timeout": 1000, "keepalive_timeout": 3000,
                "clean_session": true, "max_messages": 64, "max_bytes": 8192, "max_message_size": 1024,
                "overflow": "reject", "max_inflight": 8, "reconnect_max": 60000, "outbox": "outbox.dat",
                "outbox_max_bytes": 49152, "outbox_flush_ms": 1000 },
              "tls": { "ca": "ca.pem", "cert": "c.pem", "key": "k.pem" }
            }
            """, problems)!;

        Assert.NotNull(SettingsDraft.Read(new ParamsConfigReader(config, problems), null, "dq-a1b2c3"));
        Assert.Empty(problems.Errors());
        Assert.Empty(problems.Warnings());
    }

    [Fact]
    public void A_board_that_cannot_read_its_address_has_no_name_unless_the_file_gives_it_one()
    {
        SettingsLoader loaded = Load("""{"connection":{"host":"broker"}}""", null);
        Assert.Equal(SettingsSource.None, loaded.Settings.Source);
        Assert.Contains(
            "device.id is missing: the board's MAC address, which gives the default, cannot be read",
            loaded.Problems.Errors());

        Assert.Equal("bar1", Load(Good, null).Device.Id);
    }

    [Fact]
    public void Reads_a_file_that_is_much_longer_than_what_is_in_memory_of_it()
    {
        string outputs = string.Join(
            ",\n",
            Enumerable.Range(0, 16).Select(
                i => $$"""  { "name": "output-{{i}}-\u0061\u0062",  "pin": {{100 + i}},"""
                    + $$"""{{new string(' ', 300)}} "safe": "on" }"""));
        string uri = "mqtt://u:" + new string('p', 480) + "@broker";
        SettingsLoader loaded = Load(
            $$"""{"device":{"outputs":[{{outputs}}]},"connection":{"uri":"{{uri}}"} }""" + new string('\n', 1000));

        Assert.Empty(loaded.Problems.Errors());
        Assert.Equal(
            Enumerable.Range(0, 16).Select(i => ($"output-{i}-ab", 100 + i, true)),
            loaded.Device.Outputs.Select(output => (output.Name, output.Pin, output.IsSafeOn)));
        Assert.Equal(480, loaded.Connection.Endpoints[0].Password.Length);
    }

    [Fact]
    public void Says_in_which_line_a_long_file_is_wrong()
    {
        string file = "{\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"\"é{i}\": 1,\n")) + "  \"é\" 2}";

        Assert.Contains("devicequeue.json, line 102, column 7: a colon is expected", Load(file).Problems.Errors());
    }

    [Fact]
    public void Never_shows_a_secret_of_a_bad_file()
    {
        SettingsLoader loaded = Load("""
            {"device":{"command_key":"s3cret"},"connection":{"uri":"http://u:s3cret@h"},
             "credential":{"username":"u","password":"s3cret\n"}}
            """);

        Assert.Equal(4, loaded.Problems.ErrorCount);
        Assert.DoesNotContain("s3cret", string.Concat(loaded.Problems.Errors()));
    }

    [Fact]
    public void Changes_settings_while_it_runs_and_keeps_them_across_a_reboot()
    {
        LoadedSettings settings = Load(Good).Settings;
        Assert.True(Change(settings, "device.interval_ms=5000"));
        Assert.True(Change(settings, "device.discovery=true"));

        Assert.Equal(
            (5000, true, "stored"), (settings.Device.IntervalMs, settings.Device.IsDiscoveryOn, settings.SourceWord));
        settings = Load(Good).Settings;
        Assert.Equal(
            (5000, true, "stored"), (settings.Device.IntervalMs, settings.Device.IsDiscoveryOn, settings.SourceWord));
        settings = Load(null).Settings;
        Assert.Equal(
            (SettingsSource.LastGood, "last_good", 5000),
            (settings.Source, settings.SourceWord, settings.Device.IntervalMs));
    }

    [Fact]
    public void Forgets_changes_when_the_file_they_were_made_to_is_another()
    {
        Change(Load(Good).Settings, "device.interval_ms=5000");

        Assert.Equal(60000, Load(Good.Replace("30000", "60000")).Device.IntervalMs);
    }

    [Fact]
    public void Refuses_a_change_as_a_whole()
    {
        LoadedSettings settings = Load(Good).Settings;
        int writes = _store.Writes;
        SettingsChanges changes = Changes("device.report_delta=1;device.interval_ms=5");

        Assert.Null(settings.CheckChange(changes));
        Assert.Equal(
            "device.interval_ms is \"5\": a whole number from 1000 to 86400000 is allowed",
            Assert.Single(changes.Problems.Errors()));
        Assert.Equal((writes, 30000, 0.0), (_store.Writes, settings.Device.IntervalMs, settings.Device.ReportDelta));
    }

    [Fact]
    public void Takes_other_values_only_for_what_a_running_device_can_change()
    {
        for (int i = 0; i < FirmwareDefaults.Count; i++)
        {
            string[] key = FirmwareDefaults.GetKey(i).Split('.');
            byte[] name = Encoding.UTF8.GetBytes(key[1]);
            int first = FirmwareDefaults.GetFirst(key[0], out int end);
            Assert.InRange(i, first, end - 1);
            Assert.Equal(i, FirmwareDefaults.IndexOf(first, name, 0, name.Length));
            Assert.Equal(key[0] == "device", new SettingsChanges(new ConfigProblems()).TrySet(i, "1"));
        }

        Assert.False(new SettingsChanges(new ConfigProblems()).TrySet("device.id", "other"));
    }

    [Fact]
    public void Has_nothing_to_change_without_settings()
    {
        SettingsChanges changes = Changes("device.interval_ms=5000");

        Assert.Null(Load(null).Settings.CheckChange(changes));
        Assert.Equal("there are no settings to change", Assert.Single(changes.Problems.Errors()));
    }

    [Fact]
    public void Does_not_change_what_it_cannot_keep()
    {
        LoadedSettings settings = Load(Good).Settings;
        _store.FailsWrites = true;

        Assert.False(Change(settings, "device.interval_ms=5000"));
        Assert.Equal(30000, settings.Device.IntervalMs);
    }

    [Theory]
    [InlineData("device.interval_ms=5", 1)]
    [InlineData("device.command_key=00;device.id=other;connection.host=elsewhere", 0)]
    [InlineData(";;=;device.interval_ms", 0)]
    public void Stored_changes_of_another_firmware_or_an_attacker_change_nothing(string record, int warnings)
    {
        Load(Good);
        Store(record);
        SettingsLoader loaded = Load(Good);

        Assert.Equal(
            (SettingsSource.File, 30000, "bar1"), (loaded.Settings.Source, loaded.Device.IntervalMs, loaded.Device.Id));
        Assert.Null(loaded.Device.CommandKey);
        Assert.Equal(warnings, loaded.Problems.WarningCount);
        Assert.All(
            loaded.Problems.Warnings(),
            warning => Assert.Contains("the stored changes are not allowed any more", warning));
    }

    [Fact]
    public void A_change_lasts_though_those_stored_before_are_not_allowed_any_more()
    {
        Load(Good);
        Store("device.interval_ms=5;device.max_step=3");
        Assert.True(Change(Load(Good).Settings, "device.report_delta=1"));

        SettingsLoader loaded = Load(Good);
        Assert.Equal((30000, 1.0, 0.0), (loaded.Device.IntervalMs, loaded.Device.ReportDelta, loaded.Device.MaxStep));
        Assert.Equal((SettingsSource.Stored, 0), (loaded.Settings.Source, loaded.Problems.WarningCount));
    }

    [Fact]
    public void Shows_no_stored_change_that_has_no_effect()
    {
        Load(Good);
        Store("device.interval_ms=5;device.max_step=3");
        SettingsChanges changes = Load(Good).Settings
            .LoadChanges(new ConfigProblems(), new byte[LoadedSettings.ScratchBytes]);

        Assert.Equal(0, changes.Count);
    }

    [Theory]
    [InlineData("changes.0", false)]
    [InlineData("changes.0", true)]
    [InlineData("changes.1", false)]
    [InlineData("changes.1", true)]
    public void No_change_takes_the_place_of_changes_that_cannot_be_read(string name, bool isUntold)
    {
        LoadedSettings settings = Load(Good).Settings;
        Assert.True(Change(settings, "device.max_step=3"));
        Assert.True(Change(settings, "device.interval_ms=5000"));
        _store.UntoldName = isUntold ? name : null;
        _store.UnreadName = isUntold ? null : name;
        SettingsLoader loaded = Load(Good);
        Assert.Contains("the changes by commands cannot be read and have no effect", loaded.Problems.Warnings());
        SettingsChanges changes = Changes("device.report_delta=1");
        Assert.NotNull(loaded.Settings.CheckChange(changes));
        Assert.False(loaded.Settings.TryKeep(changes, new byte[LoadedSettings.ScratchBytes]));
        Assert.Equal(
            "the changes made before cannot be read and would be lost", Assert.Single(changes.Problems.Errors()));
        Assert.Equal(0.0, loaded.Settings.Device.ReportDelta);
        Assert.Null(loaded.Settings.LoadChanges(new ConfigProblems(), new byte[LoadedSettings.ScratchBytes]));

        _store.UntoldName = null;
        _store.UnreadName = null;
        Assert.True(Change(loaded.Settings, "device.report_delta=1"));
        foreach (DeviceSettings device in (DeviceSettings[])[loaded.Settings.Device, Load(Good).Device])
        {
            Assert.Equal((5000, 1.0, 3.0), (device.IntervalMs, device.ReportDelta, device.MaxStep));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Says_that_a_file_cannot_be_read_and_not_that_it_is_missing(bool isUntold)
    {
        _store.UntoldName = isUntold ? "devicequeue" : null;
        _store.UnreadName = isUntold ? null : "devicequeue";

        Assert.Contains("devicequeue.json cannot be read", Load(Good).Problems.Errors());
        Assert.DoesNotContain("devicequeue.json is missing", _loader.Problems.Errors());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"id\":\"?\",")]
    [InlineData("\"id\" 1,")]
    public void The_led_and_the_watchdog_of_a_bad_file_are_those_of_that_file_alone(string bad)
    {
        string json = """{"device":{"status_led":4,"watchdog_pin":13,""" + bad + "\"max_step\":0}}";
        Assert.False(LoadAgain(json));
        Assert.Equal((4, 13), (_loader.StatusLedPin, _loader.WatchdogPin));

        Assert.False(LoadAgain(json.Replace("\"status_led\":4,", "")));
        Assert.Equal((DeviceSettings.NoPin, 13), (_loader.StatusLedPin, _loader.WatchdogPin));
        Assert.False(LoadAgain(null));
        Assert.Equal((DeviceSettings.NoPin, DeviceSettings.NoPin), (_loader.StatusLedPin, _loader.WatchdogPin));
    }

    [Theory]
    [InlineData(4, 13, "x", 4, 13)]
    [InlineData(16, 13, "16", -1, 13)]
    [InlineData(4, 16, "16", 4, -1)]
    [InlineData(13, 13, "16", -1, -1)]
    [InlineData(21, 22, "16", -1, -1)]
    public void A_bad_file_moves_no_pin_that_it_gives_to_something_else(
        int led, int watchdog, string output, int usedLed, int usedWatchdog)
    {
        string pins = $$"""{"status_led":{{led}},"watchdog_pin":{{watchdog}},"outputs":[{"name":"a","pin":2},"""
            + $$"""{"pin":"{{output}}"}]}""";
        Assert.False(LoadAgain("{\"device\":" + pins + "}"));

        Assert.Equal((usedLed, usedWatchdog), (_loader.StatusLedPin, _loader.WatchdogPin));
    }

    [Fact]
    public void Leaves_no_settings_when_the_store_is_wiped()
    {
        Change(Load(Good).Settings, "device.interval_ms=5000");

        Assert.True(new FactoryReset(_store).TryErase());
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void Reads_the_slots_that_the_firmware_before_wrote()
    {
        byte[] json = Encoding.UTF8.GetBytes(Good);
        var slots = new TwoSlotFile(_store, "settings.0", "settings.1", 8192);
        Assert.True(slots.Put("{}"u8.ToArray()));
        Assert.True(slots.Put(json));

        Assert.Equal(("last_good", "bar1"), (Load(null).Settings.SourceWord, _loader.Device.Id));
    }

    [Fact]
    public void Survives_any_file_and_any_storage()
    {
        Fuzz.ForAll(Fuzz.Mutated(Good), bytes =>
        {
            _store.Files.Clear();
            Load(Good);
            _store.Files["changes.0"] = bytes;
            _store.Files["settings.1"] = bytes;
            _store.Files[SettingsLoader.FileName] = bytes;

            var loader = new SettingsLoader(_store, null);
            Assert.True(loader.Load("dq-a1b2c3"));
            Assert.NotEqual(SettingsSource.None, loader.Settings.Source);
        });
    }

    private static SettingsChanges Changes(string line)
    {
        var changes = new SettingsChanges(new ConfigProblems());
        ConfigParams config = ConfigParams.FromString(line);
        Assert.All(
            Enumerable.Range(0, config.Count),
            i => Assert.True(changes.TrySet(config.GetKey(i), config.Get(config.GetKey(i)))));
        return changes;
    }

    private static bool Change(LoadedSettings settings, string line)
    {
        SettingsChanges changes = Changes(line);
        return settings.CheckChange(changes) is not null
            && settings.TryKeep(changes, new byte[LoadedSettings.ScratchBytes]);
    }

    private static ConfigProblems Check(ConfigParams config)
    {
        var problems = new ConfigProblems();
        SettingsDraft.Read(new ParamsConfigReader(config, problems), null, "dq-a1b2c3");
        return problems;
    }

    /// <summary>Stores changes to the file without a check.</summary>
    private void Store(string record)
    {
        byte[] file = _store.Files[SettingsLoader.FileName];
        byte[] content =
        [
            .. BitConverter.GetBytes(Crc32.Compute(file, 0, file.Length)), .. Encoding.UTF8.GetBytes(record),
        ];
        var slots = new TwoSlotFile(_store, "changes.0", "changes.1", 1024);
        Assert.True(slots.Put(content));
    }

    private void Put(string? json)
    {
        _store.Files.Remove(SettingsLoader.FileName);
        if (json is not null)
        {
            _store.Files[SettingsLoader.FileName] = Encoding.UTF8.GetBytes(json);
        }
    }

    /// <summary>Looks once more, as a board without settings does.</summary>
    private bool LoadAgain(string? json)
    {
        Put(json);
        _loader ??= new SettingsLoader(_store, new Esp32Board(hasPsram: false));
        return _loader.Load("dq-a1b2c3");
    }

    private SettingsLoader Load(string? json, string? defaultId = "dq-a1b2c3")
    {
        Put(json);
        _loader = new SettingsLoader(_store, null);
        Assert.Equal(_loader.Load(defaultId), _loader.Device is not null);
        return _loader;
    }

    private sealed class NoPins : IPinRules
    {
        public int I2cDataPin => 21;

        public int I2cClockPin => 22;

        public string WhyNotOutput(int pin) => "no";

        public string? WhyNotI2c(int pin) => null;

        public string? WhyNotAdc(int pin, out int channel)
        {
            channel = pin;
            return null;
        }
    }
}

using System.Text;
using DeviceQueue.Configuring;
using DeviceQueue.Platform;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Configuring;

public sealed class SettingsLoader_Tests
{
    private const string Good = """{"device":{"id":"bar1","interval_ms":30000},"connection":{"host":"broker"}}""";
    private const string Broken = """{"device":{"id":"bar1",}""";

    private static readonly ConfigParams Defaults = ConfigParams.FromString("options.qos=1;options.keepalive_timeout=15000;options.max_message_size=2048");

    private readonly MemoryStore _store = new();
    private SettingsLoader _loader = null!;

    [Fact]
    public void Uses_a_good_file_with_the_firmware_s_defaults_below_it()
    {
        LoadedSettings loaded = Load("""{"connection":{"host":"broker"},"options":{"qos":0}}""");

        Assert.Equal(SettingsSource.File, loaded.Source);
        Assert.Equal("dq-a1b2c3", loaded.Device.Id);
        Assert.Equal(("0", "15000"), (loaded.Config.Get("options.qos"), loaded.Config.Get("options.keepalive_timeout")));
        Assert.Empty(loaded.Problems.Errors());
        Assert.Empty(loaded.Problems.Warnings());
    }

    [Fact]
    public void Warns_once_of_what_has_no_effect()
    {
        LoadedSettings loaded = Load("""{"connections":[{"uri":"mqtt://broker","host":"other"}],"connection":{"host":"broker"},"credentials":[{"username":"u"}],"credential":{"username":"v"}}""");

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
    [InlineData("""{"device":{"interval_ms":5},"connection":{"host":"broker"}}""", "device.interval_ms is \"5\": a whole number from 1000 to 86400000 is allowed")]
    [InlineData("""{"device":{"id":"bar1"}}""", "connection.host is missing: a device needs a broker, here or in connection.uri")]
    [InlineData("""{"connection":{"host":"broker"},"options":{"keepalive_timeout":0}}""", "options.keepalive_timeout is \"0\": a whole number from 1 to 65535000 is allowed")]
    [InlineData("""{"connection":{"host":"broker"},"credential":{"password":"x"}}""", "credential.username is missing: MQTT 3.1.1 (section 3.1.2.9) has no password without a user name")]
    [InlineData("""{"connection":{"host":"broker"},"tls":{"cert":"c.pem"}}""", "tls.key is missing: a client's certificate and its key belong together")]
    [InlineData("""{"connection":{"host":"broker"},"will":{"qos":1}}""", "will.topic is missing: a topic without + and # is needed")]
    public void Uses_the_last_good_settings_when_the_file_is_not_and_says_why(string? file, string error)
    {
        Load(Good);
        LoadedSettings loaded = Load(file);

        Assert.Equal(SettingsSource.LastGood, loaded.Source);
        Assert.Equal(("bar1", 30000), (loaded.Device.Id, loaded.Device.IntervalMs));
        Assert.Equal("broker", loaded.Config.Get("connection.host"));
        Assert.Contains(error, loaded.Problems.Errors());
        Assert.Equal(1, _store.Writes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Broken)]
    public void Has_no_settings_when_there_never_was_a_good_file(string? file)
    {
        LoadedSettings loaded = Load(file);

        Assert.Equal(SettingsSource.None, loaded.Source);
        Assert.Null(loaded.Device);
        Assert.Null(loaded.Config);
        Assert.NotEmpty(loaded.Problems.Errors());
        Assert.Empty(_store.Files);
    }

    [Fact]
    public void Keeps_the_last_good_settings_when_a_file_names_a_certificate_that_is_not_there()
    {
        const string Secure = """{"device":{"id":"bar2"},"connection":{"protocol":"mqtts","host":"broker"},"tls":{"ca":"ca.crt"}}""";
        Load(Good);

        LoadedSettings loaded = Load(Secure);
        Assert.Equal((SettingsSource.LastGood, "bar1"), (loaded.Source, loaded.Device.Id));
        Assert.Contains(loaded.Problems.Errors(), error => error.Contains("tls.ca is \"ca.crt\""));

        _store.Files["ca.crt"] = [1];
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
        LoadedSettings loaded = Load(Good);

        Assert.Equal(SettingsSource.File, loaded.Source);
        Assert.Contains("the storage failed", Assert.Single(loaded.Problems.Warnings()));
    }

    [Fact]
    public void Refuses_a_file_that_is_too_long()
    {
        LoadedSettings loaded = Load(Good + new string(' ', SettingsStore.MaxFileBytes));

        Assert.Equal(SettingsSource.None, loaded.Source);
        Assert.Equal("devicequeue.json: at most 8192 bytes are allowed", loaded.Problems.GetError(0));
    }

    [Fact]
    public void Does_not_start_with_last_good_settings_that_a_later_firmware_refuses()
    {
        Load("""{"device":{"status_led":2},"connection":{"host":"broker"}}""");
        LoadedSettings loaded = new SettingsLoader(new SettingsStore(_store), new NoPins(), "dq-a1b2c3", Defaults).Load(null, 0);

        Assert.Equal(SettingsSource.None, loaded.Source);
        Assert.Contains("the last good settings cannot be used", loaded.Problems.Errors());
    }

    [Theory]
    [InlineData("device.intervall_ms", "device.intervall_ms is not a known key and has no effect; device.interval_ms is meant?")]
    [InlineData("device.outputs.3.nmae", "device.outputs.3.nmae is not a known key and has no effect; device.outputs.3.name is meant?")]
    [InlineData("connections.0.hots", "connections.0.hots is not a known key and has no effect; connections.0.host is meant?")]
    [InlineData("option.qos", "option.qos is not a known key and has no effect; options.qos is meant?")]
    [InlineData("wifi.password", "wifi.password is not a known key and has no effect")]
    [InlineData("a\u0007b", "a?b is not a known key and has no effect")]
    public void Warns_of_a_key_it_does_not_know_and_guesses_the_one_meant(string key, string warning)
    {
        var problems = new ConfigProblems();
        SettingsLoader.Check(ConfigParams.FromTuples("connection.host", "broker", key, "s3cret"), null, "dq-a1b2c3", problems);

        Assert.Equal(warning, Assert.Single(problems.Warnings()));
        Assert.Empty(problems.Errors());
    }

    [Fact]
    public void Knows_every_key_it_documents()
    {
        var problems = new ConfigProblems();
        ConfigParams config = Problems.ReadJson("""
            {
              "name": "q", "id": "q", "topic": "t", "client_id": "c",
              "device": { "id": "bar1", "command_key": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "interval_ms": 60000, "report_delta": 0,
                "report_at_least_ms": 3600000, "temperature_offset": 0, "max_step": 0, "discovery": false, "sensor": { "address": 0 }, "i2c": { "sda": 21, "scl": 22 },
                "outputs": [ { "name": "relay1", "pin": 16, "active": "high", "safe": "off" } ], "status_led": 4, "watchdog_pin": 13, "safe_after_ms": 0,
                "reboot_after_ms": 900000, "command_ttl_ms": 60000, "health_interval_ms": 300000, "ntp_server": "pool.ntp.org" },
              "connections": [ { "discovery_key": "k" }, { "protocol": "mqtts", "host": "h", "port": 8883 }, { "uri": "mqtt://h" } ],
              "credentials": [ { "store_key": "s" }, { "username": "u", "password": "p" } ],
              "options": { "serialize_envelope": true, "autosubscribe": false, "qos": 0, "retain": false, "retry_connect": true, "connect_timeout": 30000,
                "reconnect_timeout": 1000, "keepalive_timeout": 3000, "clean_session": true, "max_messages": 64, "max_bytes": 8192, "max_message_size": 1024,
                "overflow": "reject", "max_inflight": 8, "reconnect_max": 60000, "outbox": "outbox.dat", "outbox_max_bytes": 49152, "outbox_flush_ms": 1000 },
              "tls": { "ca": "ca.pem", "cert": "c.pem", "key": "k.pem" },
              "will": { "topic": "t", "payload": "p", "qos": 1, "retain": true }
            }
            """, problems)!;

        Assert.NotNull(SettingsLoader.Check(config, null, "dq-a1b2c3", problems));
        Assert.Empty(problems.Errors());
        Assert.Empty(problems.Warnings());
    }

    [Fact]
    public void Never_shows_a_secret_of_a_bad_file()
    {
        LoadedSettings loaded = Load("""
            {"device":{"command_key":"s3cret"},"connection":{"uri":"http://u:s3cret@h"},"credential":{"username":"u","password":"s3cret\n"}}
            """);

        Assert.Equal(4, loaded.Problems.ErrorCount);
        Assert.DoesNotContain("s3cret", string.Concat(loaded.Problems.Errors()));
    }

    [Fact]
    public void Changes_settings_while_it_runs_and_keeps_them_across_a_reboot()
    {
        LoadedSettings loaded = Load(Good);
        loaded = Change(loaded, "device.interval_ms=5000")!;
        loaded = Change(loaded, "device.discovery=true")!;

        Assert.Equal((5000, true), (loaded.Device.IntervalMs, loaded.Device.IsDiscoveryOn));
        loaded = Load(Good);
        Assert.Equal((5000, true, "5000"), (loaded.Device.IntervalMs, loaded.Device.IsDiscoveryOn, loaded.Config.Get("device.interval_ms")));
        loaded = Load(null);
        Assert.Equal((SettingsSource.LastGood, 5000), (loaded.Source, loaded.Device.IntervalMs));
    }

    [Fact]
    public void Forgets_changes_when_the_file_they_were_made_to_is_another()
    {
        Change(Load(Good), "device.interval_ms=5000");

        Assert.Equal(60000, Load(Good.Replace("30000", "60000")).Device.IntervalMs);
    }

    [Theory]
    [InlineData("device.interval_ms=5", "device.interval_ms is \"5\": a whole number from 1000 to 86400000 is allowed")]
    [InlineData("device.id=other", "device.id is \"other\": it cannot be changed while the device runs")]
    [InlineData("device.interval_ms=5000;device.command_key=00", "device.command_key is \"(hidden)\": it cannot be changed while the device runs")]
    public void Refuses_a_change_as_a_whole(string line, string error)
    {
        LoadedSettings loaded = Load(Good);
        int writes = _store.Writes;
        var problems = new ConfigProblems();

        Assert.Null(_loader.CheckChange(ConfigParams.FromString(line), problems));
        Assert.Contains(error, problems.Errors());
        Assert.Equal(writes, _store.Writes);
        Assert.Equal(30000, loaded.Device.IntervalMs);
    }

    [Fact]
    public void Has_nothing_to_change_without_settings()
    {
        var problems = new ConfigProblems();

        Load(null);
        Assert.Null(_loader.CheckChange(ConfigParams.FromString("device.interval_ms=5000"), problems));
        Assert.Equal("there are no settings to change", Assert.Single(problems.Errors()));
    }

    [Fact]
    public void Does_not_change_what_it_cannot_keep()
    {
        LoadedSettings loaded = Load(Good);
        _store.FailsWrites = true;

        Assert.Null(Change(loaded, "device.interval_ms=5000"));
        Assert.Same(loaded, _loader.Current);
    }

    [Fact]
    public void Drops_stored_changes_that_a_later_firmware_refuses()
    {
        LoadedSettings loaded = Load(Good);
        byte[] file = Encoding.UTF8.GetBytes(Good);
        new SettingsStore(_store).SaveChanges(Crc32.Compute(file, 0, file.Length), ConfigParams.FromString("device.interval_ms=5"));
        loaded = Load(Good);

        Assert.Equal((SettingsSource.File, 30000), (loaded.Source, loaded.Device.IntervalMs));
        Assert.Contains("the stored changes are not allowed any more", Assert.Single(loaded.Problems.Warnings()));
    }

    [Fact]
    public void Leaves_nothing_when_the_store_is_wiped()
    {
        Change(Load(Good), "device.interval_ms=5000");

        Assert.True(new SettingsStore(_store).TryDelete());
        Assert.Empty(_store.Files);
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

            LoadedSettings loaded = Loader().Load(bytes, bytes.Length);
            Assert.NotEqual(SettingsSource.None, loaded.Source);
            Assert.NotNull(loaded.Device);
        });
    }

    private SettingsLoader Loader() => new(new SettingsStore(_store), null, "dq-a1b2c3", Defaults);

    private LoadedSettings Load(string? json)
    {
        byte[]? file = json is null ? null : Encoding.UTF8.GetBytes(json);
        _loader = Loader();
        return _loader.Load(file, file?.Length ?? 0);
    }

    private LoadedSettings? Change(LoadedSettings loaded, string line)
    {
        Assert.Same(loaded, _loader.Current);
        LoadedSettings? changed = _loader.CheckChange(ConfigParams.FromString(line), new ConfigProblems());
        return changed is not null && _loader.TryKeep(changed) ? changed : null;
    }

    private sealed class NoPins : IPinRules
    {
        public string WhyNotOutput(int pin) => "no";

        public string? WhyNotI2c(int pin) => null;
    }
}

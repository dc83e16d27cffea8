using System.Text.Json.Nodes;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>What the owner of a device may say of it, when it is made and later.</summary>
public sealed class Settings_Tests : IDisposable
{
    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Theory]
    [InlineData("""{"connection.protocol":"mqtt","connection.host":"evil"}""", "has a dot in a name")]
    [InlineData("""{"connections.0":{"host":"evil"}}""", "has a dot in a name")]
    [InlineData("""{"connections":[{"host":"evil"}]}""", "connections is made here")]
    [InlineData("""{"credentials":[{"username":"b"}]}""", "credentials is made here")]
    [InlineData("""{"connection":null}""", "connection is made here")]
    [InlineData("""{"tls":{"ca":"mine.crt"}}""", "tls is made here")]
    [InlineData("""{"device":null}""", "device is a section")]
    [InlineData("""{"device":[]}""", "device is a section")]
    [InlineData("""{"device":"a"}""", "device is a section")]
    [InlineData("""{"device":{"id":"b"}}""", "device.id is made here")]
    [InlineData("""{"device":{"command_key":null}}""", "device.command_key is made here")]
    [InlineData("""{"device.command_key":""}""", "has a dot in a name")]
    [InlineData("""{"device":{"outputs":[{"name":"r","pin":26,"x.y":1}]}}""", "device.outputs.x.y has a dot in a name")]
    [InlineData("""{"device":{"interval_ms":5}}""", "interval_ms")]
    public void Settings_that_touch_what_is_made_here_are_refused_for_a_new_device_and_one_that_is_there(
        string settings,
        string error)
    {
        _fleet.AddDevice("there");
        string file = _fleet.WriteFile("hostile.json", settings);
        Dictionary<string, string> before = _fleet.Snapshot();

        Outcome made = _fleet.Run("provision", "--id", "a", "--broker", _fleet.Broker, "--settings", file);
        Outcome set = _fleet.Run("device", "set", "there", "--settings", file);

        Assert.Equal((1, 1), (made.ExitCode, set.ExitCode));
        Assert.All([made.Error, set.Error], text => Assert.Contains(error, text));
        Assert.Equal(before, _fleet.Snapshot());
    }

    [Fact]
    public void Settings_of_a_device_are_changed_and_its_secrets_and_its_other_settings_stay()
    {
        const string First = """{"device":{"interval_ms":5000,"outputs":[{"name":"r","pin":26}]}}""";
        _fleet.AddDevice("a", "--settings", _fleet.WriteFile("first.json", First));
        _fleet.AddDevice("b");
        Dictionary<string, string> before = _fleet.Snapshot();
        JsonNode old = _fleet.Settings("a");
        string change = _fleet.WriteFile("change.json", """{"device":{"interval_ms":null,"max_step":2}}""");

        string output = _fleet.Do("device", "set", "a", "--settings", change);
        string again = _fleet.Do("device", "set", "a", "--settings", change);

        JsonNode now = _fleet.Settings("a");
        JsonNode expected = old.DeepClone();
        expected["device"]!.AsObject().Remove("interval_ms");
        expected["device"]!["max_step"] = 2;
        Assert.True(JsonNode.DeepEquals(expected, now), now.ToJsonString());
        Assert.Contains("a has other settings", output);
        Assert.Contains("nanoff --filedeployment files.json", output);
        Assert.Contains("a has these settings already", again);
        string changed = Path.Combine("devices", "a", "devicequeue.json");
        Assert.Equal(before.Where(file => file.Key != changed), _fleet.Snapshot().Where(file => file.Key != changed));
        Outcome nobody = _fleet.Run("device", "set", "c", "--settings", change);
        Assert.Contains("there is no device 'c'", nobody.Error);
    }

    [Fact]
    public void The_broker_is_asked_for_once_and_a_further_one_only_by_intent()
    {
        Assert.SkipUnless(Console.IsInputRedirected, "It would be asked for.");
        _fleet.AddDevice("a");

        _fleet.Do("provision", "--id", "b");
        Dictionary<string, string> before = _fleet.Snapshot();
        Outcome slip = _fleet.Run("provision", "--id", "c", "--broker", "mqtts://127.0.0.1:8833");
        Assert.Equal(before, _fleet.Snapshot());
        _fleet.Do("provision", "--id", "c", "--broker", "mqtts://127.0.0.1:8833", "--new-broker");
        Outcome open = _fleet.Run("provision", "--id", "d");

        Assert.True(JsonNode.DeepEquals(_fleet.Settings("a")["connection"], _fleet.Settings("b")["connection"]));
        Assert.Equal((1, 1), (slip.ExitCode, open.ExitCode));
        string added = "--new-broker adds mqtts://127.0.0.1:8833 to it; nothing was changed";
        Assert.Contains($"the broker of this fleet is at {_fleet.Broker}. {added}", slip.Error);
        Assert.Contains("this fleet's devices find it at", open.Error);
        Assert.Contains("listener 8833 127.0.0.1\n", _fleet.Read("broker", "mosquitto.conf"));
    }

    [Fact]
    public void An_operators_port_is_known_after_the_first_time_and_a_further_one_is_added_by_intent()
    {
        Assert.SkipUnless(Console.IsInputRedirected, "It would be asked for.");
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");

        _fleet.Do("operator", "--name", "bob");
        Outcome slip = _fleet.Run("operator", "--name", "carol", "--broker", "mqtts://127.0.0.1:8834");

        Assert.Equal(1, slip.ExitCode);
        Assert.Contains("--new-broker adds mqtts://127.0.0.1:8834", slip.Error);
        Assert.False(Directory.Exists(_fleet.PathOf("operators", "carol")));
    }

    [Theory]
    [InlineData("id,broker\n\"a\u001b[31m\nb\",mqtts://h\n")]
    [InlineData("id,broker\na,\"mqtts://h\u001b[2J\nlistener 1\"\n")]
    [InlineData("id,\"bro\u001b[31m\nker\"\na,b\n")]
    [InlineData("id,broker,board\na,mqtts://h,\"x\u202e\u009b1m\ny\"\n")]
    [InlineData("id,broker,certificate\na,mqtts://h,\"x\u001b\ny\"\n")]
    [InlineData("id,broker,settings\na,mqtts://h,\"x\u001b\ny\"\n")]
    [InlineData("id,broker,wifi,wifi_password_file\na,mqtts://h,net,\"x\u001b\ny\"\n")]
    [InlineData("id,broker\na,mqtts://h,\"x\u001b\ny\"\n")]
    public void What_a_table_says_is_printed_as_one_line_that_no_terminal_obeys(string table)
    {
        Outcome outcome = _fleet.Run("provision", "--csv", _fleet.WriteFile("fleet.csv", table));

        Assert.Equal(1, outcome.ExitCode);
        AssertPlain(outcome);
        Assert.Empty(_fleet.Snapshot());
    }

    [Fact]
    public void What_is_typed_is_printed_as_one_line_that_no_terminal_obeys()
    {
        const string Hostile = "x\u001b[31m\ny";
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        string[][] commands =
        [
            ["provision", "--id", Hostile],
            ["provision", "--id", "b", "--broker", Hostile],
            ["provision", "--id", "b", "--board", Hostile],
            ["provision", "--id", "b", "--settings", Hostile],
            ["provision", "--csv", Hostile],
            ["operator", "--name", Hostile],
            ["revoke", Hostile],
            ["rotate", Hostile],
            ["device", "set", Hostile, "--settings", _fleet.WriteFile("empty.json", "{}")],
            ["send", Hostile, "device.ping"],
            ["send", "a", "device.ping", Hostile],
            ["send", "a", "device.ping", "--operator", Hostile],
            ["send", "a", "device.ping", "--message-id", Hostile],
            [Hostile],
        ];

        foreach (string[] command in commands)
        {
            Outcome outcome = _fleet.Run(command);
            Assert.Equal(1, outcome.ExitCode);
            AssertPlain(outcome);
        }
    }

    [Fact]
    public void A_folder_whose_name_would_be_a_line_of_mosquitto_conf_is_refused()
    {
        string folder = _fleet.PathOf("x\nallow_anonymous true");
        Outcome outcome = _fleet.RunIn(folder, "provision", "--id", "a", "--broker", _fleet.Broker);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("a path without control characters is needed", outcome.Error);
        AssertPlain(outcome);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void With_two_operators_one_has_to_be_named_to_send_and_neither_to_rotate()
    {
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        _fleet.AddOperator("bob");

        Outcome send = _fleet.Run("send", "a", "device.ping");
        Assert.Equal(1, send.ExitCode);
        Assert.Contains("there are the operators alice, bob: say as which, by --operator NAME", send.Error);

        using global::Brokers.MosquittoBroker broker = _fleet.StartBroker();
        Assert.Contains("Its status says offline.", _fleet.Do("rotate", "a"));
    }

    private static void AssertPlain(Outcome outcome)
    {
        Assert.DoesNotContain('\u001b', outcome.Error + outcome.Output);
        Assert.DoesNotContain('\u009b', outcome.Error + outcome.Output);
        Assert.DoesNotContain('\u202e', outcome.Error + outcome.Output);
        string[] lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches("^(error: |devicequeue --help)", line));
    }
}

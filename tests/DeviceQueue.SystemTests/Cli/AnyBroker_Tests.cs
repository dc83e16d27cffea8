using System.Text;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The tool against a broker that no fleet's folder knows.</summary>
public sealed class AnyBroker_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IDisposable
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("dq-any-");

    private string Broker => $"mqtt://127.0.0.1:{fixture.Broker.Port}";

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public void A_device_without_a_key_is_commanded_listed_and_asked_by_the_brokers_address_alone()
    {
        string id = fixture.NewName();
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        board.WaitForConsole("connected to");

        Outcome toggled = Run("send", id, "output.toggle", """{"name":"relay1"}""");
        Outcome off = Run("output", id, "relay1", "off");
        Outcome pulse = Run("output", id, "relay1", "pulse", "10");
        Outcome unknown = Run("output", id, "relay9", "on");
        Outcome info = Run("info", id);
        Outcome config = Run("config", "get", id, "device");
        Outcome refused = Run("config", "set", id, "interval_ms=2000");
        Outcome list = Run("list");
        Outcome json = Run("list", "--json");

        Assert.Equal("succeeded {\"name\":\"relay1\",\"on\":true}", toggled.Output.Trim());
        Assert.Equal("succeeded {\"name\":\"relay1\",\"on\":false}", off.Output.Trim());
        Assert.Equal((0, 2), (pulse.ExitCode, unknown.ExitCode));
        Assert.StartsWith("rejected (unknown_output)", unknown.Output);
        Assert.Matches(@"(?m)^version +\d+\.\d+\.\d+", info.Output);
        Assert.Matches("(?m)^sensor.state +ok", info.Output); // of the report that follows on the answer
        Assert.Matches("(?m)^values.interval_ms +1000", config.Output);
        Assert.StartsWith("rejected (key_required)", refused.Output);
        Assert.Matches(
            $@"(?m)^{id} +online +\d\d-\d\d \d\d:\d\d \(boot 1\) +21\.50 °C, \S.* +\d+\.\d+\.\d+ *$", list.Output);
        JsonNode line = json.Output.Split('\n').Where(text => text.Length > 0).Select(text => JsonNode.Parse(text)!)
            .Single(device => device["device"]!.ToString() == id);
        Assert.Equal("online", line["status"]!.ToString());
        Assert.Equal(21.5, line["reading"]!["temperature"]!.GetValue<double>());
    }

    [Fact]
    public void A_device_with_a_key_wants_it_from_a_file_of_digits_or_its_own_settings()
    {
        string id = fixture.NewName();
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, hasKey: true).Boot();
        board.WaitForConsole("connected to");
        string digits = WriteFile("key", Convert.ToHexStringLower(Operator.Key) + "\n");
        string settings = WriteFile("devicequeue.json", board.Settings.ToJsonString());
        string wrong = WriteFile("wrong", "0123\n");

        Outcome unsigned = Run("send", id, "device.ping");
        Outcome byDigits = Run("send", id, "device.ping", "--key-file", digits);
        Outcome bySettings = Run("config", "set", id, "interval_ms=2000", "report_delta=0.5", "--key-file", settings);
        Outcome bad = Run("send", id, "device.ping", "--key-file", wrong);

        Assert.Equal(2, unsigned.ExitCode);
        Assert.StartsWith("rejected (unsigned)", unsigned.Output);
        Assert.Equal((0, 0), (byDigits.ExitCode, bySettings.ExitCode));
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains($"--key-file {wrong}: 64 to 128 hexadecimal digits are needed", bad.Error);
    }

    [Fact]
    public void A_command_waits_for_a_device_that_is_asleep()
    {
        string id = fixture.NewName();
        ClientOptions options = new()
        {
            Host = "127.0.0.1",
            Port = fixture.Broker.Port,
            ClientId = id,
            CleanSession = false,
        };
        using (FleetClient awake = FleetClient.Connect(options, $"sensor/{id}/command"))
        {
            awake.Publish($"sensor/{id}/status", "asleep", retain: true);
        }

        using ToolProcess send = new("DeviceQueue.Cli.dll", "send", id, "device.ping", "--broker", Broker);
        string said = send.WaitForLine("is asleep and takes the command when it next connects; waiting for it until");
        using FleetClient woken = new(options);
        woken.WaitForAny(); // the broker has kept it

        // A device that lost its first answer hears the same command again once it is online.
        woken.Answer = command =>
            ($"sensor/{id}/response", Operating_Tests.MakeAnswer(command, "succeeded", null, "pong"));
        woken.Publish($"sensor/{id}/status", "online", retain: true);

        send.WaitForLine("succeeded: pong");
        Assert.Equal(0, send.WaitForExit());
        Assert.Single(woken.Heard.Distinct());
        Assert.Matches(@"until \d\d:\d\d:\d\d", said);
    }

    [Fact]
    public void A_wrong_password_and_a_missing_one_are_told_apart_from_a_broker_that_is_not_there()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { AllowAnonymous = false });
        string address = $"mqtt://127.0.0.1:{broker.Port}";
        string password = WriteFile("password", "wrong\n");

        Outcome wrong = Fleet.RunBare("list", "--broker", address, "--user", "alice", "--password-file", password);
        Outcome none = Fleet.RunBare("watch", "--broker", address, "--seconds", "1");
        Outcome nowhere = Fleet.RunBare("send", "demo", "device.ping", "--broker", "mqtt://127.0.0.1:1");

        Assert.Equal((4, 4, 4), (wrong.ExitCode, none.ExitCode, nowhere.ExitCode));
        Assert.Matches(
            $@"no connection to 127\.0\.0\.1:{broker.Port} as alice: .*password.*\(CONNACK [45]\)", wrong.Error);
        Assert.Contains("CONNACK", none.Error + none.Output);
        Assert.Contains("no connection to 127.0.0.1:1 without a user name: Connection refused", nowhere.Error);
    }

    [Theory]
    [InlineData("--broker mqtt://host[:port] is needed, or --out FOLDER", "list")]
    [InlineData(
        "--broker 'http://x': mqtt://[user:password@]host[:port] or mqtts://… is allowed",
        "list",
        "--broker",
        "http://x")]
    [InlineData("--broker '(hidden)@': mqtt://", "list", "--broker", "mqtt://me:secret@")]
    [InlineData("--broker and --out: the folder says it already", "list", "--broker", "mqtt://x", "--out", "fleet")]
    [InlineData("id 'a/b': 1 to 32 of A-Z a-z 0-9 _ - are allowed", "send", "a/b", "x", "--broker", "mqtt://x")]
    [InlineData("--timeout 'x': a number is needed", "list", "--broker", "mqtt://x", "--timeout", "x")]
    [InlineData("--timeout 0: more than 0", "list", "--broker", "mqtt://x", "--timeout", "0")]
    [InlineData("--ca f: it belongs to a broker with TLS", "list", "--broker", "mqtt://x", "--ca", "f")]
    [InlineData("action 'up': on, off, toggle or pulse MS", "output", "a", "r", "up", "--broker", "mqtt://x")]
    [InlineData("pulse: its length, 1 to 60000 ms", "output", "a", "r", "pulse", "--broker", "mqtt://x")]
    [InlineData("pulse 60001: 1 to 60000 ms", "output", "a", "r", "pulse", "60001", "--broker", "mqtt://x")]
    [InlineData("setting 'x': KEY=VALUE is allowed", "config", "set", "a", "x", "--broker", "mqtt://x")]
    [InlineData("--devices 0: 1 to 1000 are allowed", "simulate", "--devices", "0", "--broker", "mqtt://x")]
    [InlineData("--interval-ms 5: 1000 to 86400000", "simulate", "--interval-ms", "5", "--broker", "mqtt://x")]
    [InlineData("--baud 1: 300 to 4000000 are allowed", "console", "nowhere", "--baud", "1")]
    [InlineData("shell 'fish': bash, zsh, powershell are allowed", "completion", "fish")]
    [InlineData("a command is needed")]
    [InlineData("Unrecognized command or argument 'frob'", "frob")]
    public void What_cannot_be_is_one_sentence_that_names_it_and_what_is_allowed(string error, params string[] typed)
    {
        Outcome outcome = Fleet.RunBare(typed);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"error: {error}", outcome.Error);
        Assert.Single(outcome.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
        Assert.DoesNotContain("System.", outcome.Error);
        Assert.DoesNotContain("secret", outcome.Error);
    }

    [Fact]
    public void Watching_is_a_line_of_JSON_for_each_message_when_asked()
    {
        string id = fixture.NewName();
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        using (Observer watcher = new(fixture.Broker, $"sensor/{id}/status"))
        {
            watcher.WaitFor(m => m.Text == "online"); // so the tool gets it as a retained message
        }

        Outcome outcome = Run("watch", id, "--json", "--seconds", "3");

        JsonNode[] events =
            [.. outcome.Output.Split('\n').Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(0, outcome.ExitCode);
        Assert.All(events, e => Assert.Equal(id, e["device"]!.ToString()));
        JsonNode status = events.First(e => e["event"]!.ToString() == "status");
        Assert.Equal(("online", true), (status["data"]!.ToString(), status["retained"]!.GetValue<bool>()));
        JsonNode reading = events.First(e => e["event"]!.ToString() == "reading");
        Assert.Equal(21.5, reading["data"]!["temperature"]!.GetValue<double>());
    }

    private Outcome Run(params string[] typed) => Fleet.RunBare([.. typed, "--broker", Broker]);

    private string WriteFile(string name, string text)
    {
        string path = Path.Combine(_files.FullName, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }
}

using System.Text;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>
/// A fleet from an empty folder to commands in the field: boards from tools/run, Mosquitto, the operator's command.
/// </summary>
public sealed class Operating_Tests : IDisposable
{
    private readonly Fleet _fleet = new();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void Two_devices_and_an_operator_from_an_empty_folder_to_a_revocation()
    {
        string settings = _fleet.WriteFile(
            "relay.json", """{"device":{"interval_ms":1000,"outputs":[{"name":"relay1","pin":26}]}}""");
        _fleet.AddDevice("greenhouse-1", "--settings", settings);
        _fleet.AddDevice("greenhouse-2", "--settings", settings);
        _fleet.AddOperator("alice");
        using MosquittoBroker broker = _fleet.StartBroker();
        using FleetClient alice = FleetClient.Connect(FleetClient.Operator(_fleet, "alice"), "sensor/#");
        using SimulatorProcess first = Run("greenhouse-1");
        using SimulatorProcess second = Run("greenhouse-2");
        alice.WaitFor("sensor/greenhouse-1/status online");
        alice.WaitFor("sensor/greenhouse-2/status online");

        string answer = _fleet.Do("send", "greenhouse-1", "output.set", """{"name":"relay1","on":true}""");

        Assert.StartsWith("succeeded", answer);
        first.WaitForLine("relay1 on (GPIO 26 HIGH)");

        // As the other device: the same command, with the right key even, does not reach it.
        ClientOptions asOther = FleetClient.Device(_fleet, "greenhouse-2");
        CommandMessage forged = CommandMessage.Create(
            "greenhouse-1",
            FleetFolder.Open(_fleet.Folder).FindDevice("greenhouse-1").CommandKey,
            "output.set",
            """{"name":"relay1","on":false}""",
            null,
            DateTime.UtcNow);
        second.Signal("TERM");
        Assert.Equal(0, second.WaitForExit());
        using (FleetClient other = FleetClient.Connect(asOther))
        {
            other.Publish("sensor/greenhouse-1/command", Encoding.UTF8.GetString(forged.Payload));
        }

        _fleet.Do("send", "greenhouse-1", "device.ping");
        Assert.DoesNotContain(alice.Heard, heard => heard.Contains(forged.CorrelationId));
        Assert.StartsWith(
            "rejected (unknown_output)",
            _fleet.Run("send", "greenhouse-1", "output.set", """{"name":"relay2","on":true}""").Output);

        string revoked = _fleet.Do("revoke", "greenhouse-1");

        first.WaitForLine("link lost");
        first.WaitForLine("CONNACK 5");
        alice.WaitFor("sensor/greenhouse-1/status offline");
        Assert.Contains("greenhouse-1 is revoked", revoked);
        Assert.Contains("there is no device 'greenhouse-1'", _fleet.Run("send", "greenhouse-1", "device.ping").Error);
    }

    [Fact]
    public void A_refusal_no_answer_and_no_broker_each_have_an_exit_code_and_a_word()
    {
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        using MosquittoBroker broker = _fleet.StartBroker();
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"), "sensor/a/command");
        a.Publish("sensor/a/status", "online", retain: true);

        Outcome silent = _fleet.Run("send", "a", "device.ping", "--timeout", "1");
        Outcome notJson = _fleet.Run("send", "a", "device.ping", "{name:1}");
        Outcome notObject = _fleet.Run("send", "a", "device.ping", "[1]");
        Outcome tooLong = _fleet.Run("send", "a", "device.ping", $$"""{"x":"{{new string('x', 3000)}}"}""");
        Outcome twice = _fleet.Run("send", "a", "device.ping", """{"x":1,"x":2}""");
        Outcome longId = _fleet.Run("send", "a", "device.ping", "--message-id", new string('x', 65));
        Outcome noTime = _fleet.Run("send", "a", "device.ping", "--timeout", "-1");
        Outcome endless = _fleet.Run("watch", "--seconds", "1e12");
        Outcome nobody = _fleet.Run("send", "a", "device.ping", "--operator", "bob");
        broker.Kill();
        Outcome noBroker = _fleet.Run("send", "a", "device.ping");
        Outcome nothingToWatch = _fleet.Run("watch", "--seconds", "1");
        broker.Restart();

        Assert.Equal(3, silent.ExitCode);
        Assert.Contains("no answer; its status is online", silent.Error);
        Assert.Contains("--message-id ", silent.Error);
        Assert.Equal((1, 1, 1, 1), (notJson.ExitCode, notObject.ExitCode, tooLong.ExitCode, nobody.ExitCode));
        Assert.Contains("a JSON object is needed", notJson.Error);
        Assert.Contains("a JSON object is needed", notObject.Error);
        Assert.Contains("has to fit 1360", tooLong.Error);
        Assert.Equal((1, 1, 1, 1), (twice.ExitCode, longId.ExitCode, noTime.ExitCode, endless.ExitCode));
        Assert.Contains("each member once", twice.Error);
        Assert.Contains("1 to 64 printable ASCII", longId.Error);
        Assert.Contains("--timeout -1: more than 0", noTime.Error);
        Assert.Contains("--seconds 1000000000000: more than 0", endless.Error);
        Assert.Contains("one of alice is needed", nobody.Error);
        Assert.Equal((4, 4), (noBroker.ExitCode, nothingToWatch.ExitCode));
        Assert.Contains($"no connection to 127.0.0.1:{_fleet.OperatorsPort} as alice", noBroker.Error);
        Assert.Contains($"no connection to 127.0.0.1:{_fleet.OperatorsPort} as alice", nothingToWatch.Error);
    }

    [Theory]
    [InlineData("rejected", "unknown_output", "no output 'x'", 2, "rejected (unknown_output): no output 'x'")]
    [InlineData("expired", null, "sent 70000 ms ago", 2, "expired: sent 70000 ms ago")]
    [InlineData("duplicate", null, "succeeded", 0, "duplicate: succeeded")]
    [InlineData("duplicate", null, "rejected", 2, "duplicate: rejected")]
    public void An_answer_is_printed_with_its_code_and_its_reason(
        string status, string? code, string text, int exitCode, string printed)
    {
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        using MosquittoBroker broker = _fleet.StartBroker();
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"), "sensor/a/command");
        a.Answer = command => ("sensor/a/response", MakeAnswer(command, status, code, text));

        Outcome outcome = _fleet.Run("send", "a", "output.get");

        Assert.Equal(printed, outcome.Output.Trim());
        Assert.Equal(exitCode, outcome.ExitCode);
    }

    [Fact]
    public void A_command_whose_answer_is_lost_is_sent_again_as_the_same_command()
    {
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        using MosquittoBroker broker = _fleet.StartBroker();
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"), "sensor/a/command");

        // The first answer goes where nobody waits for it.
        a.Answer = command => (a.Heard.Length < 2 ? "sensor/a/lost" : "sensor/a/response",
            MakeAnswer(command, "succeeded", null, "pong"));

        string output = _fleet.Do("send", "a", "device.ping", "--timeout", "30", "--message-id", "mine");

        Assert.Equal("succeeded: pong", output.Trim());
        Assert.True(a.Heard.Length >= 2, "It was sent once.");
        string command = Assert.Single(a.Heard.Distinct());
        Assert.Contains("\"message_id\":\"mine\"", command);
    }

    [Fact]
    public void The_command_itself_watches_until_an_interrupt_and_ends_cleanly()
    {
        _fleet.AddDevice("a");
        _fleet.AddOperator("alice");
        using MosquittoBroker broker = _fleet.StartBroker();
        using FleetClient a = FleetClient.Connect(FleetClient.Device(_fleet, "a"));
        a.Publish("sensor/a/status", "online", retain: true);
        using ToolProcess watch = new("DeviceQueue.Cli.dll", "watch", "--out", _fleet.Folder);

        watch.WaitForLine("a  status  online (retained)");
        a.Publish("sensor/a/temperature", """{"msg":"21.47","unit":"C"}""");
        a.Publish(
            "sensor/a/response",
            [.. """{"message_type":"""u8, (byte)'"', 0xFF, (byte)'"', .. ""","correlation_id":"c","message":""}"""u8]);
        a.Publish("sensor/a/health", "{\"boot\":1,\"x\":\"\u001b[31m\"}");

        watch.WaitForLine("""a  reading  {"msg":"21.47","unit":"C"}""");
        watch.WaitForLine("a  health  {\"boot\":1,\"x\":\"?[31m\"}");
        watch.WaitForLine("a  response  <54 bytes>");
        watch.Signal("INT");
        Assert.Equal(0, watch.WaitForExit());
    }

    internal static JsonObject MakeAnswer(JsonNode command, string status, string? code, string text) => new()
    {
        ["message_id"] = "m",
        ["correlation_id"] = command["correlation_id"]!.ToString(),
        ["message_type"] = "x.response",
        ["message"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject
        {
            ["command_id"] = command["message_id"]!.ToString(),
            ["status"] = status,
            ["code"] = code,
            ["text"] = text,
        }.ToJsonString())),
    };

    private SimulatorProcess Run(string id) =>
        new(
            "--config",
            _fleet.PathOf("devices", id, "devicequeue.json"),
            "--storage",
            Path.Combine(Path.GetDirectoryName(_fleet.Folder)!, $"flash-{id}"));
}

using System.Device.Gpio;
using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class SignedCommands_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void Only_a_signed_fresh_command_is_carried_out_and_only_once()
    {
        using Operator @operator = new(fixture.Broker, "signed1");
        using FieldBoard board = Boot("signed1");
        @operator.WaitFor("status", m => m.Text == "online");
        JsonObject command = Command("c-good");
        Operator.Sign(command, "signed1");

        Assert.Equal("unsigned", @operator.Command("output.toggle", """{"name":"relay1"}""")["code"]!.ToString());
        Assert.Equal("succeeded", Send(@operator, command)["status"]!.ToString());
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);

        @operator.Publish("command", Encoding.UTF8.GetBytes(command.ToJsonString()));
        @operator.WaitFor("response", m => Payload(m)["status"]!.ToString() == "duplicate");
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);
        Assert.Null(@operator.WaitForHealth(h => h["rejected"]!["unsigned"] != null)["unsigned"]);

        board.Board.PowerOff();
        board.BootAsIs();
        @operator.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        command["correlation_id"] = "c-after-reboot";
        Operator.Sign(command, "signed1");
        Assert.Equal("duplicate", Send(@operator, command)["status"]!.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Theory]
    [InlineData("message_id", "\"other\"")]
    [InlineData("correlation_id", "\"other\"")]
    [InlineData("message_type", "\"device.ping\"")]
    [InlineData("sent_time", "\"2026-11-21T02:47:00.123Z\"")]
    [InlineData("message", "\"eyJuYW1lIjoibGVkIn0=\"")]
    [InlineData("signature", "\"00\"")]
    public void A_command_altered_in_any_field_is_refused(string field, string value)
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = Boot(id);
        @operator.WaitFor("status", m => m.Text == "online");
        JsonObject command = Command("altered");
        Operator.Sign(command, id);
        command[field] = JsonNode.Parse(value);

        Assert.Equal("bad_signature", Send(@operator, command)["code"]!.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void A_command_signed_for_another_device_is_refused()
    {
        using Operator @operator = new(fixture.Broker, "mine1");
        using FieldBoard board = Boot("mine1");
        @operator.WaitFor("status", m => m.Text == "online");
        JsonObject command = Command("theirs");
        Operator.Sign(command, "yours1");

        Assert.Equal("bad_signature", Send(@operator, command)["code"]!.ToString());
    }

    [Theory]
    [InlineData(-120, "expired", null)]
    [InlineData(120, "rejected", "bad_time")]
    public void An_old_command_expires_and_one_from_the_future_is_refused(int seconds, string status, string? code)
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = Boot(id);
        @operator.WaitFor("status", m => m.Text == "online");
        JsonObject command = Command("stale", DateTime.UtcNow.AddSeconds(seconds));
        Operator.Sign(command, id);

        JsonNode answer = Send(@operator, command);

        Assert.Equal(status, answer["status"]!.ToString());
        Assert.Equal(code, answer["code"]?.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void With_a_key_nothing_is_carried_out_before_the_clock_is_set()
    {
        using Operator @operator = new(fixture.Broker, "noclock1");
        using FieldBoard board = Boot("noclock1", ntp: false);
        @operator.WaitFor("status", m => m.Text == "online");
        JsonObject command = Command("early");
        Operator.Sign(command, "noclock1");

        Assert.Equal("no_clock", Send(@operator, command)["code"]!.ToString());
    }

    private static JsonObject Command(string correlationId, DateTime? sent = null)
    {
        JsonObject command = JsonNode.Parse(
            Operator.Envelope("output.toggle", """{"name":"relay1"}""", correlationId))!.AsObject();
        command["sent_time"] = (sent ?? DateTime.UtcNow).ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        return command;
    }

    private static JsonNode Send(Operator @operator, JsonObject command)
    {
        @operator.Publish("command", Encoding.UTF8.GetBytes(command.ToJsonString()));
        return @operator.WaitForAnswer(command["correlation_id"]!.ToString());
    }

    private static JsonNode Payload(Observed response) =>
        JsonNode.Parse(Convert.FromBase64String(JsonNode.Parse(response.Text)!["message"]!.ToString()))!;

    private FieldBoard Boot(string id, bool ntp = true)
    {
        FieldBoard board = new(fixture.Broker.Port, id, hasKey: true);
        board.Board.Network.NtpReachable = ntp;
        return board.Boot();
    }
}

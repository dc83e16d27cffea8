using System.Device.Gpio;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Commands_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void Output_set_drives_the_pin_is_answered_and_its_state_is_retained()
    {
        using Operator @operator = new(fixture.Broker, "set1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "set1").Boot();
        Assert.Equal("OFF", @operator.WaitFor("output/relay1").Text);

        JsonNode answer = @operator.Command("output.set", """{"name":"relay1","on":true}""");

        Assert.Equal("output.set.response", answer["message_type"]!.ToString());
        Assert.Equal("succeeded", answer["status"]!.ToString());
        Assert.Equal("""{"name":"relay1","on":true}""", answer["result"]!.ToJsonString());
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);
        @operator.WaitFor("output/relay1", m => m.Text == "ON");
        using Operator late = new(fixture.Broker, "set1");
        Assert.True(late.WaitFor("output/relay1", m => m.Text == "ON").Retain);
    }

    [Fact]
    public void Output_toggle_get_and_ping_are_answered()
    {
        using Operator @operator = new(fixture.Broker, "all1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "all1").Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        Assert.Equal(
            """{"name":"led","on":true}""",
            @operator.Command("output.toggle", """{"name":"led"}""")["result"]!.ToJsonString());
        Assert.Equal(
            """{"name":"led","on":true}""",
            @operator.Command("output.get", """{"name":"led"}""")["result"]!.ToJsonString());
        Assert.Equal(
            """{"outputs":[{"name":"relay1","on":false},{"name":"led","on":true}]}""",
            @operator.Command("output.get", "{}")["result"]!.ToJsonString());
        Assert.Equal("succeeded", @operator.Command("device.ping", "{}")["status"]!.ToString());
    }

    [Fact]
    public void An_answer_comes_within_a_second()
    {
        using Operator @operator = new(fixture.Broker, "fast1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "fast1", intervalMs: 60_000).Boot();
        @operator.WaitFor("status", m => m.Text == "online");
        @operator.Command("device.ping", "{}"); // warm

        long start = Stopwatch.GetTimestamp();
        @operator.Command("device.ping", "{}");

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_repeat_is_answered_and_not_carried_out()
    {
        using Operator @operator = new(fixture.Broker, "twice1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "twice1").Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        @operator.Command("output.toggle", """{"name":"relay1"}""", messageId: "once");
        JsonNode repeat = @operator.Command("output.toggle", """{"name":"relay1"}""", messageId: "once");

        Assert.Equal("duplicate", repeat["status"]!.ToString());
        Assert.Equal("succeeded", repeat["text"]!.ToString());
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Theory]
    [InlineData("output.set", """{"name":"relay9","on":true}""", "unknown_output")]
    [InlineData("output.set", """{"name":"relay1","on":1}""", "bad_arguments")]
    [InlineData("output.set", """{"name":"relay1"}""", "bad_arguments")]
    [InlineData("output.set", """{"name":"relay1","on":true,"ms":5}""", "bad_arguments")]
    [InlineData("output.set", "[1]", "bad_arguments")]
    [InlineData("output.set", """{"pin":26,"on":true}""", "bad_arguments")]
    [InlineData("output.fly", "{}", "unknown_command")]
    public void What_cannot_be_done_is_rejected_with_a_code(string type, string arguments, string code)
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        JsonNode answer = @operator.Command(type, arguments);

        Assert.Equal("rejected", answer["status"]!.ToString());
        Assert.Equal(code, answer["code"]!.ToString());
        Assert.NotEmpty(answer["text"]!.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
        @operator.WaitForHealth(h => h["rejected"]![code]?.GetValue<int>() == 1);
    }

    [Fact]
    public void Whatever_else_arrives_is_counted_and_the_device_goes_on()
    {
        using Operator @operator = new(fixture.Broker, "junk1");
        @operator.Publish("command", Operator.Envelope("output.toggle", """{"name":"relay1"}""", "old"), retain: true);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "junk1").Boot();
        Assert.Equal("retained", @operator.WaitForAnswer("old")["code"]!.ToString());

        @operator.Publish("command", "{broken"u8.ToArray());
        @operator.Publish("command", [0, 255, 254, 1]);
        @operator.Publish("command", []);
        @operator.Publish("command", """{"message_type":"device.ping","correlation_id":"no id"}"""u8.ToArray());
        @operator.WaitForHealth(
            h => h["dropped"]!["unreadable"]!.GetValue<int>() == 3 && h["rejected"]!["bad_envelope"] != null);

        // Behind messages that still wait it would find no room, and be counted as a command without a place.
        string filler = new('x', 3000);
        @operator.Publish(
            "command", Encoding.UTF8.GetBytes($$"""{"message_type":"device.ping","filler":"{{filler}}"}"""));

        JsonNode health = @operator.WaitForHealth(h => h["dropped"]!["too_large"]!.GetValue<int>() == 1);
        Assert.Equal(1, health["rejected"]!["retained"]!.GetValue<int>());
        Assert.Equal("succeeded", @operator.Command("device.ping", "{}")["status"]!.ToString());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void A_message_that_the_client_library_cannot_allocate_costs_at_most_a_reconnect()
    {
        using Operator @operator = new(fixture.Broker, "huge1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "huge1").Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        @operator.Publish("command", new byte[100_000]);

        @operator.WaitForHealth(h => h["reconnects"]!.GetValue<int>() == 1);
        Assert.Equal("succeeded", @operator.Command("device.ping", "{}")["status"]!.ToString());
    }

    [Fact]
    public void A_flood_of_bad_commands_does_not_stop_the_readings()
    {
        using Operator @operator = new(fixture.Broker, "flood1");
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "flood1").Boot();
        int before = @operator.WaitForReadings(1).Length;

        for (int i = 0; i < 500; i++)
        {
            @operator.Publish("command", Operator.Envelope("no.such", "{}", "flood"));
        }

        @operator.WaitForReadings(before + 3);
        Assert.Equal("succeeded", @operator.Command("device.ping", "{}")["status"]!.ToString());
        Assert.InRange(@operator.Messages.Count(m => m.Topic.EndsWith("/response", StringComparison.Ordinal)), 2, 30);
    }
}

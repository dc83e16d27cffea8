using System.Device.Gpio;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>The one image on each board.</summary>
public sealed class Boards_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    public static TheoryData<string> Boards => [.. BoardModel.All.Select(board => board.Name)];

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_firmware_finds_its_sensor_and_switches_its_relay_on_the_pins_of_each_boards_wiring(string name)
    {
        BoardModel model = BoardModel.Find(name);
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, model: model).Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        JsonNode answer = @operator.Command("output.set", """{"name":"relay1","on":true}""");

        Assert.Equal("succeeded", answer["status"]!.ToString());
        Assert.Equal(PinValue.High, board.Board.Gpio[model.Relay].Level);
        Assert.Contains("21.5", @operator.WaitFor("temperature").Text);
    }

    [Theory]
    [InlineData("esp32-s3", 30, "pins 26 to 32 are wired to the flash")]
    [InlineData("esp32-s3", 35, "pins 33 to 37 are wired to the module's PSRAM")]
    [InlineData("esp32-c3", 18, "it is a data line of the chip's USB port")]
    [InlineData("esp32-c3", 26, "the chip has no such pin")]
    public void A_pin_that_the_chip_needs_itself_is_refused_before_anything_is_driven(
        string chip, int pin, string reason)
    {
        using FieldBoard board = new(fixture.Broker.Port, fixture.NewName(), model: BoardModel.Find(chip));
        board.Device["outputs"]![0]!["pin"] = pin;
        board.Boot();

        board.WaitForConsole($"device.outputs.0.pin is \"{pin}\": pin {pin} is not allowed, {reason}");
        Assert.Empty(board.Board.Gpio[pin].Changes);
    }
}

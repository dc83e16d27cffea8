using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.Tests.HomeAssistant;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>The whole firmware with an SHT31 in place of the BME280.</summary>
public sealed class Sht31_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private readonly Sht31Slave _slave = new(new ConstantClimate(new Climate(21.5, 45, 1006.5)));

    [Theory]
    [InlineData(null)]
    [InlineData("sht31")]
    public void A_reading_has_temperature_and_humidity_and_Home_Assistant_hears_of_no_pressure(string? type)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Boot(id, type);

        JsonObject reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!.AsObject();

        Assert.Equal(["msg", "unit", "temperature", "humidity", "seq", "time"], reading.Select(m => m.Key));
        Assert.Equal(("21.50", "C"), (reading["msg"]!.ToString(), reading["unit"]!.ToString()));
        Assert.Equal(21.5, reading["temperature"]!.GetValue<double>(), 0.005);
        Assert.Equal(45, reading["humidity"]!.GetValue<double>(), 0.005);
        board.WaitForConsole("sensor: SHT31 at 0x44");
        Assert.Equal(["temperature", "humidity"], new HomeAssistantDevice(WaitForAnnouncement(id)).Names("sensor"));
    }

    [Theory]
    [InlineData(true, "no_answer")]
    [InlineData(false, "not_found")]
    public void A_disturbed_or_missing_sensor_publishes_no_number_and_readings_come_back(bool isDisturbed, string state)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = Boot(id, "sht31");
        watcher.WaitForReadings(2);

        _slave.IsDisturbed = isDisturbed;
        _slave.IsUnplugged = !isDisturbed;
        JsonNode Sensor(int faults) => watcher.WaitForHealth(
            h => h["sensor"]!["state"]!.ToString() == state && h["sensor"]!["faults"]!.GetValue<int>() >= faults);
        Sensor(2);
        int before = watcher.WaitForReadings(1).Length;
        Sensor(4);
        Assert.Equal(before, watcher.WaitForReadings(1).Length);

        _slave.IsDisturbed = false;
        _slave.IsUnplugged = false;
        Assert.All(
            watcher.WaitForReadings(before + 2),
            r => Assert.Equal("21.50", JsonNode.Parse(r.Text)!["msg"]!.ToString()));
    }

    [Fact]
    public void A_type_that_is_not_known_is_an_error_that_names_those_that_are()
    {
        using FieldBoard board = Boot(fixture.NewName(), "sht32");

        board.WaitForConsole("device.sensor.type is \"sht32\": auto, bme280, bmp280 or sht31 is allowed");
    }

    private FieldBoard Boot(string id, string? type)
    {
        FieldBoard board = new(fixture.Broker.Port, id);
        board.Sensor.IsUnplugged = true;
        board.Board.I2c.Attach(0x44, _slave);
        board.Device["discovery"] = true;
        if (type != null)
        {
            board.Device["sensor"] = new JsonObject { ["type"] = type };
        }

        return board.Boot();
    }

    private string WaitForAnnouncement(string id)
    {
        using Observer home = new(fixture.Broker, $"homeassistant/device/{id}/config");
        return home.WaitFor(message => message.Text.Length > 0).Text;
    }
}

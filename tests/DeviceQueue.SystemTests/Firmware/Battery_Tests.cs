using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>The firmware measures the battery at the pins of each board.</summary>
public sealed class Battery_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const double Tolerance = 0.02;

    [Theory]
    [InlineData("esp32", 35)]
    [InlineData("esp32-s3", 10)]
    [InlineData("esp32-c3", 1)]
    public void The_voltage_at_the_pin_becomes_the_batterys_in_the_reading_and_a_low_one_is_said(string chip, int pin)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id, model: BoardModel.Find(chip));
        board.Device["battery"] = new JsonObject { ["pin"] = pin, ["ratio"] = 2, ["low_v"] = 3.5 };
        PinTrace trace = board.Board.Gpio[pin];
        trace.ExternalVolts = 1.95;
        trace.NoiseVolts = 0.01;
        board.Boot();

        JsonNode reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!;
        Assert.Equal(3.9, reading["battery"]!.GetValue<double>(), Tolerance);

        trace.ExternalVolts = 1.7;
        JsonNode battery = watcher.WaitForHealth(health => health["battery"]!["low"]!.GetValue<bool>())["battery"]!;
        Assert.Equal(3.4, battery["voltage"]!.GetValue<double>(), Tolerance);
        board.WaitForConsole("mV, low");

        trace.ExternalVolts = null;
        watcher.WaitForHealth(health => health["battery"]!["state"]!.ToString() == "out_of_range");
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["battery"] == null);
    }

    [Fact]
    public void A_board_that_sleeps_measures_it_in_its_short_wake_ups()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id, intervalMs: 300_000);
        board.Device["sleep"] = true;
        board.Device["connect_every"] = 3;
        board.Device["battery"] = new JsonObject { ["pin"] = 36 };
        board.Board.Gpio[36].ExternalVolts = 2;
        Recorder<TimeSpan> sleeps = new();
        board.Board.FellAsleep += sleeps.Add;
        board.Boot();
        board.WaitForConsole("status: all well");
        watcher.WaitForReadings(1);
        board.Board.Clock.Skip(TimeSpan.FromMinutes(5));
        for (int i = 1; i <= 3; i++)
        {
            sleeps.WaitFor(i);
            board.Board.Gpio[36].ExternalVolts = 2 - (0.1 * i);
            board.Board.SkipSleep();
        }

        double[] volts =
        [
            .. watcher.WaitForReadings(5).TakeLast(3).Select(
                m => JsonNode.Parse(m.Text)!["battery"]!.GetValue<double>()),
        ];
        Assert.Equal([3.8, 3.6, 3.4], volts.Select(volt => Math.Round(volt, 1)));
    }

    [Fact]
    public void A_pin_that_cannot_measure_beside_Wi_Fi_is_refused_with_those_that_can()
    {
        using FieldBoard board = new(fixture.Broker.Port, fixture.NewName());
        board.Device["battery"] = new JsonObject { ["pin"] = 27 };
        board.Boot();

        const string Refused = "device.battery.pin is \"27\": pin 27 is not allowed, ";
        board.WaitForConsole(Refused + "pins 32 to 39 can measure a battery");
    }
}

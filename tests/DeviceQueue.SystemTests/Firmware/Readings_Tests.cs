using System.Diagnostics;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard.Parts;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Readings_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void A_reading_carries_what_the_contract_says_in_its_order()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();

        JsonObject reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!.AsObject();

        Assert.Equal(["msg", "unit", "temperature", "humidity", "pressure", "seq", "time"], reading.Select(m => m.Key));
        Assert.Equal("21.50", reading["msg"]!.ToString());
        Assert.Equal("C", reading["unit"]!.ToString());
        Assert.Equal(21.5, reading["temperature"]!.GetValue<double>());
        Assert.Equal(45, reading["humidity"]!.GetValue<double>(), 0.05);
        Assert.Equal(1006.5, reading["pressure"]!.GetValue<double>(), 0.05);
        Assert.True(Math.Abs((DateTime.UtcNow - reading["time"]!.GetValue<DateTime>()).TotalMinutes) < 1);
    }

    [Fact]
    public void Readings_come_at_the_interval_and_are_numbered()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();

        Observed[] readings = watcher.WaitForReadings(5);

        Assert.Equal([1, 2, 3, 4, 5], readings.Take(5).Select(Seq));
        Assert.All(readings, r => Assert.Equal(1, r.Qos));
        Assert.InRange(Stopwatch.GetElapsedTime(readings[0].Time, readings[4].Time).TotalSeconds, 3, 6);
    }

    [Fact]
    public void A_BMP280_has_no_humidity()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, chip: Bmx280Chip.Bmp280).Boot();

        JsonObject reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!.AsObject();

        Assert.Equal(["msg", "unit", "temperature", "pressure", "seq", "time"], reading.Select(m => m.Key));
        board.WaitForConsole("BMP280 at 0x76");
    }

    [Theory]
    [InlineData(Bmx280Chip.Bme280)]
    [InlineData(Bmx280Chip.Bmp280)]
    public void It_measures_as_the_datasheet_advises_for_weather(Bmx280Chip chip)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, 60_000, chip).Boot();
        watcher.WaitForReadings(1);

        // BST-BME280-DS002, section 3.5.1: forced mode, so asleep between samplings, each quantity sampled once, filter
        // off.
        Assert.Equal(0b001_001_00, Register(board, 0xF4));
        Assert.Equal(0, Register(board, 0xF5) & 0b000_111_00);
        Assert.Equal(chip == Bmx280Chip.Bme280 ? 1 : 0, Register(board, 0xF2));
    }

    [Fact]
    public void Before_the_clock_is_set_boot_and_uptime_stand_in_its_place()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Board.Network.NtpReachable = false;
        board.Boot();

        JsonObject reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!.AsObject();
        string[] names = ["msg", "unit", "temperature", "humidity", "pressure", "seq", "boot", "uptime_ms"];
        Assert.Equal(names, reading.Select(m => m.Key));
        Assert.Equal(1, reading["boot"]!.GetValue<int>());

        board.Board.Network.NtpReachable = true;
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["time"] != null);
        JsonNode health = watcher.WaitForHealth(h => h["time"] != null);
        Assert.Equal(1, health["boot"]!.GetValue<int>());
        Assert.True(health["uptime_ms"]!.GetValue<long>() > reading["uptime_ms"]!.GetValue<long>());
    }

    [Fact]
    public void The_time_comes_from_the_server_that_the_settings_name()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Board.Network.NtpServer = "time.site.example";
        board.Device["ntp_server"] = "time.site.example";
        board.Boot();

        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["time"] != null);
    }

    [Fact]
    public void The_number_goes_on_after_a_power_cut()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        int before = watcher.WaitForReadings(2).Max(Seq);

        board.Board.PowerOff();
        board.BootAsIs();
        watcher.WaitFor("temperature", m => Seq(m) > 256);

        // An acknowledgement is stored with the next write: what came just before the cut may come again.
        int[] after = [.. watcher.WaitForReadings(4).Select(Seq).Distinct()];
        Assert.Equal(after.Order(), after);
        Assert.Equal(2, watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2)["boot"]!.GetValue<int>());
        Assert.True(after[^1] > before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sensor_that_fails_publishes_nothing_false_and_resumes(bool isUnplugged)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        watcher.WaitForReadings(2);

        if (isUnplugged)
        {
            board.Sensor.IsUnplugged = true;
            watcher.WaitForHealth(h => h["sensor"]!["state"]!.ToString() == "not_found");
            board.WaitForConsole("sensor fault: no");
            board.Sensor.IsUnplugged = false;
        }
        else
        {
            board.Sensor.LosePower();
            watcher.WaitForHealth(h => h["sensor"]!["faults"]!.GetValue<int>() == 1);
            board.WaitForConsole("sensor fault: reset");
        }

        watcher.WaitForHealth(
            h => h["sensor"]!["state"]!.ToString() == "ok" && h["sensor"]!["faults"]!.GetValue<int>() > 0);
        int resumed = watcher.WaitForReadings(1).Length;
        Assert.All(
            watcher.WaitForReadings(resumed + 2),
            r => Assert.Equal("21.50", JsonNode.Parse(r.Text)!["msg"]!.ToString()));
    }

    [Fact]
    public void A_sensor_that_was_absent_at_start_is_found_at_the_other_address_later()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Sensor.IsUnplugged = true;
        board.Boot();
        board.WaitForConsole("sensor fault: not_found");

        board.Board.I2c.Attach(0x77, new Bmx280Slave(Bmx280Chip.Bme280, new ConstantClimate(new Climate(-5, 80, 990))));

        Assert.Equal("-5.00", JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!["msg"]!.ToString());
    }

    [Theory]
    [InlineData(Bmx280Chip.Bme280, 24)]
    [InlineData(Bmx280Chip.Bmp280, 8)]
    public void A_transfer_that_is_lost_while_the_sensor_starts_makes_no_reading_wrong(Bmx280Chip chip, int number)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id, chip: chip);
        UnsteadyWires wires = new(board.Sensor);
        wires.Spoil(number, TransferFault.Lost); // the driver computes with T2 = 0 and would say -0.05 °C for ever
        board.Board.I2c.Attach(0x77, wires);
        board.Device["sensor"] = new JsonObject { ["address"] = 0x77 };
        board.Boot();

        Observed[] readings = watcher.WaitForReadings(3);

        Assert.All(readings, r => Assert.Equal(21.5, JsonNode.Parse(r.Text)!["temperature"]!.GetValue<double>()));
        Assert.All(readings, r => Assert.Equal(1006.5, JsonNode.Parse(r.Text)!["pressure"]!.GetValue<double>(), 0.05));
    }

    [Fact]
    public void Another_chip_in_the_sensors_place_is_named_on_the_console_and_in_health()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, chip: (Bmx280Chip)0x61).Boot();

        board.WaitForConsole("sensor fault: wrong_chip 0x61 at 0x76");
        JsonNode sensor = watcher.WaitForHealth(h => h["sensor"]!["state"]!.ToString() == "wrong_chip")["sensor"]!;
        Assert.Equal("0x61 at 0x76", sensor["chip"]!.ToString());
    }

    private static byte Register(FieldBoard board, byte address)
    {
        byte[] value = new byte[1];
        Assert.True(board.Sensor.TryWrite([address]) && board.Sensor.TryRead(value));
        return value[0];
    }

    private static int Seq(Observed reading) => JsonNode.Parse(reading.Text)!["seq"]!.GetValue<int>();
}

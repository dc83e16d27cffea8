using System.Device.Gpio;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class Settings_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Theory]
    [InlineData("""{"device":{"id":"x",}}""", "devicequeue.json, line 1, column 21")]
    [InlineData(
        """{"device":{"interval_ms":0}}""", "device.interval_ms is \"0\": a whole number from 1000 to 86400000 is "
            + "allowed")]
    [InlineData(
        """{"device":{"outputs":[{"name":"r","pin":6}]}}""", "device.outputs.0.pin is \"6\": pin 6 is not allowed, "
            + "pins 6 to 11 are wired to the flash")]
    [InlineData("""{"device":{"id":"a/b"}}""", "device.id is \"a/b\": 1 to 32 of A-Z a-z 0-9 _ - are allowed")]
    [InlineData("""{"device":{"id":"x"}}""", "connection.host")]
    public void A_bad_file_is_said_with_key_value_and_what_is_allowed_and_nothing_starts(string settings, string error)
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.WriteSettings(settings);
        board.BootAsIs();

        Assert.Contains(" error ", board.WaitForConsole(error));
        board.WaitForConsole("no usable settings: offline until there is a good devicequeue.json");
        Assert.Null(board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void A_board_whose_address_cannot_be_read_stays_offline_unless_its_settings_name_it()
    {
        using FieldBoard board = new(fixture.Broker.Port, fixture.NewName());
        string named = board.Settings.ToJsonString();
        ((System.Text.Json.Nodes.JsonObject)board.Device).Remove("id");
        board.Board.Network.MacAddress = new byte[6];
        board.Boot();
        board.WaitForConsole("device.id is missing");
        board.WaitForConsole("no usable settings: offline until there is a good devicequeue.json");

        board.WriteSettings(named);
        board.Board.Clock.Skip(TimeSpan.FromSeconds(11));
        board.WaitForConsole("status: all well");
    }

    [Fact]
    public void A_certificate_that_is_none_is_told_by_its_setting_and_not_as_DNS()
    {
        using FieldBoard board = new(8883);
        board.Settings["connection"] = new JsonObject { ["uri"] = "mqtts://127.0.0.1:8883" };
        board.Settings["tls"] = new JsonObject { ["ca"] = "ca.pem" };
        File.WriteAllText(Path.Combine(board.Board.StorageDirectory!, "ca.pem"), "not a certificate");
        board.Boot();

        board.WaitForConsole("tls.ca is \"ca.pem\": the file holds no certificate in PEM or DER form");
        board.WaitForConsole("no usable settings");
    }

    [Fact]
    public void A_module_with_PSRAM_keeps_the_pins_of_it()
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.Board.PsramSize = 4 * 1024 * 1024;
        board.WriteSettings("""{"device":{"outputs":[{"name":"r","pin":16}]}}""");
        board.BootAsIs();

        board.WaitForConsole(
            "device.outputs.0.pin is \"16\": pin 16 is not allowed, pins 16 and 17 are wired to the module's PSRAM");
    }

    [Fact]
    public void An_unknown_key_is_a_warning_and_the_device_runs()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["intervall_ms"] = 5;
        board.Boot();

        Assert.Contains(" warn ", board.WaitForConsole("device.intervall_ms"));
        watcher.WaitForReadings(1);
    }

    [Fact]
    public void A_wipe_that_was_cut_off_over_settings_with_bad_values_is_ended_at_the_next_start()
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.WriteSettings("""{"options":{"max_bytes":"many","outbox":"NOT A NAME"},"tls":{"key":""}}""");
        File.WriteAllBytes(Path.Combine(board.Board.StorageDirectory!, "wipe"), [0]);
        board.BootAsIs();

        board.WaitForConsole("devicequeue.json is missing");
        Assert.False(File.Exists(Path.Combine(board.Board.StorageDirectory!, "wipe")));
    }

    [Fact]
    public void Without_a_file_the_board_waits_for_one_and_starts_with_it()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.BootAsIs();
        board.WaitForConsole("devicequeue.json is missing");

        board.WriteSettings(board.Settings.ToJsonString());

        watcher.WaitForReadings(1);
    }

    [Fact]
    public void A_file_that_went_bad_is_said_and_the_last_good_settings_are_used()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        watcher.WaitForReadings(1);
        board.Board.ShutDown();

        board.WriteSettings("""{"device":{"interval_ms":0}}""");
        board.BootAsIs();

        board.WaitForConsole("device.interval_ms is \"0\"");
        board.WaitForConsole("running on the last good settings");
        watcher.WaitFor("status", m => m.Text == "online");
        watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
    }

    [Fact]
    public void The_default_id_comes_from_the_MAC_address()
    {
        using Observer watcher = new(fixture.Broker, "sensor/#");
        using FieldBoard board = new(fixture.Broker.Port);
        board.Board.Network.MacAddress = [0x24, 0x6f, 0x28, 0xab, 0xcd, 0xef];
        board.Settings["device"] = null;
        board.Boot();

        watcher.WaitFor(m => m.Topic == "sensor/dq-abcdef/status" && m.Text == "online");
    }

    [Fact]
    public void While_there_are_no_settings_the_status_LED_of_a_bad_file_blinks()
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.WriteSettings("""{"device":{"interval_ms":0,"status_led":4}}""");
        using SemaphoreSlim high = new(0);
        board.Board.Gpio[4].Changed += (_, change) =>
        {
            if (change.Level == PinValue.High)
            {
                high.Release();
            }
        };
        board.BootAsIs();

        for (int i = 0; i < 3; i++)
        {
            Assert.True(high.Wait(Patience.Bound, TestContext.Current.CancellationToken));
        }
    }
}

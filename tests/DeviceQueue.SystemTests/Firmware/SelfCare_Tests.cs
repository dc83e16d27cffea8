using System.Device.Gpio;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;
using Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Firmware;

public sealed class SelfCare_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int StatusLedPin = 4;
    private const int WatchdogPin = 16;

    [Fact]
    public void Console_and_LED_say_how_the_device_is_and_the_watchdog_is_fed_throughout()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["status_led"] = StatusLedPin;
        board.Device["watchdog_pin"] = WatchdogPin;
        board.Board.Network.WifiAvailable = false;
        board.Boot();
        board.WaitForConsole("status: no Wi-Fi");
        WaitForFlashes(board, 1, TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1.8));

        board.Board.Network.WifiAvailable = true;

        board.WaitForConsole("status: all well");
        watcher.WaitForReadings(1);
        PinChange[] feeds = [.. board.Board.Gpio[WatchdogPin].Changes];
        Assert.True(feeds.Length > 3);
        Assert.All(feeds.Skip(1).Zip(feeds.Skip(2)), pair => Assert.True(pair.Second.Time - pair.First.Time < TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void After_five_boots_that_did_not_last_the_sixth_is_in_safe_mode_and_can_be_reached()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Boot();
        for (int boot = 1; boot <= 5; boot++)
        {
            board.WaitForConsole($"boot {boot}");
            board.Board.PowerOff();
            board.BootAsIs();
        }

        board.WaitForConsole("safe mode after 5 failed boots");
        watcher.WaitFor("status", m => m.Text == "online");
        JsonNode answer = watcher.Command("output.set", """{"name":"relay1","on":true}""");
        Assert.Equal("unknown_command", answer["code"]!.ToString());
        Assert.Equal("succeeded", watcher.Command("device.info", "{}")["status"]!.ToString());
        Assert.True(watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 6)["safe_mode"]!.GetValue<bool>());
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void A_pin_that_cannot_be_opened_is_said_and_the_rest_of_the_board_runs()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["status_led"] = StatusLedPin;
        board.Device["watchdog_pin"] = WatchdogPin;
        foreach (int pin in (int[])[FieldBoard.RelayPin, StatusLedPin, WatchdogPin])
        {
            board.Board.Gpio[pin].IsTaken = true;
        }

        board.Boot();

        board.WaitForConsole("output relay1 cannot be used: its pin could not be opened");
        board.WaitForConsole("the watchdog pin cannot be used");
        watcher.WaitForReadings(1);
        Assert.Equal("failed", watcher.Command("output.set", """{"name":"relay1","on":true}""")["status"]!.ToString());
        Assert.Equal("succeeded", watcher.Command("output.set", """{"name":"led","on":true}""")["status"]!.ToString());
        Assert.Equal((null, PinValue.High), (board.Board.Gpio[FieldBoard.RelayPin].Level, board.Board.Gpio[FieldBoard.LedPin].Level));
    }

    [Fact]
    public void A_board_that_is_shut_down_again_and_again_has_not_failed()
    {
        string id = fixture.NewName();
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Boot();
        for (int boot = 1; boot <= 6; boot++)
        {
            board.WaitForConsole($"boot {boot}");
            board.Board.ShutDown();
            board.BootAsIs();
        }

        board.WaitForConsole("boot 7");
        board.WaitForConsole("status: all well");
        Assert.DoesNotContain(board.Console.Items, line => line.Contains("safe mode"));
    }

    [Fact]
    public void Without_a_broker_the_board_reboots_and_goes_on_where_it_was()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using FieldBoard board = new(proxy.Port, id);
        board.Device["reboot_after_ms"] = 5000;
        board.Boot();

        board.WaitForConsole("restart: no broker for");
        board.WaitForConsole("boot 2");
        using Operator watcher = new(fixture.Broker, id);
        proxy.AcceptConnections();

        JsonNode health = watcher.WaitForHealth(_ => true);
        Assert.Equal((2, false), (health["boot"]!.GetValue<int>(), health["safe_mode"]!.GetValue<bool>()));
    }

    [Fact]
    public void TLS_with_PEM_files_waits_for_the_clock_and_then_connects()
    {
        using FieldBoard board = new(0);
        string storage = board.Board.StorageDirectory;
        using CertificateAuthority authority = new(storage);
        (string certificate, string key) = authority.Issue("127.0.0.1");
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions
        {
            ExtraLines = [$"cafile {authority.CertificateFile}", $"certfile {certificate}", $"keyfile {key}"],
        });
        File.Copy(authority.CertificateFile, Path.Combine(storage, "ca.pem"));
        board.Settings["connection"] = new JsonObject { ["uri"] = $"mqtts://127.0.0.1:{broker.Port}" };
        board.Settings["tls"] = new JsonObject { ["ca"] = "ca.pem" };
        board.Board.Network.NtpReachable = false;
        board.Boot();
        board.WaitForConsole("TLS waits up to 60 s for the clock to be set");
        Assert.DoesNotContain(board.Console.Items, line => line.Contains("connected to"));

        board.Board.Network.NtpReachable = true;

        board.WaitForConsole($"connected to 127.0.0.1:{broker.Port}");
    }

    /// <summary>Waits until the LED has been lit and dark for the given times, give or take what a busy machine takes.</summary>
    private static void WaitForFlashes(FieldBoard board, int count, TimeSpan lit, TimeSpan dark)
    {
        Recorder<TimeSpan> found = new();
        TimeSpan? up = null;
        TimeSpan? down = null;
        board.Board.Gpio[StatusLedPin].Changed += (_, change) =>
        {
            if (change.Level == PinValue.High)
            {
                if (up is { } from && down is { } to && IsAbout(to - from, lit) && IsAbout(change.Time - to, dark))
                {
                    found.Add(change.Time);
                }

                up = change.Time;
            }
            else
            {
                down = change.Time;
            }
        };
        found.WaitFor(count);
    }

    private static bool IsAbout(TimeSpan actual, TimeSpan wanted) => (actual - wanted).Duration() < TimeSpan.FromSeconds(0.3);
}

using System.Device.Gpio;
using System.Globalization;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Settings;
using DeviceQueue.SystemTests.Mosquitto;
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
        Assert.All(
            feeds.Skip(1).Zip(feeds.Skip(2)),
            pair => Assert.True(pair.Second.Time - pair.First.Time < TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_board_with_its_bus_moved_and_an_output_on_the_usual_pin_of_it_gets_into_safe_mode()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["i2c"] = new JsonObject { ["sda"] = 32, ["scl"] = 33 };
        board.Device["outputs"] = new JsonArray(FieldBoard.Output("relay1", 21), FieldBoard.Output("led", 22));
        board.Device["temperature_offset"] = -4.5;
        board.Board.I2c.Attach(0x76, board.Sensor, 32, 33);
        BootAgainAndAgain(board, 5, board.Board.PowerOff);

        board.WaitForConsole("safe mode after 5 failed boots");
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["msg"]!.ToString() == "17.00");
        Assert.Equal(PinValue.Low, board.Board.Gpio[21].Level);
    }

    [Fact]
    public void After_five_boots_that_did_not_last_the_sixth_is_in_safe_mode_and_can_be_reached()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = new(fixture.Broker.Port, id, hasKey: true);
        board.Board.Network.NtpServer = "time.site.example";
        board.Device["ntp_server"] = "time.site.example";
        BootAgainAndAgain(board, 5, board.Board.PowerOff);

        board.WaitForConsole("safe mode after 5 failed boots");
        // each boot counts on from the next 256
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() > 5 * 256);
        JsonNode answer = watcher.Command("output.set", """{"name":"relay1","on":true}""");
        Assert.Equal("unknown_command", answer["code"]!.ToString());
        watcher.Publish("command", Operator.Envelope("device.info", "{}", "unsigned"));

        // Unasked it would come after the default interval of five minutes.
        Assert.Equal("succeeded", watcher.Command("device.info", "{}")["status"]!.ToString());
        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 6);
        Assert.Equal(
            (true, 1), (health["safe_mode"]!.GetValue<bool>(), health["rejected"]!["unsigned"]!.GetValue<int>()));
        Assert.Equal(PinValue.Low, board.Board.Gpio[FieldBoard.RelayPin].Level);
    }

    [Fact]
    public void A_boot_that_stayed_up_ten_minutes_ends_the_row_of_those_that_did_not()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        BootAgainAndAgain(board, 4, board.Board.PowerOff);
        board.WaitForConsole("boot 5");
        board.Board.Clock.Skip(TimeSpan.FromMinutes(10));
        // in the round after the one that notices
        watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 5 && h["uptime_ms"]!.GetValue<int>() > 601_000);
        board.Board.PowerOff();
        board.BootAsIs();

        Assert.False(watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 6)["safe_mode"]!.GetValue<bool>());
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
        Assert.Equal(
            (null, PinValue.High),
            (board.Board.Gpio[FieldBoard.RelayPin].Level, board.Board.Gpio[FieldBoard.LedPin].Level));
    }

    [Fact]
    public void A_board_that_is_shut_down_again_and_again_has_not_failed()
    {
        string id = fixture.NewName();
        using FieldBoard board = new(fixture.Broker.Port, id);
        BootAgainAndAgain(board, 6, board.Board.ShutDown);

        board.WaitForConsole("boot 7");
        board.WaitForConsole("status: all well");
        Assert.DoesNotContain(board.Console.Items, line => line.Contains("safe mode"));
    }

    [Fact]
    public void Without_a_broker_the_board_reboots_after_15_minutes_then_after_an_hour_and_nothing_is_lost()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using FieldBoard board = new(proxy.Port, id);
        board.Device["watchdog_pin"] = WatchdogPin;
        board.Options["outbox_flush_ms"] = 60_000; // what the reboot does not store is lost
        board.Boot();
        WaitForRounds(board, 3);
        board.Board.Clock.Skip(TimeSpan.FromMinutes(15));
        board.WaitForConsole("restart: no broker for 90");
        board.WaitForConsole("boot 2");
        WaitForRounds(board, 3);
        board.Board.Clock.Skip(TimeSpan.FromMinutes(59));
        WaitForRounds(board, 3);
        board.Board.Clock.Skip(TimeSpan.FromMinutes(1));
        board.WaitForConsole("restart: no broker for 360");
        board.WaitForConsole("boot 3");

        using Operator watcher = new(fixture.Broker, id);
        proxy.AcceptConnections();

        JsonNode health = watcher.WaitForHealth(_ => true);
        Assert.Equal((3, false), (health["boot"]!.GetValue<int>(), health["safe_mode"]!.GetValue<bool>()));
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() == 1);
        watcher.WaitFor("temperature", m => JsonNode.Parse(m.Text)!["seq"]!.GetValue<int>() == 257);
    }

    [Fact]
    public void Short_of_memory_the_oldest_readings_go_and_health_says_how_many()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using FieldBoard board = new(proxy.Port, id);
        board.Device["watchdog_pin"] = WatchdogPin;
        board.Options["outbox"] = ""; // a reading that the flash has would stay
        board.Boot();
        WaitForRounds(board, 3);
        board.Board.FreeMemory = 5000;
        board.Board.Clock.Skip(TimeSpan.FromSeconds(10)); // to the next look
        board.WaitForConsole("5000 bytes of memory free: the oldest readings that wait in memory alone are dropped");
        board.Board.FreeMemory = 70_000;

        using Operator watcher = new(fixture.Broker, id);
        proxy.AcceptConnections();

        watcher.WaitForHealth(h => h["dropped"]!["memory"]!.GetValue<int>() > 0);
        Assert.True(JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!["seq"]!.GetValue<int>() > 1);
    }

    [Fact]
    public void No_connect_starts_while_a_pulse_runs()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(proxy.Port, id).Boot();
        watcher.WaitForReadings(1);
        Assert.Equal(
            "succeeded", watcher.Command("output.pulse", """{"name":"relay1","ms":4000}""")["status"]!.ToString());

        proxy.DropConnections();

        board.WaitForConsole("link lost"); // and within 2 s it would be back
        board.Console.WaitFor(2, line => line.Contains("connected to"));
        string[] lines =
        [
            .. board.Console.Items.Where(line => line.Contains("output relay1 ") || line.Contains("connected to")),
        ];
        Assert.Equal(
            ["connected", "ON", "OFF", "connected"],
            lines.Select(line => line.Contains("connected to") ? "connected" : line[^3..].Trim()));
    }

    [Fact]
    public void No_connect_starts_within_5_s_of_a_reading()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        proxy.RefuseConnections();
        using FieldBoard board = new FieldBoard(proxy.Port, id, intervalMs: 15_000).Boot();
        board.WaitForConsole("next attempt in");
        board.Board.Clock.Skip(TimeSpan.FromSeconds(10));
        proxy.AcceptConnections();

        Assert.True(SecondsOf(board.WaitForConsole("connected to")) >= 15);
    }

    [Fact]
    public void TLS_with_PEM_files_waits_for_the_clock_and_then_connects()
    {
        using FieldBoard board = new(0);
        using CertificateAuthority authority = new(board.Board.StorageDirectory);
        (MosquittoBroker broker, int port) = StartTls(board, authority);
        using (broker)
        {
            board.Board.Network.NtpReachable = false;
            board.Boot();
            board.WaitForConsole("TLS waits up to 60 s for the clock to be set");
            Assert.DoesNotContain(board.Console.Items, line => line.Contains("connected to"));

            board.Board.Network.NtpReachable = true;

            board.WaitForConsole($"connected to 127.0.0.1:{port}");
        }
    }

    /// <summary>Ends 58 s of the minute at once: what then happens after 2 s is what happens after 60.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void TLS_without_a_time_is_tried_after_a_minute_with_certificates_held_against_the_build_date(int days)
    {
        using FieldBoard board = new(0);
        using CertificateAuthority authority = new(
            board.Board.StorageDirectory, start: FirmwareDefaults.BuildDate.AddDays(days));
        (MosquittoBroker broker, int port) = StartTls(board, authority);
        using (broker)
        using (Operator watcher = new(broker))
        {
            board.Board.Network.NtpReachable = false;
            board.Boot();
            double from = SecondsOf(board.WaitForConsole("TLS waits up to 60 s for the clock to be set"));
            board.Board.Clock.Skip(TimeSpan.FromSeconds(58));

            double to = SecondsOf(
                board.WaitForConsole(
                    "the clock was not set in 60 s: certificates are checked as of "
                    + $"{FirmwareDefaults.BuildDate:yyyy-MM-dd}"));
            Assert.InRange(to - from, 60, 75);
            if (days > 0)
            {
                board.WaitForConsole("certificate is not yet valid");
                return;
            }

            board.WaitForConsole($"connected to 127.0.0.1:{port}");
            JsonNode reading = JsonNode.Parse(watcher.WaitForReadings(1)[0].Text)!;
            Assert.Equal((null, 1), (reading["time"], reading["boot"]!.GetValue<int>()));
        }
    }

    /// <summary>Boots so many times and once more; each boot but the last is ended as soon as it has begun.</summary>
    private static void BootAgainAndAgain(FieldBoard board, int count, Action end)
    {
        board.Boot();
        for (int boot = 1; boot <= count; boot++)
        {
            board.WaitForConsole($"boot {boot}");
            end();
            board.BootAsIs();
        }
    }

    /// <summary>
    /// Starts a broker that the board is to reach by TLS, on the port that is returned, and others without.
    /// </summary>
    internal static (MosquittoBroker Broker, int Port) StartTls(FieldBoard board, CertificateAuthority authority)
    {
        (string certificate, string key) = authority.Issue("127.0.0.1");
        int port = MosquittoBroker.FindFreePort();
        MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions
        {
            ExtraLines =
            [
                $"listener {port} 127.0.0.1",
                $"cafile {authority.CertificateFile}",
                $"certfile {certificate}",
                $"keyfile {key}",
            ],
        });
        File.Copy(authority.CertificateFile, Path.Combine(board.Board.StorageDirectory, "ca.pem"));
        board.Settings["connection"] = new JsonObject { ["uri"] = $"mqtts://127.0.0.1:{port}" };
        board.Settings["tls"] = new JsonObject { ["ca"] = "ca.pem" };
        return (broker, port);
    }

    /// <summary>Gets the uptime in seconds that a line of the console begins with.</summary>
    private static double SecondsOf(string line) =>
        double.Parse(line[1..line.IndexOf(']')], CultureInfo.InvariantCulture);

    /// <summary>Waits until the main loop has gone round so often, as the watchdog sees it.</summary>
    private static void WaitForRounds(FieldBoard board, int count)
    {
        PinTrace pin = board.Board.Gpio[WatchdogPin];
        int before = pin.Changes.Count;
        Assert.True(SpinWait.SpinUntil(() => pin.Changes.Count >= before + count, Patience.Bound));
    }

    /// <summary>
    /// Waits until the LED has been lit and dark for the given times, give or take what a busy machine takes.
    /// </summary>
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

    private static bool IsAbout(TimeSpan actual, TimeSpan wanted) =>
        (actual - wanted).Duration() < TimeSpan.FromSeconds(0.3);
}

using System.Device.Gpio;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>Pulses, settings, reboot and wipe on a board with a command key.</summary>
public sealed class DeviceCommands_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    // A pulse is never shorter than it should be but for the clock's step. How late a busy machine ends it says
    // nothing; that is held in virtual time.
    private const int EarlyMs = 20;
    private const int LateMs = 10_000;

    [Fact]
    public void A_pulse_ends_on_time_though_the_broker_is_killed_in_its_middle()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FieldBoard board = new FieldBoard(broker.Port).Boot();
        using Operator @operator = new(broker);
        @operator.WaitFor("status", m => m.Text == "online");
        using RelayWatch relay = new(board);

        Assert.Equal(
            """{"name":"relay1","on":true}""",
            @operator.Command("output.pulse", """{"name":"relay1","ms":1500}""")["result"]!.ToJsonString());
        broker.Kill();

        relay.AssertPulse(1500);
    }

    [Fact]
    public void A_pulse_ends_on_time_though_the_main_loop_hangs_on_the_sensor()
    {
        SlowClimate climate = new();
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, climate: climate).Boot();
        @operator.WaitFor("status", m => m.Text == "online");
        using RelayWatch relay = new(board);
        using SlowClimate release = climate; // before the board goes, which waits for what holds its wires

        @operator.Command("output.pulse", """{"name":"relay1","ms":2500}""");
        climate.Hold();

        relay.AssertPulse(2500);
        Assert.True(climate.IsHolding);
    }

    [Fact]
    public void Without_a_broker_for_safe_after_ms_the_relay_goes_to_its_safe_state()
    {
        using MosquittoBroker broker = MosquittoBroker.Start();
        using FieldBoard board = new(broker.Port);
        board.Device["safe_after_ms"] = 1000;
        board.Boot();
        using Operator @operator = new(broker);
        @operator.WaitFor("status", m => m.Text == "online");
        using RelayWatch relay = new(board);
        @operator.Command("output.set", """{"name":"relay1","on":true}""");
        broker.Kill();

        relay.WaitForEnd();
        board.WaitForConsole("output relay1 OFF");
    }

    [Fact]
    public void Changed_settings_take_effect_at_once_and_outlive_a_reboot_that_is_answered_first_and_done_once()
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, intervalMs: 3_600_000, hasKey: true).Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        Assert.Equal(
            """{"changed":{"interval_ms":1000}}""",
            @operator.Command("config.set", """{"interval_ms":1000}""")["result"]!.ToJsonString());
        @operator.WaitForReadings(3);
        byte[] reboot = Operator.Envelope("device.reboot", "{}", "reboot");
        @operator.Send(reboot);
        Assert.Equal("succeeded", @operator.WaitForAnswer("reboot")["status"]!.ToString());
        @operator.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        string[] states =
        [
            .. @operator.Messages.Where(m => m.Topic.EndsWith("/status", StringComparison.Ordinal)).Select(m => m.Text),
        ];
        // QoS 1 may repeat
        Assert.Equal(["online", "offline", "online"], states.Where((state, i) => i == 0 || state != states[i - 1]));

        @operator.Send(reboot);
        board.WaitForConsole("command refused: duplicate");
        Assert.Equal(
            "1000",
            @operator.Command(
                "config.get", """{"section":"device"}""")["result"]!["values"]!["interval_ms"]!.ToString());
        Assert.Equal(2, board.Board.BootCount);
        Assert.DoesNotContain(
            @operator.Messages,
            m => m.Text.Contains(Convert.ToHexStringLower(Operator.Key), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_wiped_board_has_answered_and_knows_nothing_any_more()
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id, hasKey: true).Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        Assert.Equal(
            "bad_arguments", @operator.Command("device.wipe", """{"confirm":"another"}""")["code"]!.ToString());
        Assert.Equal("succeeded", @operator.Command("device.wipe", $$"""{"confirm":"{{id}}"}""")["status"]!.ToString());

        board.WaitForConsole("devicequeue.json is missing");
        @operator.WaitFor("status", m => m.Text == "offline");
        Assert.All(board.Files, name => Assert.Contains(name!.Split('.')[0], new[] { "boot", "commands", "utc" }));
    }

    [Fact]
    public void A_command_sent_while_the_board_was_away_is_carried_out_in_a_persistent_session()
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = new(fixture.Broker.Port, id, hasKey: true);
        board.Options["clean_session"] = false;
        board.Boot();
        @operator.WaitFor("status", m => m.Text == "online");
        board.Board.ShutDown();
        @operator.WaitFor("status", m => m.Text == "offline");

        @operator.Send(Operator.Envelope("output.set", """{"name":"relay1","on":true}""", "away"));
        JsonObject old = JsonNode.Parse(
            Operator.Envelope("output.set", """{"name":"led","on":true}""", "old"))!.AsObject();
        old["sent_time"] = DateTime.UtcNow.AddMinutes(-2).ToString("yyyy-MM-ddTHH:mm:ss.fffZ");
        @operator.Send(System.Text.Encoding.UTF8.GetBytes(old.ToJsonString()));
        board.BootAsIs();

        Assert.Equal("succeeded", @operator.WaitForAnswer("away")["status"]!.ToString());
        Assert.Equal(PinValue.High, board.Board.Gpio[FieldBoard.RelayPin].Level);
        Assert.NotEqual(PinValue.High, board.Board.Gpio[FieldBoard.LedPin].Level);
        @operator.WaitForHealth(h => h["rejected"]!["expired"]?.GetValue<int>() == 1);
    }

    [Fact]
    public void Sensor_read_and_device_info_are_answered()
    {
        string id = fixture.NewName();
        using Operator @operator = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id, intervalMs: 3_600_000);
        board.Device["health_interval_ms"] = 3_600_000;
        board.Boot();
        @operator.WaitFor("status", m => m.Text == "online");

        Assert.Equal("21.50", @operator.Command("sensor.read", "{}")["result"]!["msg"]!.ToString());
        Assert.Equal(id, @operator.Command("device.info", "{}")["result"]!["id"]!.ToString());
        @operator.WaitForHealth(h => h["boot"]!.GetValue<int>() == 1);
        Assert.Equal("key_required", @operator.Command("device.reboot", "{}")["code"]!.ToString());
    }

    /// <summary>Watches the relay.</summary>
    private sealed class RelayWatch : IDisposable
    {
        private readonly Recorder<PinChange> _changes = new();
        private readonly PinTrace _pin;

        public RelayWatch(FieldBoard board)
        {
            _pin = board.Board.Gpio[FieldBoard.RelayPin];
            _pin.Changed += Add;
        }

        public PinChange WaitForEnd() => _changes.WaitFor(2)[1];

        public void AssertPulse(int ms)
        {
            PinChange end = WaitForEnd();
            PinChange begin = _changes.Items[0];
            Assert.Equal((PinValue.High, PinValue.Low), (begin.Level, end.Level));
            Assert.InRange((end.Time - begin.Time).TotalMilliseconds, ms - EarlyMs, ms + LateMs);
        }

        public void Dispose() => _pin.Changed -= Add;

        private void Add(PinTrace pin, PinChange change) => _changes.Add(change);
    }
}

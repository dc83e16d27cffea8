using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Commands;
using DeviceQueue.Tests.Readings;
using DeviceQueue.Tests.Settings;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Health;

public sealed class ConnectGate_Tests
{
    private const int MinuteMs = 60000;
    private const int HourMs = 60 * MinuteMs;

    [Fact]
    public void No_connect_starts_in_the_5_s_before_a_reading_and_yet_there_are_many()
    {
        Node node = Offline("device.reboot_after_ms=0");
        node.World.RunFor(12 * HourMs);

        long[] attempts = [.. node.Broker.Attempts.Select(attempt => attempt.AtMs)];
        Assert.True(attempts.Length > 12 * 60, attempts.Length + " attempts");
        Assert.All(
            attempts,
            attempt => Assert.True(
                attempt == 0 || MinuteMs - (attempt % MinuteMs) >= ConnectGate.ReadingGuardMs, "at " + attempt));
    }

    [Fact]
    public void Readings_below_15_s_do_not_hold_connects_back()
    {
        Node node = Offline("device.reboot_after_ms=0;device.interval_ms=14000");
        node.World.RunFor(HourMs);

        Assert.Contains(node.Broker.Attempts, attempt => 14000 - (attempt.AtMs % 14000) < ConnectGate.ReadingGuardMs);
    }

    [Fact]
    public void An_interval_that_is_changed_counts_at_once()
    {
        Node node = Offline("device.reboot_after_ms=0");
        node.ApplySettings("device.interval_ms=2000");
        node.World.RunFor(HourMs);

        Assert.True(node.Broker.Attempts.Count > 60);
    }

    [Fact]
    public void No_connect_starts_while_a_pulse_runs()
    {
        var world = new World();
        var problems = new ConfigProblems();
        var device = DeviceConfig.Read(
            ConfigParams.FromString("device.outputs.0.name=r;device.outputs.0.pin=13"), null, "x", problems)!;
        var outputs = new OutputBank(device.Outputs, new FakePins());
        var platform = new DevicePlatform { Clock = world.Clock, Logger = world.Log };
        var clock = new TrustedClock(world.Clock, new MemoryStore(), FirmwareDefaults.BuildDate);
        var sampler = new Sampler(new FakeSensor(), new SamplingSchedule(HourMs, HourMs), clock, world.Log);
        world.Connection.Gate = new ConnectGate(platform, FirmwareDefaults.BuildDate, outputs, sampler, HourMs);
        outputs.Pulse(0, 40000, world.Clock);
        world.At(40000, () => outputs.EndPulses(40000));
        world.Connection.Open();
        world.RunFor(MinuteMs);

        Assert.InRange(Assert.Single(world.Broker.Attempts).AtMs, 40000, 40200);
    }

    [Fact]
    public void What_holds_for_ever_starves_no_connect()
    {
        var world = new World { Connection = { Gate = new Closed() } };
        world.Broker.IsUp = false;
        world.Connection.Open();
        world.RunFor(HourMs);

        long[] attempts = [.. world.Broker.Attempts.Select(attempt => attempt.AtMs)];
        Assert.Equal(MqttConnection.MaxHoldMs, attempts[0]);
        Assert.InRange(attempts.Length, 15, 24);
    }

    [Fact]
    public void TLS_waits_a_minute_for_the_clock_says_why_and_then_tries_with_the_floor()
    {
        Node node = Offline("connection.protocol=mqtts", hasClock: false);
        node.Broker.IsUp = true;
        node.World.RunFor(59000);
        Assert.Empty(node.Broker.Attempts);
        Assert.Contains(
            "TLS waits up to 60 s for the clock to be set: without the time no certificate can be checked",
            node.Log.Lines);

        node.World.RunFor(10000);
        Assert.Single(node.Broker.Attempts);
        Assert.Equal(FirmwareDefaults.BuildDate, node.FloorUtc);
        Assert.True(node.World.Connection.IsConnected);
        Assert.Contains("uptime_ms", node.On("temperature")[0].Text); // the clock counts as unset
        Assert.True(Rebooted(node).WasFloorClock);
    }

    [Fact]
    public void A_clock_that_is_set_meanwhile_ends_the_wait()
    {
        Node node = Offline("connection.protocol=mqtts", hasClock: false);
        node.Broker.IsUp = true;
        node.World.RunFor(20000);
        node.World.Clock.StartUtc = new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc);
        node.World.RunFor(2000);

        Assert.Single(node.Broker.Attempts);
        Assert.Null(node.FloorUtc);
        Assert.False(Rebooted(node).WasFloorClock);
    }

    [Fact]
    public void A_clock_that_is_set_after_the_floor_is_believed_over_a_reboot()
    {
        Node node = Offline("connection.protocol=mqtts", hasClock: false);
        node.World.RunFor(2 * MinuteMs);
        node.World.Clock.StartUtc = new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc);
        node.World.RunFor(MinuteMs);

        Assert.False(Rebooted(node).WasFloorClock);
    }

    [Fact]
    public void Without_TLS_nothing_waits_for_the_clock()
    {
        Node node = Offline("", hasClock: false);
        node.World.RunFor(1000);

        Assert.NotEmpty(node.Broker.Attempts);
    }

    private static Node Offline(string config, bool hasClock = true)
    {
        var node = new Node(config);
        if (!hasClock)
        {
            node.World.Clock.StartUtc = null;
        }

        node.Broker.IsUp = false;
        node.World.Connection.Open();
        return node;
    }

    private static Journal Rebooted(Node node) => new(node.Store);

    private sealed class Closed : IConnectGate
    {
        public int GetHoldMs(MqttLinkOptions endpoint, long nowMs) => 1000;
    }
}

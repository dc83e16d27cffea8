using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Simulator;

public sealed partial class Simulator_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    [Fact]
    public void It_shows_readings_and_leaves_nothing_running()
    {
        using SimulatorProcess simulator = new("--interval-ms", "1000");

        int port = int.Parse(BrokerPort().Match(simulator.WaitForLine("broker 127.0.0.1:")).Groups[1].Value);
        string reading = SimulatorProcess.Shell(
            $"mosquitto_sub -h 127.0.0.1 -p {port} -t 'sensor/+/temperature' -C 1 -W 20");

        Assert.StartsWith("{\"msg\":\"", reading);
        simulator.WaitForLine("sensor/demo/status online");
        simulator.WaitForLine("relay1 (GPIO 26) LOW");
        simulator.Signal("INT");
        simulator.WaitForLine("sensor/demo/status offline");
        Assert.Equal(0, simulator.WaitForExit());
        using TcpClient client = new();
        Assert.Throws<SocketException>(() => client.Connect("127.0.0.1", port));
    }

    [Fact]
    public void It_ends_by_itself_when_its_time_is_over()
    {
        using SimulatorProcess simulator = new("--seconds", "2");

        Assert.Equal(0, simulator.WaitForExit());
        simulator.WaitForLine("Ctrl-C ends it");
    }

    [Theory]
    [InlineData("esp32-c3", "on a virtual ESP32-C3, broker 127.0.0.1:", "relay1 (GPIO 7) LOW")]
    [InlineData("esp32-s3-devkitc-1", "on a virtual ESP32-S3, broker 127.0.0.1:", "relay1 (GPIO 5) LOW")]
    public void It_boots_the_board_that_is_asked_for(string board, string title, string relay)
    {
        using SimulatorProcess simulator = new("--board", board, "--interval-ms", "1000");

        simulator.WaitForLine(title);
        simulator.WaitForLine(relay);
        simulator.WaitForLine("sensor: BME280");
        simulator.WaitForLine("sensor/demo/temperature");
    }

    [Fact]
    public void The_lines_to_paste_work_every_time()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using SimulatorProcess simulator = new("--broker", Uri, "--id", id);
        string toggle = simulator.WaitForLine("\"message_type\":\"output.toggle\"");
        watcher.WaitFor("status", m => m.Text == "online");

        SimulatorProcess.Shell(toggle);
        watcher.WaitFor("output/relay1", m => m.Text == "ON");
        SimulatorProcess.Shell(toggle);
        watcher.WaitFor(
            "output/relay1", m => m.Text == "OFF" && watcher.Messages.Any(on => on.Text == "ON" && on.Time < m.Time));

        simulator.WaitForLine("relay1 (GPIO 26) HIGH");
        string watch = simulator.WaitForLine("mosquitto_sub");
        Assert.Contains("/status online", SimulatorProcess.Shell(watch + " -C 1 -W 20"));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void An_interrupt_is_a_clean_close(string signal)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using SimulatorProcess simulator = new("--broker", Uri, "--id", id);
        watcher.WaitFor("status", m => m.Text == "online");

        simulator.Signal(signal);

        watcher.WaitFor("status", m => m.Text == "offline");
        Assert.Equal(0, simulator.WaitForExit());
        simulator.WaitForLine("connection closed");
    }

    [Fact]
    public void After_kill_9_the_will_says_offline_at_once()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using SimulatorProcess simulator = new("--broker", Uri, "--id", id);
        watcher.WaitFor("status", m => m.Text == "online");

        simulator.Signal("KILL");

        watcher.WaitFor("status", m => m.Text == "offline", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Stopped_by_a_signal_it_is_offline_after_one_and_a_half_keepalives()
    {
        string config = Path.GetTempFileName();
        File.WriteAllText(config, """{"device":{"id":"stopped"},"options":{"keepalive_timeout":5000}}""");
        using Operator watcher = new(fixture.Broker, "stopped");
        using SimulatorProcess simulator = new("--broker", Uri, "--config", config);
        watcher.WaitFor("status", m => m.Text == "online");
        File.Delete(config);

        long start = Stopwatch.GetTimestamp();
        simulator.Signal("STOP");

        watcher.WaitFor("status", m => m.Text == "offline", TimeSpan.FromSeconds(20));
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Storage_survives_a_run()
    {
        string id = fixture.NewName();
        string storage = Directory.CreateTempSubdirectory("dq-storage-").FullName;
        for (int boot = 1; boot <= 2; boot++)
        {
            using SimulatorProcess simulator = new(
                "--broker", Uri, "--id", id, "--storage", storage, "--sensor", "none");
            simulator.WaitForLine($"device {id}, boot {boot}");
            simulator.WaitForLine("sensor fault: not_found");
            simulator.Signal("INT");
            Assert.Equal(0, simulator.WaitForExit());
        }

        Directory.Delete(storage, recursive: true);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Secrets_in_a_storage_are_for_its_owner_alone_in_a_new_folder_and_in_one_that_was_open()
    {
        const UnixFileMode ReadableByAll = (UnixFileMode)0b110_100_100;
        string parent = Directory.CreateTempSubdirectory("dq-storage-").FullName;
        string open = Directory.CreateDirectory(Path.Combine(parent, "open")).FullName;
        File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);
        File.WriteAllText(Path.Combine(open, "devicequeue.json"), "{}");
        File.SetUnixFileMode(Path.Combine(open, "devicequeue.json"), ReadableByAll);
        string config = Path.Combine(parent, "config.json");
        File.WriteAllText(config, $$$"""{"device":{"command_key":"{{{new string('0', 64)}}}"}}""");

        foreach (string storage in (string[])[open, Path.Combine(parent, "new", "flash")])
        {
            string id = fixture.NewName();
            using SimulatorProcess simulator = new(
                "--broker", Uri, "--id", id, "--config", config, "--storage", storage);
            simulator.WaitForLine($"device {id}, boot 1");
            simulator.Signal("INT");
            Assert.Equal(0, simulator.WaitForExit());
            string[] written = Directory.GetFileSystemEntries(storage, "*", SearchOption.AllDirectories);
            Assert.True(written.Length > 1);
            Assert.All(written, path => Assert.Equal(0, (int)File.GetUnixFileMode(path) & 0b111_111));
        }

        Assert.Equal(0b111_000_000, (int)File.GetUnixFileMode(Path.Combine(parent, "new", "flash")));
        Directory.Delete(parent, recursive: true);
    }

    [Theory]
    [InlineData("broker 'http://x': mqtt://", "--broker", "http://x")]
    [InlineData("--config /no/such/file", "--config", "/no/such/file")]
    [InlineData("'bmx'", "--sensor", "bmx")]
    [InlineData("--seconds -1: more than 0", "--seconds", "-1")]
    public void Bad_input_is_an_error_that_names_it(string error, params string[] arguments)
    {
        using SimulatorProcess simulator = new(arguments);

        Assert.Equal(1, simulator.WaitForExit());
        simulator.WaitForLine(error);
    }

    private string Uri => $"mqtt://127.0.0.1:{fixture.Broker.Port}";

    [GeneratedRegex(@"broker 127\.0\.0\.1:(\d+)")]
    private static partial Regex BrokerPort();
}

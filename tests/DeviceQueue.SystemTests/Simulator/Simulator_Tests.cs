using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using DeviceQueue.Settings;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.Tests;
using global::Simulator;

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
        simulator.WaitForLine("status  online");
        simulator.WaitForLine("relay1 off (GPIO 26 LOW)");
        simulator.WaitForLine("reading 2");
        simulator.Signal("INT");
        Assert.Equal(0, simulator.WaitForExit());
        simulator.WaitForLine("status  offline");
        simulator.WaitForLine("demo said offline.");
        simulator.WaitForLine("The broker is stopped.");
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
    [InlineData("esp32-c3", "on a virtual ESP32-C3, broker 127.0.0.1:", "relay1 off (GPIO 7 LOW)")]
    [InlineData("esp32-s3-devkitc-1", "on a virtual ESP32-S3, broker 127.0.0.1:", "relay1 off (GPIO 5 LOW)")]
    public void It_boots_the_board_that_is_asked_for(string board, string title, string relay)
    {
        using SimulatorProcess simulator = new("--board", board, "--interval-ms", "1000");

        simulator.WaitForLine(title);
        simulator.WaitForLine(relay);
        simulator.WaitForLine("sensor: BME280");
        simulator.WaitForLine("reading ");
    }

    [Fact]
    public void The_lines_to_paste_work_every_time()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using SimulatorProcess simulator = new("--broker", Uri, "--id", id);
        string toggle = simulator.WaitForLine("  mosquitto_pub");
        watcher.WaitFor("status", m => m.Text == "online");

        SimulatorProcess.Shell(toggle);
        Observed on = watcher.WaitFor("output/relay1", m => m.Text == "ON");
        Assert.True(SpinWait.SpinUntil(() => ToggleAgain(toggle, watcher, on), Patience.Bound));

        simulator.WaitForLine("relay1 on (GPIO 26 HIGH)");
        simulator.WaitForLine("answer  output.toggle: succeeded {\"name\":\"relay1\",\"on\":true}");
        string watch = simulator.WaitForLine("  mosquitto_sub");
        SimulatorProcess.Shell($"{watch} -W 20 | grep -m 1 'sensor/{id}/status online'");
    }

    /// <summary>The id of the bare envelope is another each second, as long as the command is not a repeat.</summary>
    private static bool ToggleAgain(string toggle, Operator watcher, Observed on)
    {
        SimulatorProcess.Shell(toggle);
        return watcher.Messages.Any(m => m.Topic.EndsWith("relay1") && m.Text == "OFF" && m.Time > on.Time);
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
    [InlineData("--broker http://x: mosquitto, embedded, mqtt://[user:password@]host[:port]", "--broker", "http://x")]
    [InlineData("--config /no/such/file: there is no such file", "--config", "/no/such/file")]
    [InlineData("--sensor bmx: bme280, bmp280, sht31 or none is allowed", "--sensor", "bmx")]
    [InlineData("--board x: esp32, esp32-s3, esp32-c3 or", "--board", "x")]
    [InlineData("--seconds -1: more than 0", "--seconds", "-1")]
    [InlineData("--seconds x: a number of seconds is needed", "--seconds", "x")]
    [InlineData("--port 0: a whole number from 1 to 65535 is allowed", "--port", "0")]
    [InlineData("--port x: a whole number from 1 to 65535 is allowed", "--port", "x")]
    [InlineData("--port 99: only a broker of its own gets a port", "--port", "99", "--broker", "mqtt://127.0.0.1")]
    [InlineData("--id a b: 1 to 32 of", "--id", "a b")]
    [InlineData("--interval-ms 5: a whole number from 1000 to 86400000 is allowed", "--interval-ms", "5")]
    [InlineData("--interval-ms 5x: a whole number from 1000 to 86400000 is allowed", "--interval-ms", "5x")]
    [InlineData("--connect-every 3: only a device with --sleep has it", "--connect-every", "3")]
    [InlineData("--connect-every 0: a whole number from 1 to 86400", "--sleep", "--connect-every", "0")]
    [InlineData("--interval-ms 60000: with device.sleep at least", "--sleep", "--interval-ms", "60000")]
    [InlineData("'--speed'", "--speed", "5")]
    [InlineData("'--id'", "--id")]
    public void Bad_input_is_one_sentence_that_names_it(string error, params string[] arguments)
    {
        using SimulatorProcess simulator = new(arguments);

        Assert.Equal(1, simulator.WaitForExit());
        simulator.WaitForLine(error);
        Assert.Single(simulator.Lines.Items);
    }

    [Theory]
    [InlineData("""{"device":{"id":"a","interval_ms":"soon"}}""", "device.interval_ms is \"soon\": a whole number")]
    [InlineData("""{"device":{"id":"a","outputs":[{"name":"x","pin":34}]}}""", "pin")]
    [InlineData("no JSON", "devicequeue.json")]
    [InlineData("""{"device":{"id":"a"},"tls":{"ca":"none.pem"},"connection":{"uri":"mqtts://x"}}""", "none.pem")]
    public void A_file_with_which_the_board_would_stay_offline_is_refused_before_anything_starts(
        string settings, string error)
    {
        string config = Path.GetTempFileName();
        File.WriteAllText(config, settings);
        using SimulatorProcess simulator = new("--config", config);

        Assert.Equal(1, simulator.WaitForExit());
        Assert.Contains(error, simulator.WaitForLine($"--config {config}: "));
        Assert.Single(simulator.Lines.Items);
        File.Delete(config);
    }

    [Fact]
    public void A_port_that_is_taken_is_said_with_the_program_that_has_it()
    {
        using SimulatorProcess simulator = new("--port", $"{fixture.Broker.Port}");

        Assert.Equal(1, simulator.WaitForExit());
        string owner = $"mosquitto (process {fixture.Broker.ProcessId})";
        simulator.WaitForLine($"--port {fixture.Broker.Port}: {owner} has it; a free one is needed");
    }

    [Fact]
    public void The_version_is_the_firmwares()
    {
        using SimulatorProcess simulator = new("--version");

        Assert.Equal(0, simulator.WaitForExit());
        simulator.WaitForLine($"DeviceQueue {FirmwareDefaults.Version}");
    }

    [Fact]
    public void Help_has_every_option_and_the_script_shows_it_without_a_build()
    {
        using SimulatorProcess simulator = new("--help");
        Assert.Equal(0, simulator.WaitForExit());

        // Where dotnet does nothing but fail.
        string folder = Directory.CreateTempSubdirectory("dq-help-").FullName;
        SimulatorProcess.Shell($"printf '#!/bin/sh\nexit 1\n' > {folder}/dotnet; chmod +x {folder}/dotnet");
        string help = SimulatorProcess.Shell($"PATH={folder}:$PATH {Repository.Root}/tools/run --help");
        Directory.Delete(folder, recursive: true);
        Assert.Equal(help.TrimEnd('\n').Split('\n'), simulator.Lines.Items);
        string[] explained = [.. OptionName().Matches(help).Select(match => match.Groups[1].Value)];
        Assert.Equal(new CommandLine([]).Options.Select(option => option.Name).Order(), explained.Order());
    }

    [Fact]
    public void A_second_interrupt_ends_it_at_once()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using SimulatorProcess simulator = new("--broker", Uri, "--id", id);
        watcher.WaitFor("status", m => m.Text == "online");
        fixture.Broker.Freeze(); // so that the first cannot end by itself
        try
        {
            simulator.Signal("INT");
            simulator.WaitForLine("ending; a second Ctrl-C ends at once");
            simulator.Signal("INT");
            Assert.Equal(130, simulator.WaitForExit());
        }
        finally
        {
            fixture.Broker.Thaw();
        }
    }

    private string Uri => $"mqtt://127.0.0.1:{fixture.Broker.Port}";

    [GeneratedRegex(@"^  (--[a-z-]+) ", RegexOptions.Multiline)]
    private static partial Regex OptionName();

    [GeneratedRegex(@"broker 127\.0\.0\.1:(\d+)")]
    private static partial Regex BrokerPort();
}

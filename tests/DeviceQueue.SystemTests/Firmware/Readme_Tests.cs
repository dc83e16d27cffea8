using System.Text.RegularExpressions;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.Tests;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>The board's console against what the pages show of it.</summary>
public sealed partial class Readme_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
    private static readonly string Texts = File.ReadAllText(Path.Combine(Repository.Root, "firmware", "CONSOLE.md"));

    [Fact]
    public void A_good_start_looks_as_shown()
    {
        string[] lines =
        [
            .. ConsoleLine()
                .Matches(Readme)
                .Select(line => line.Groups[1].Value.Replace("192.168.1.10:1883", $"127.0.0.1:{fixture.Broker.Port}")),
        ];
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, "greenhouse-1").Boot();

        Assert.True(lines.Length > 3);
        Assert.All(
            lines,
            line => Assert.Matches(@"^\[ *\d+\.\d{3}\] " + Regex.Escape(line) + "$", board.WaitForConsole(line)));
    }

    [Fact]
    public void A_missing_file_is_said_as_explained()
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.BootAsIs();

        Shows(board, "devicequeue.json is missing");
    }

    [Fact]
    public void A_broker_that_is_not_there_is_said_as_explained()
    {
        int port;
        using (MosquittoBroker gone = MosquittoBroker.Start())
        {
            port = gone.Port;
        }

        using FieldBoard board = new FieldBoard(port).Boot();

        Shows(board, "no connection to …: TCP: …");
    }

    [Fact]
    public void A_wrong_password_is_said_as_explained()
    {
        using MosquittoBroker broker = MosquittoBroker.Start(new MosquittoBrokerOptions { AllowAnonymous = false });
        using FieldBoard board = new FieldBoard(broker.Port).Boot();

        Shows(board, "no connection to …: CONNACK 4", "CONNACK [45] ");
    }

    [Fact]
    public void A_missing_sensor_is_said_as_explained()
    {
        using FieldBoard board = new(fixture.Broker.Port);
        board.Sensor.IsUnplugged = true;
        board.Boot();

        Shows(board, "sensor fault: not_found");
    }

    private static void Shows(FieldBoard board, string text, string? pattern = null)
    {
        Assert.Contains($"| `{text}`", Texts);
        Regex wanted = new(pattern ?? Regex.Escape(text).Replace("…", ".+"));
        board.Console.WaitFor(1, wanted.IsMatch);
    }

    [GeneratedRegex(@"^ *\[ *\d+\.\d+\] (.*?)\r?$", RegexOptions.Multiline)]
    private static partial Regex ConsoleLine();
}

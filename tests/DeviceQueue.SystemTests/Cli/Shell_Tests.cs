using System.Diagnostics;
using System.Text.RegularExpressions;
using DeviceQueue.Settings;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The tool as a shell and a terminal see it.</summary>
public sealed partial class Shell_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int Columns = 80;

    private static readonly string Tool = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "DeviceQueue.Cli.dll")}'";

    public static TheoryData<string> All =>
    [
        "", "provision", "operator", "revoke", "rotate", "device", "device set", "list", "watch", "send", "info",
        "output", "config", "config get", "config set", "simulate", "console", "completion",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Each_command_has_help_with_examples_and_the_exit_codes(string command)
    {
        StringWriter output = new();
        StringWriter error = new();
        string[] typed = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];
        int exitCode = global::DeviceQueue.Cli.Commands.Run(typed, output, error).GetAwaiter().GetResult();

        Assert.Equal((0, ""), (exitCode, error.ToString()));
        Assert.Contains($"Examples:{Environment.NewLine}  devicequeue {command}", output.ToString());
        Assert.Contains("Exit codes: 0 done, 1 bad input, 2 the device did not do it, 3 no answer", output.ToString());
    }

    [Fact]
    public void The_commands_whose_help_is_tested_are_all_that_there_are()
    {
        string help = ToolProcess.Shell($"{Tool} --help");
        string rows = help[help.IndexOf("Commands:", StringComparison.Ordinal)..help.IndexOf("Examples:")];
        IEnumerable<string> listed = CommandRow().Matches(rows).Select(row => row.Groups[1].Value);

        IEnumerable<string> tested = All.Select(row => row.Data).Where(name => name.Length > 0 && !name.Contains(' '));
        Assert.Equal(tested.Order(), listed.Order());
    }

    [Fact]
    public void The_version_is_the_firmwares()
    {
        Assert.Equal(FirmwareDefaults.Version, ToolProcess.Shell($"{Tool} --version").Trim());
    }

    [Theory]
    [InlineData("devicequeue se", "send")]
    [InlineData("devicequeue output demo relay1 to", "toggle")]
    [InlineData("devicequeue watch --jso", "--json")]
    [InlineData("devicequeue send --out fleet gre", "greenhouse-1 greenhouse-2")]
    [InlineData("devicequeue completion po", "powershell")]
    public void A_real_bash_completes_commands_options_and_the_devices_of_a_fleet(string line, string completed)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("dq-bash-");
        folder.CreateSubdirectory("fleet/devices/greenhouse-1");
        folder.CreateSubdirectory("fleet/devices/greenhouse-2");
        folder.CreateSubdirectory("fleet/devices/well");
        File.WriteAllText(
            Path.Combine(folder.FullName, "complete.bash"),
            $$"""
            devicequeue() { {{Tool}} "$@"; }
            source <(devicequeue completion bash)
            complete -p devicequeue >/dev/null || exit 1
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            COMP_WORDS=($COMP_LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _devicequeue
            echo "${COMPREPLY[*]}"
            """);

        string found = ToolProcess.Shell($"cd '{folder.FullName}' && bash complete.bash");

        folder.Delete(recursive: true);
        Assert.Equal(completed, found.Trim());
    }

    [Fact]
    public void At_a_terminal_of_80_columns_watching_is_a_table_that_fits_and_Ctrl_C_ends_it()
    {
        string id = fixture.NewName();
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        board.WaitForConsole("connected to");

        string[] lines = AtTerminal($"watch --broker mqtt://127.0.0.1:{fixture.Broker.Port}", "");

        Assert.All(lines, line => Assert.InRange(line.Length, 0, Columns));
        Assert.Contains(lines, line => line.StartsWith("device ", StringComparison.Ordinal) && line.Contains("queue"));
        string row = lines.Last(line => line.StartsWith(id, StringComparison.Ordinal) && line.Contains('°'));
        Assert.Contains("online", row);
        Assert.Contains("21.50 °C", row);
        Assert.Contains("45.0 %", row);
        Assert.Contains("exit code 0", lines);
    }

    [Theory]
    [InlineData("watch --no-color", "")]
    [InlineData("watch", "NO_COLOR=1")]
    public void Colours_go_when_they_are_not_wanted(string command, string variable)
    {
        string id = fixture.NewName();
        using FleetClient device =
            FleetClient.Connect(new ClientOptions { Host = "127.0.0.1", Port = fixture.Broker.Port });
        device.Publish($"sensor/{id}/status", "online", retain: true);
        string broker = $"--broker mqtt://127.0.0.1:{fixture.Broker.Port}";

        Assert.Matches(Color(), RawAtTerminal($"watch {broker}", ""));
        Assert.DoesNotMatch(Color(), RawAtTerminal($"{command} {broker}", variable));
    }

    private static string[] AtTerminal(string command, string variables) =>
        [.. Escape().Replace(RawAtTerminal(command, variables), "\n").Split('\n', '\r').Select(line => line.TrimEnd())];

    // As at a keyboard: an interrupt after some seconds.
    private static string RawAtTerminal(string command, string variables)
    {
        string tool = Tool.Replace('\'', ' ');
        const string Interrupt = "timeout --foreground --preserve-status -s INT 4";
        return ToolProcess.Shell(
            $"script -qec \"stty cols {Columns} rows 24; {variables} TERM=xterm {Interrupt} {tool} {command}; "
                + "echo exit code \\$?\" /dev/null </dev/null");
    }

    [GeneratedRegex(@"(?m)^  (\w+)")]
    private static partial Regex CommandRow();

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escape();

    // Green, red, blue or yellow; bold is no colour.
    [GeneratedRegex(@"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;[0-9;]+)m")]
    private static partial Regex Color();
}

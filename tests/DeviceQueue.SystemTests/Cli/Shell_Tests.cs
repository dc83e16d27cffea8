using System.Text.RegularExpressions;
using DeviceQueue.Settings;
using DeviceQueue.SystemTests.Firmware;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.SystemTests.Simulator;
using Mqtt;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The tool as a shell and a terminal see it.</summary>
public sealed partial class Shell_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IDisposable
{
    private const int Columns = 80;

    private static readonly string Tool = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "DeviceQueue.Cli.dll")}'";

    private readonly string _pidFile = Path.GetTempFileName();

    public static TheoryData<string> All =>
    [
        "", "provision", "operator", "revoke", "rotate", "device", "device set", "list", "watch", "send", "info",
        "output", "config", "config get", "config set", "simulate", "console", "completion",
    ];

    public void Dispose() => File.Delete(_pidFile);

    [Theory]
    [MemberData(nameof(All))]
    public void Each_command_has_help_with_examples_and_the_exit_codes(string command)
    {
        Outcome help = Fleet.RunBare([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.Contains($"Examples:{Environment.NewLine}  devicequeue {command}", help.Output);
        Assert.Contains("Exit codes: 0 done, 1 bad input, 2 the device did not do it, 3 no answer", help.Output);
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
        using ToolProcess terminal = AtTerminal("watch", "");

        terminal.WaitForLine("21.50 °C");
        Interrupt();

        Assert.Equal(0, terminal.WaitForExit());
        string[] lines = [.. terminal.Lines.Items.SelectMany(Rows)];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, Columns));
        Assert.Contains(lines, line => line.StartsWith("device ", StringComparison.Ordinal) && line.Contains("queue"));
        string row = lines.Last(line => line.StartsWith(id, StringComparison.Ordinal) && line.Contains('°'));
        Assert.Matches(@"^\S+ +online.* 21\.50 °C .* 45\.0 % +1006\.5 ", row);
    }

    [Theory]
    [InlineData("watch", "", true)]
    [InlineData("watch --no-color", "", false)]
    [InlineData("watch", "NO_COLOR=1", false)]
    [InlineData("watch", "NO_COLOR=", true)]
    public void Colours_go_when_they_are_not_wanted(string command, string variable, bool hasColors)
    {
        string id = fixture.NewName();
        using FleetClient device =
            FleetClient.Connect(new ClientOptions { Host = "127.0.0.1", Port = fixture.Broker.Port });
        device.Publish($"sensor/{id}/status", "online", retain: true);
        using ToolProcess terminal = AtTerminal(command, variable);

        string row = terminal.WaitForLine(id);

        Assert.Equal(hasColors, Color().IsMatch(row));
        Interrupt();
        Assert.Equal(0, terminal.WaitForExit());
    }

    [Fact]
    public void A_waiting_send_says_at_a_terminal_what_it_waits_for_and_an_interrupt_ends_it()
    {
        string id = fixture.NewName();
        using FleetClient device = FleetClient.Connect(
            new ClientOptions { Host = "127.0.0.1", Port = fixture.Broker.Port }, $"sensor/{id}/command");
        using ToolProcess terminal = AtTerminal($"send {id} device.ping --timeout 600", "");
        device.WaitForAny();
        terminal.WaitForLine("it has never been on this broker; waiting for the answer, ");

        Interrupt();

        Assert.Equal(3, terminal.WaitForExit());
        terminal.WaitForLine("error: interrupted; the command may be done or not. To repeat it");
    }

    private ToolProcess AtTerminal(string command, string variables) => ToolProcess.InShell(
        $"script -qec \"echo \\$\\$ >'{_pidFile}'; stty cols {Columns} rows 24; unset NO_COLOR; "
            + $"export TERM=xterm {variables}; exec {Tool} {command} --broker mqtt://127.0.0.1:{fixture.Broker.Port}\" "
            + "/dev/null </dev/null");

    // As the terminal does at Ctrl-C.
    private void Interrupt() => ToolProcess.Shell($"kill -INT $(cat '{_pidFile}')");

    private static IEnumerable<string> Rows(string output) =>
        Movement().Replace(Style().Replace(output, ""), "\n").Split('\n', '\r').Select(line => line.TrimEnd());

    [GeneratedRegex(@"(?m)^  (\w+)")]
    private static partial Regex CommandRow();

    [GeneratedRegex(@"\x1b\[[0-9;]*m")]
    private static partial Regex Style();

    [GeneratedRegex(@"\x1b(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Movement();

    // Green, red, blue or yellow; bold is no colour.
    [GeneratedRegex(@"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38;[0-9;]+)m")]
    private static partial Regex Color();
}

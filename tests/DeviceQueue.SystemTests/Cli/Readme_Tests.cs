using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Brokers;
using DeviceQueue.SystemTests.Simulator;
using DeviceQueue.Tests;

namespace DeviceQueue.SystemTests.Cli;

/// <summary>The README's section on a fleet, followed to its end on this computer.</summary>
public sealed partial class Readme_Tests : IDisposable
{
    private const string OwnTerminal = "#";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dq-readme-");
    private readonly List<ToolProcess> _terminals = [];

    public void Dispose()
    {
        _terminals.ForEach(terminal => terminal.Dispose());
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void The_fleet_section_can_be_followed_word_for_word()
    {
        string[] lines = [.. Block()];
        string port = FreePort();
        InstallTools();

        List<string> printed = [];
        foreach (string line in lines)
        {
            // The standard port may be in use here.
            string typed = line.Replace("mqtts://127.0.0.1 ", $"mqtts://127.0.0.1:{port} ", StringComparison.Ordinal);
            if (line.StartsWith("mosquitto", StringComparison.Ordinal))
            {
                OpenTerminal(typed).WaitForLine(" running");
            }
            else if (line.StartsWith("tools/run", StringComparison.Ordinal))
            {
                OpenTerminal(typed);
            }
            else if (line == lines[^1])
            {
                OpenTerminal(typed).WaitForLine("greenhouse-1  status  online");
            }
            else
            {
                printed.Add(Type(typed));
            }
        }

        Assert.Contains(printed, text => text.StartsWith("succeeded", StringComparison.Ordinal));
        _terminals[^1].Signal("INT");
        Assert.Equal(0, _terminals[^1].WaitForExit());
    }

    [Fact]
    public void What_provision_says_of_the_desk_are_the_lines_of_the_README()
    {
        InstallTools();
        string[] lines = [.. Block().Select(line => line.Split(OwnTerminal)[0].TrimEnd())];

        string output = Type(lines[0]);

        Assert.All(lines[1..], line => Assert.Contains(line, output));
    }

    private static IEnumerable<string> Block()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        return FleetBlock().Match(page).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    // With the one behind it, which is the operators'.
    private static string FreePort()
    {
        while (true)
        {
            int port = MosquittoBroker.FindFreePort();
            try
            {
                using TcpListener next = new(IPAddress.Loopback, port + 1);
                next.Start();
                return $"{port}";
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }

    /// <summary>Puts the tools of this build where those of a clone are.</summary>
    private void InstallTools()
    {
        string tools = _folder.CreateSubdirectory("tools").FullName;
        foreach ((string name, string program) in
            (IEnumerable<(string, string)>)[("devicequeue", "DeviceQueue.Cli.dll"), ("run", "Simulator.dll")])
        {
            string path = Path.Combine(tools, name);
            File.WriteAllText(
                path, $"#!/bin/sh\nexec dotnet \"{Path.Combine(AppContext.BaseDirectory, program)}\" \"$@\"\n");
            ToolProcess.Shell($"chmod +x '{path}'");
        }
    }

    private string Type(string line) => ToolProcess.Shell($"cd '{_folder.FullName}' && PATH=$PATH:/usr/sbin && {line}");

    private ToolProcess OpenTerminal(string line)
    {
        ToolProcess terminal = ToolProcess.InShell($"cd '{_folder.FullName}' && PATH=$PATH:/usr/sbin && exec {line}");
        _terminals.Add(terminal);
        return terminal;
    }

    // From the head of the section to the end of its first block.
    [GeneratedRegex(@"## A fleet\n.*?```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex FleetBlock();
}

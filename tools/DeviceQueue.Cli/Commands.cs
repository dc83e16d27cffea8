using System.CommandLine;
using System.CommandLine.Help;
using System.Text.RegularExpressions;
using DeviceQueue.Cli.Simulating;

namespace DeviceQueue.Cli;

/// <summary>The command line: what can be typed, and what is called for it.</summary>
internal static partial class Commands
{
    private const string NoCommand = "Required command was not provided.";

    /// <summary>Runs what was typed and gives the exit code.</summary>
    public static async Task<int> Run(string[] arguments, TextWriter output, TextWriter error)
    {
        HelpPages help = new();
        ParseResult typed = Create(output, error, help).Parse(arguments);
        if (help.TryShow(typed, output))
        {
            return ExitCode.Done;
        }

        if (typed.Errors.Count > 0)
        {
            // The first one: the others are mostly what follows from it.
            string message = typed.Errors.Select(parseError => parseError.Message).FirstOrDefault(
                text => text != NoCommand, "a command is needed, as in: devicequeue list");
            await error.WriteLineAsync($"error: {Plain.Text(Translate(message))}");

            await error.WriteLineAsync("devicequeue --help says what can be typed.");
            return ExitCode.BadInput;
        }

        // The command line's own time limit would cut off a clean end.
        return await typed.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            ProcessTerminationTimeout = Simulation.LongestEnd,
        });
    }

    private static RootCommand Create(TextWriter output, TextWriter error, HelpPages help)
    {
        Invocation invocation = new(output, error);
        RootCommand root = new("Provisions and operates a fleet of DeviceQueue devices.") { invocation.NoColor };
        // Windows' own spellings of help would stand in each completion.
        ICollection<string> aliases = root.Options.OfType<HelpOption>().First().Aliases;
        aliases.Clear();
        aliases.Add("-h");
        foreach (Command command in (IEnumerable<Command>)
            [
                .. new FleetCommands(invocation, help).All(),
                .. new OperatingCommands(invocation, help).All(),
                .. new DeskCommands(invocation, help).All(),
            ])
        {
            root.Subcommands.Add(command);
        }

        help.Add(
            root,
            "send demo output.toggle '{\"name\":\"relay1\"}' --broker mqtt://127.0.0.1:1883",
            "provision --id greenhouse-1 --broker mqtts://192.168.1.10 --wifi \"my network\" --out fleet",
            "operator --name alice --out fleet",
            "list --out fleet",
            "watch --out fleet");
        return root;
    }

    // Types of .NET say nothing to those who type.
    private static string Translate(string message)
    {
        Match match = NotOfType().Match(message);
        return match.Success
            ? $"{match.Groups["name"].Value} '{match.Groups["value"].Value}': a number is needed"
            : message;
    }

    [GeneratedRegex("^Cannot parse argument '(?<value>.*)' for [a-z]+ '(?<name>.*)' as expected type")]
    private static partial Regex NotOfType();
}

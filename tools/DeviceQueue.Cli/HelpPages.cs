using System.CommandLine;
using System.CommandLine.Help;

namespace DeviceQueue.Cli;

/// <summary>The help of each command, with examples and the exit codes below it.</summary>
internal sealed class HelpPages
{
    private readonly Dictionary<Command, string[]> _examples = [];

    /// <summary>Adds what can be typed, without the name of the tool.</summary>
    public Command Add(Command command, params string[] examples)
    {
        _examples.Add(command, examples);
        return command;
    }

    /// <summary>Shows the page of a command if that was typed, whatever else was.</summary>
    public bool TryShow(ParseResult typed, TextWriter output)
    {
        if (typed.RootCommandResult.Command.Options.OfType<HelpOption>().FirstOrDefault() is not { } help
            || typed.GetResult(help) == null)
        {
            return false;
        }

        typed.InvocationConfiguration.Output = output;
        ((HelpAction)help.Action!).Invoke(typed);
        WriteExamples(typed.CommandResult.Command, output);
        return true;
    }

    private void WriteExamples(Command command, TextWriter output)
    {
        if (_examples.TryGetValue(command, out string[]? examples))
        {
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine($"  devicequeue {example}");
            }

            output.WriteLine();
        }

        output.WriteLine($"Exit codes: {ExitCode.Help}");
    }
}

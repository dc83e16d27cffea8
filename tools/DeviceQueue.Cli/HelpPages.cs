using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

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

    public void AddTo(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().First();
        help.Action = new PageAction((HelpAction)help.Action!, this);
    }

    private void Write(Command command, TextWriter output)
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

    private sealed class PageAction(HelpAction usual, HelpPages pages) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int exitCode = usual.Invoke(parseResult);
            pages.Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);
            return exitCode;
        }
    }
}

using System.CommandLine;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli;

/// <summary>What all commands share when they run: the terminal, and one sentence for what goes wrong.</summary>
internal sealed class Invocation(TextWriter output, TextWriter error)
{
    /// <summary>Gets the option that all commands have.</summary>
    public Option<bool> NoColor { get; } = new("--no-color")
    {
        Description = "No colours; the variable NO_COLOR says the same.",
        Recursive = true,
    };

    /// <summary>Lets a command do something that takes no time.</summary>
    public void Handle(Command command, Action<ParseResult, Terminal> action) => Handle(
        command,
        (typed, terminal, _) =>
        {
            action(typed, terminal);
            return Task.FromResult(ExitCode.Done);
        });

    /// <summary>Lets a command do something that Ctrl-C ends.</summary>
    public void Handle(Command command, Func<ParseResult, Terminal, CancellationToken, Task<int>> action) =>
        command.SetAction(async (typed, cancellation) =>
        {
            Terminal terminal = new(output, error, typed.GetValue(NoColor));
            try
            {
                return await action(typed, terminal, cancellation);
            }
            catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
            {
                terminal.Error.WriteLine($"error: {Plain.Text(e.Message)}");
                return ExitCode.BadInput;
            }
        });
}

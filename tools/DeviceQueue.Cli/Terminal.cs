using Spectre.Console;

namespace DeviceQueue.Cli;

/// <summary>What the tool writes to: a terminal, with colours or without, or a stream.</summary>
internal sealed class Terminal
{
    private const int UsualWidth = 80;

    private readonly bool _hasColors;

    public Terminal(TextWriter output, TextWriter error, bool noColor)
    {
        Out = output;
        Error = error;
        bool isDumb = Environment.GetEnvironmentVariable("TERM") == "dumb";
        IsLive = !isDumb && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        IsErrorLive = !isDumb && ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

        // https://no-color.org: set and not empty.
        _hasColors = IsLive && !noColor && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    /// <summary>Gets a value indicating whether what was written can be drawn over.</summary>
    public bool IsLive { get; }

    /// <inheritdoc cref="IsLive"/>
    public bool IsErrorLive { get; }

    public int ErrorWidth => Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth;

    /// <summary>Opens it for tables; where it is a stream, lines are as long as they are.</summary>
    public IAnsiConsole CreateConsole()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsLive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = _hasColors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(Out),
        });
        if (!IsLive)
        {
            console.Profile.Width = short.MaxValue;
        }

        return console;
    }
}

using System.Collections.Concurrent;
using Spectre.Console;

namespace Simulator;

/// <summary>
/// Shows a run as lines, for a file or a terminal that can do no more. A thread of its own writes them: the firmware's
/// console lines arrive under the lock of <see cref="Console.Out"/>, which the terminal's own functions take too, so
/// that code that wrote at once could wait for another for ever.
/// </summary>
internal sealed class LineDisplay : IDisplay
{
    private const int MaxWaitingLines = 10_000;

    private readonly BlockingCollection<Action> _lines = new(MaxWaitingLines);
    private readonly IAnsiConsole _console;
    private readonly Thread _writer;

    public LineDisplay(IAnsiConsole console)
    {
        _console = console;
        _writer = new Thread(WriteLines) { IsBackground = true, Name = "Display" };
        _writer.Start();
    }

    public void Begin(RunInfo info)
    {
        Say($"{info.Title}, broker {info.BrokerText}. Ctrl-C ends it.");
        Array.ForEach([.. info.Notes], Say);
        if (info.Pace != null)
        {
            Say(info.Pace);
        }

        Plain("");
        foreach (PasteLine line in info.PasteLines)
        {
            Plain($"  {line}"); // as it is: one to paste must not be wrapped
        }

        Plain("");
        info.View.LineAdded += Show;
    }

    public void Say(string text) => Add(() => _console.MarkupLineInterpolated($"[bold]{text}[/]"));

    /// <summary>Writes what waits.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        _writer.Join();
        _lines.Dispose();
    }

    private void Plain(string text) => Add(() => _console.Profile.Out.Writer.WriteLine(text));

    private void Add(Action line)
    {
        try
        {
            _lines.Add(line);
        }
        catch (InvalidOperationException)
        {
            // the end came first
        }
    }

    private void Show(BoardLine line)
    {
        string text = $"[{line.Color}]{line.Source,-7}[/] {Markup.Escape(line.Text)}";
        Add(() => _console.MarkupLine($"[grey]{line.Time:HH:mm:ss}[/] {text}"));
    }

    private void WriteLines()
    {
        foreach (Action line in _lines.GetConsumingEnumerable())
        {
            line();
        }
    }
}

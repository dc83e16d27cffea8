using System.Collections.Concurrent;
using DeviceQueue.Desktop;
using Spectre.Console;

namespace Simulator;

/// <summary>
/// Shows one line for each thing that happens. A thread of its own writes them: the firmware's console lines arrive
/// under the lock of <see cref="System.Console.Out"/>, which the terminal's own functions take too, so that code that
/// wrote at once could wait for another for ever.
/// </summary>
internal sealed class Display : IDisposable
{
    private const int MaxWaitingLines = 10_000;

    private readonly BlockingCollection<Action> _lines = new(MaxWaitingLines);
    private readonly IAnsiConsole _console;
    private readonly Thread _writer;

    public Display(IAnsiConsole console)
    {
        _console = console;
        _writer = new Thread(WriteLines) { IsBackground = true, Name = "Display" };
        _writer.Start();
    }

    public void Title(string text) => Write($"[bold]{Markup.Escape(text)}[/]");

    /// <summary>Shows a line as it is: one to paste must not be wrapped.</summary>
    public void Plain(string text) => _lines.Add(() => _console.Profile.Out.Writer.WriteLine(text));

    public void Error(string text) => Write($"[red]{Markup.Escape(text)}[/]");

    public void Console(string line) => WriteEvent("grey", "console", line);

    public void Pin(string name, int pin, string level) => WriteEvent("yellow", "pin", $"{name} (GPIO {pin}) {level}");

    public void Message(string topic, byte[] payload, bool isRetained)
    {
        string name = topic[(topic.LastIndexOf('/') + 1)..];
        string color = name switch
        {
            "temperature" => "green",
            "status" => "blue",
            "command" => "magenta",
            "response" => "cyan",
            _ => "white",
        };
        WriteEvent(color, "mqtt", $"{topic} {PayloadText.Show(payload)}{(isRetained ? " (retained)" : "")}");
    }

    /// <summary>Writes what waits.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        _writer.Join();
        _lines.Dispose();
    }

    private void WriteEvent(string color, string source, string text) =>
        Write($"[grey]{DateTime.Now:HH:mm:ss.fff}[/] [{color}]{source,-7}[/] {Markup.Escape(text)}");

    private void Write(string markup) => _lines.Add(() => _console.MarkupLine(markup));

    private void WriteLines()
    {
        foreach (Action line in _lines.GetConsumingEnumerable())
        {
            line();
        }
    }
}

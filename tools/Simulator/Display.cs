using DeviceQueue.Desktop;
using Spectre.Console;

namespace Simulator;

/// <summary>Shows one line for each thing that happens.</summary>
internal sealed class Display(IAnsiConsole console)
{
    private readonly Lock _lock = new();

    public void Title(string text) => Write($"[bold]{Markup.Escape(text)}[/]");

    public void Plain(string text)
    {
        lock (_lock)
        {
            // Lines to paste must not be wrapped.
            console.Profile.Out.Writer.WriteLine(text);
        }
    }

    public void Error(string text) => Write($"[red]{Markup.Escape(text)}[/]");

    public void Console(string line) => WriteEvent("grey", "console", line);

    public void Pin(string name, int pin, string level) => WriteEvent("yellow", "pin", $"{name} (GPIO {pin}) {level}");

    public void Message(string topic, byte[] payload, bool isRetained)
    {
        string name = topic[(topic.LastIndexOf('/') + 1)..];
        string color = name switch { "temperature" => "green", "status" => "blue", "command" => "magenta", "response" => "cyan", _ => "white" };
        WriteEvent(color, "mqtt", $"{topic} {PayloadText.Show(payload)}{(isRetained ? " (retained)" : "")}");
    }

    private void WriteEvent(string color, string source, string text) =>
        Write($"[grey]{DateTime.Now:HH:mm:ss.fff}[/] [{color}]{source,-7}[/] {Markup.Escape(text)}");

    private void Write(string markup)
    {
        lock (_lock)
        {
            console.MarkupLine(markup);
        }
    }
}

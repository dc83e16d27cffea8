using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Simulator;

/// <summary>
/// Shows one line for each thing that happens. A thread of its own writes them: the firmware's console lines arrive under the lock of <see cref="System.Console.Out"/>,
/// which the terminal's own functions take too, so that whoever wrote at once could wait for another for ever.
/// </summary>
internal sealed class Display : IDisposable
{
    private const int MaxPayload = 600;
    private const int MaxWaitingLines = 10_000;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

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
        string color = name switch { "temperature" => "green", "status" => "blue", "command" => "magenta", "response" => "cyan", _ => "white" };
        WriteEvent(color, "mqtt", $"{topic} {Readable(payload)}{(isRetained ? " (retained)" : "")}");
    }

    /// <summary>Writes what waits.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        _writer.Join();
        _lines.Dispose();
    }

    /// <summary>Shows an envelope as its type, correlation id and payload, other text as it is, and what is no text as a length.</summary>
    private static string Readable(byte[] payload)
    {
        try
        {
            string text = Envelope(payload) ?? StrictUtf8.GetString(payload);
            return text.Contains('\0') ? Size(payload) : Printable(text);
        }
        catch (DecoderFallbackException)
        {
            return Size(payload);
        }
    }

    private static string? Envelope(byte[] payload)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("message_type", out JsonElement type)
                && root.TryGetProperty("correlation_id", out JsonElement id)
                && root.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String
                && message.TryGetBytesFromBase64(out byte[]? bytes)
                ? $"{type} ({id}) {StrictUtf8.GetString(bytes)}"
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Size(byte[] payload) => $"<{payload.Length} bytes>";

    private static string Printable(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c).Take(MaxPayload)]);

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

using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Simulator;

/// <summary>Shows one line for each thing that happens.</summary>
internal sealed class Display(IAnsiConsole console)
{
    private const int MaxPayload = 600;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

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
        WriteEvent(color, "mqtt", $"{topic} {Readable(payload)}{(isRetained ? " (retained)" : "")}");
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

    private void Write(string markup)
    {
        lock (_lock)
        {
            console.MarkupLine(markup);
        }
    }
}

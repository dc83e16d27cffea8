using System.Text;
using System.Text.Json;

namespace DeviceQueue.Desktop;

/// <summary>Payloads as one line for a terminal.</summary>
public static class PayloadText
{
    private const int MaxChars = 600;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>
    /// Shows an envelope as its type, correlation id and payload, other text as it is, and what is no text as a length.
    /// </summary>
    public static string Show(byte[] payload)
    {
        try
        {
            string text = ShowEnvelope(payload) ?? StrictUtf8.GetString(payload);
            return text.Contains('\0') ? ShowSize(payload) : Clean(text);
        }
        catch (DecoderFallbackException)
        {
            return ShowSize(payload);
        }
    }

    /// <summary>
    /// Makes text of a stranger fit for a terminal: cut when it is long, and with a question mark for each control
    /// character.
    /// </summary>
    public static string Clean(string text) => new([.. text.Select(c => char.IsControl(c) ? '?' : c).Take(MaxChars)]);

    private static string? ShowEnvelope(byte[] payload)
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
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter when a text in it is no UTF-8.
            return null;
        }
    }

    private static string ShowSize(byte[] payload) => $"<{payload.Length} bytes>";
}

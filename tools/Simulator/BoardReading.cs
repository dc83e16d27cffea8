using System.Text.Json;

namespace Simulator;

/// <summary>A reading as the broker had it.</summary>
/// <param name="Time">When it came, on this computer.</param>
/// <param name="Temperature">°C, for the curve.</param>
/// <param name="Text">All of it in words.</param>
internal sealed record BoardReading(DateTime Time, double Temperature, string Text)
{
    private static readonly (string Name, string Unit)[] Quantities =
        [("temperature", "°C"), ("humidity", "%"), ("pressure", "hPa"), ("battery", "V")];

    /// <summary>Reads a message's payload; null when it is none, as in an envelope.</summary>
    public static BoardReading? Parse(byte[] payload, DateTime now)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("temperature", out JsonElement value)
                || !value.TryGetDouble(out double temperature))
            {
                return null;
            }

            IEnumerable<string> parts =
                from quantity in Quantities
                where root.TryGetProperty(quantity.Name, out _)
                let number = root.GetProperty(quantity.Name)
                where number.ValueKind == JsonValueKind.Number
                select $"{number.GetRawText()} {quantity.Unit}";
            string sequence = root.TryGetProperty("seq", out JsonElement seq) ? $"   #{seq.GetRawText()}" : "";
            return new BoardReading(now, temperature, string.Join("   ", parts) + sequence);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

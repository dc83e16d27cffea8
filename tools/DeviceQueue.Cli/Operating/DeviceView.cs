using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>What a device has said of itself, as far as it was heard.</summary>
internal sealed class DeviceView(string id)
{
    public const string Online = "online";
    public const string Asleep = "asleep";

    public string Id { get; } = id;

    /// <summary>Gets its status; null when it was never on the broker.</summary>
    public string? Status { get; private set; }

    /// <summary>Gets since when; null when it said so before it was heard here.</summary>
    public DateTime? StatusSince { get; private set; }

    public JsonObject? Reading { get; private set; }

    /// <summary>Gets when the reading was taken, or heard if it has no time.</summary>
    public DateTime? ReadingTime { get; private set; }

    public SortedDictionary<string, string> Outputs { get; } = new(StringComparer.Ordinal);

    public JsonObject? Health { get; private set; }

    /// <summary>Gets when a device that sleeps connects next, as far as it has said.</summary>
    public DateTime? NextConnect { get; private set; }

    /// <summary>Takes a message below <c>sensor/ID/</c>.</summary>
    /// <param name="kind">The topic below that.</param>
    /// <param name="message">The message.</param>
    /// <param name="now">The time in UTC.</param>
    public void Take(string kind, ReceivedMessage message, DateTime now)
    {
        switch (kind)
        {
            case "status":
                string status = PayloadText.Show(message.Payload);
                StatusSince = message.Retain ? null : status == Status ? StatusSince : now;
                Status = status;
                break;
            case "temperature":
                TakeReading(Parse(message.Payload), now);
                break;
            case "health":
                Health = Parse(message.Payload) ?? Health;
                NextConnect = Time(Health?["sleep"]?["connects_at"])
                    ?? (Number(Health?["sleep"]?["connects_in_ms"]) is { } ms ? now.AddMilliseconds(ms) : null);
                break;
            default:
                if (kind.StartsWith("output/", StringComparison.Ordinal) && kind.Count('/') == 1)
                {
                    Outputs[kind["output/".Length..]] = PayloadText.Show(message.Payload);
                }

                break;
        }
    }

    public void TakeReading(JsonObject? reading, DateTime now)
    {
        Reading = reading ?? Reading;
        ReadingTime = reading == null ? ReadingTime : Time(reading["time"]) ?? now;
    }

    /// <summary>Gives a number of the last reading with its unit; a dash when there is none.</summary>
    public string Show(string quantity, int decimals, string unit) =>
        Number(Reading?[quantity]) is { } number
            ? number.ToString($"F{decimals}", CultureInfo.InvariantCulture) + unit
            : "-";

    /// <summary>Gives what is wrong with it by its last report; nothing when all is well, or none was heard.</summary>
    public IEnumerable<string> Faults()
    {
        if (Health == null)
        {
            yield break;
        }

        if (Health["sensor"]?["state"]?.ToString() is { } state and not "ok")
        {
            yield return $"sensor {state}";
        }

        if (Health["safe_mode"]?.ToString() == "true")
        {
            yield return "safe mode";
        }

        if (Health["commands"]?.ToString() is { Length: > 0 })
        {
            yield return "no commands";
        }

        if (Health["queue"]?["degraded"]?.ToString() == "true")
        {
            yield return "flash";
        }

        double dropped = (Health["dropped"] as JsonObject)?.Sum(reason => Number(reason.Value) ?? 0) ?? 0;
        if (dropped > 0)
        {
            yield return $"{dropped} dropped";
        }

        if (Number(Health["faults"]) is > 0 and { } faults)
        {
            yield return $"{faults} faults";
        }
    }

    public static double? Number(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.Number
            ? double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture)
            : null;

    private static DateTime? Time(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out DateTime time) ? time.ToUniversalTime() : null;

    public static JsonObject? Parse(byte[] payload)
    {
        try
        {
            return JsonNode.Parse(payload) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

extern alias Desktop;

using System.Text;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.SystemTests.Mosquitto;
using HMACSHA256 = Desktop::System.Security.Cryptography.HMACSHA256;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>A client at the broker that watches one device and commands it, with the command key or without.</summary>
internal sealed class Operator(MosquittoBroker broker, string id = "field1", bool hasKey = false) : IDisposable
{
    /// <summary>The bytes 00 to 1f.</summary>
    public static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly Observer _observer = new(broker, $"sensor/{id}/#");
    private int _correlation;

    public Observed[] Messages => _observer.Messages;

    public Observed WaitFor(string topic, Predicate<Observed>? wanted = null, TimeSpan? timeout = null) =>
        _observer.WaitFor(m => m.Topic == Topic(topic) && (wanted == null || wanted(m)), timeout);

    public Observed[] WaitForReadings(int count, TimeSpan? timeout = null) => _observer.WaitForCount(
        m => m.Topic == Topic("temperature"), count, timeout);

    /// <summary>Waits for a health report that says so.</summary>
    public JsonNode WaitForHealth(Predicate<JsonNode> wanted) =>
        JsonNode.Parse(WaitFor("health", m => wanted(JsonNode.Parse(m.Text)!)).Text)!;

    public void Publish(
        string topic, byte[] payload, bool retain = false) => _observer.Publish(Topic(topic), payload, retain: retain);

    /// <summary>Sends a command and waits for its answer, the payload of the response envelope.</summary>
    public JsonNode Command(string type, string arguments, string? messageId = null, TimeSpan? timeout = null)
    {
        string correlationId = $"c{Interlocked.Increment(ref _correlation)}";
        Send(Envelope(type, arguments, correlationId, messageId));
        return WaitForAnswer(correlationId, timeout);
    }

    /// <summary>Publishes a command, signed by one who has the key.</summary>
    public void Send(byte[] envelope) => Publish("command", hasKey ? Sign(envelope, id) : envelope);

    public JsonNode WaitForAnswer(string correlationId, TimeSpan? timeout = null)
    {
        JsonNode envelope = JsonNode.Parse(
            WaitFor(
                "response",
                m => JsonNode.Parse(m.Text)!["correlation_id"]?.ToString() == correlationId,
                timeout).Text)!;
        JsonNode answer = JsonNode.Parse(Convert.FromBase64String(envelope["message"]!.ToString()))!;
        answer["message_type"] = envelope["message_type"]!.ToString();
        return answer;
    }

    public static byte[] Envelope(
        string type, string arguments, string correlationId, string? messageId = null) => Encoding.UTF8.GetBytes(
        new JsonObject
        {
            ["message_id"] = messageId ?? Guid.NewGuid().ToString("N"),
            ["correlation_id"] = correlationId,
            ["message_type"] = type,
            ["sent_time"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ"),
            ["message"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(arguments)),
        }.ToJsonString());

    public static byte[] Sign(byte[] envelope, string deviceId)
    {
        JsonObject command = JsonNode.Parse(envelope)!.AsObject();
        Sign(command, deviceId);
        return Encoding.UTF8.GetBytes(command.ToJsonString());
    }

    public static void Sign(JsonObject command, string deviceId)
    {
        StringBuilder input = new("dq1");
        string[] fields = ["message_id", "correlation_id", "message_type", "sent_time", "message"];
        foreach (string value in (string[])[deviceId, .. fields.Select(field => command[field]!.ToString())])
        {
            input.Append($"\n{Encoding.UTF8.GetByteCount(value)}:{value}");
        }

        command["signature"] = Convert.ToHexStringLower(
            HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(input.ToString())));
    }

    public void Dispose() => _observer.Dispose();

    private string Topic(string name) => $"sensor/{id}/{name}";
}

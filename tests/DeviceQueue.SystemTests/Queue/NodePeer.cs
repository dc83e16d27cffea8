using System.Diagnostics;
using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>A program on pip-services3-mqtt-node, with one queue: node/peer.js.</summary>
internal sealed class NodePeer : IDisposable
{
    private readonly Process _process;
    private readonly Recorder<JsonNode> _lines = new();
    private readonly Recorder<string> _errors = new();

    public NodePeer(int port, string topic, bool serializeEnvelope)
    {
        _process = NodeFolder.Start("peer.js", $"{port}", topic, serializeEnvelope ? "true" : "false");
        _process.OutputDataReceived += (_, e) => Keep(_lines, e.Data, line => JsonNode.Parse(line)!);
        _process.ErrorDataReceived += (_, e) => Keep(_errors, e.Data, line => line);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        WaitFor("ready");
    }

    /// <summary>Sends an envelope and gives what the package then says it has sent.</summary>
    public JsonNode Send(string messageId, string? correlationId, string? messageType, byte[]? message)
    {
        _process.StandardInput.WriteLine(new JsonObject
        {
            ["message_id"] = messageId,
            ["correlation_id"] = correlationId,
            ["message_type"] = messageType,
            ["message"] = message == null ? null : Convert.ToBase64String(message),
        }.ToJsonString());
        return WaitFor("sent", line => (string?)line["message_id"] == messageId);
    }

    public JsonNode WaitForReceived(string messageId) =>
        WaitFor("received", line => (string?)line["message_id"] == messageId);

    public void Dispose()
    {
        _process.StandardInput.Close();
        bool ended = _process.WaitForExit(Patience.Bound);
        if (!ended)
        {
            _process.Kill();
        }

        _process.Dispose();
        Assert.True(ended, "The Node.js program did not end.");
        Assert.Empty(_errors.Items);
    }

    private static void Keep<T>(Recorder<T> recorder, string? line, Func<string, T> read)
    {
        if (line != null)
        {
            recorder.Add(read(line));
        }
    }

    private JsonNode WaitFor(string what, Predicate<JsonNode>? wanted = null) =>
        _lines.WaitFor(1, line => (string?)line["what"] == what && (wanted == null || wanted(line)))[0];
}

using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.Messaging;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Queue;

/// <summary>Envelopes between these queues and those of pip-services3-mqtt-node, over one broker.</summary>
public sealed class Interoperability_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    public static TheoryData<string?, string?, byte[]?> Contents => new()
    {
        { "123", "output.set", "{\"name\":\"relay1\",\"on\":true}"u8.ToArray() },
        { null, null, null },
        { "", "", [] },
        { "tab\t \"quoted\" back\\slash /", "grüße 温度 🌡\u2028", Encoding.UTF8.GetBytes("21,5 °C 🌡") },
        { "all bytes", "binary", EveryByte },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public void What_Node_sends_is_received_field_by_field(string? correlationId, string? messageType, byte[]? message)
    {
        using NodePeer node = Connect(true, out QueueProgram program, out MqttMessageQueue queue);
        using QueueProgram running = program;

        JsonNode sent = node.Send("1234567890123456789", correlationId, messageType, message);

        MessageEnvelope received = queue.Receive(null, (int)Patience.Bound.TotalMilliseconds);
        Assert.Equal("1234567890123456789", received.MessageId);
        Assert.Equal(correlationId, received.CorrelationId);
        Assert.Equal(messageType, received.MessageType);
        Assert.Equal((string?)sent["sent_time"], received.SentTimeText);
        Assert.Equal(Utc(sent), received.SentTime);
        Assert.Equal(message, received.Message);
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public void What_is_sent_here_Node_receives_field_by_field(
        string? correlationId, string? messageType, byte[]? message)
    {
        using NodePeer node = Connect(true, out QueueProgram program, out MqttMessageQueue queue);
        using QueueProgram running = program;
        DateTime sentTime = new(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc);

        queue.Send(
            null, new MessageEnvelope(correlationId, messageType, message) { MessageId = "m1", SentTime = sentTime });

        JsonNode received = node.WaitForReceived("m1");
        Assert.Equal(correlationId, (string?)received["correlation_id"]);
        Assert.Equal(messageType, (string?)received["message_type"]);
        Assert.Equal(sentTime, Utc(received));
        Assert.Equal(message == null ? null : Convert.ToBase64String(message), (string?)received["message"]);
    }

    [Fact]
    public void Without_envelope_the_bytes_that_Node_sends_are_received()
    {
        using NodePeer node = Connect(false, out QueueProgram program, out MqttMessageQueue queue);
        using QueueProgram running = program;

        node.Send("unsent", null, null, EveryByte);

        Assert.Equal(EveryByte, queue.Receive(null, (int)Patience.Bound.TotalMilliseconds).Message);
    }

    private static DateTime Utc(JsonNode envelope) =>
        DateTime.Parse(
            (string)envelope["sent_time"]!,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    private NodePeer Connect(bool serializeEnvelope, out QueueProgram program, out MqttMessageQueue queue)
    {
        Assert.SkipWhen(NodeFolder.Absence != null, NodeFolder.Absence ?? "");
        NodeFolder.Install();
        string topic = fixture.NewName();
        NodePeer node = new(fixture.Broker.Port, topic, serializeEnvelope);
        program = new QueueProgram(QueueProgram.Endpoint(fixture.Broker, $"ours-{topic}"));
        queue = program.AddQueue(
            topic, "options.qos", "1", "options.serialize_envelope", serializeEnvelope ? "true" : "false");
        program.Start().WaitUntilReady(fixture.Broker);
        return node;
    }
}

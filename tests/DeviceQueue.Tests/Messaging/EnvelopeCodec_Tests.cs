using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceQueue.Messaging;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Messaging;

public sealed class EnvelopeCodec_Tests
{
    private static readonly DateTime Sent = new(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc);

    private readonly EnvelopeCodec _codec = new();
    private readonly byte[] _buffer = new byte[4096];

    [Fact]
    public void Writes_the_members_in_order_and_without_spaces()
    {
        const string Id = "0123456789abcdef0123456789abcdef";
        var envelope = new MessageEnvelope("123", "output.set", "{\"name\":\"relay1\",\"on\":true}");

        Assert.Equal(
            $$"""{"message_id":"{{Id}}","correlation_id":"123","message_type":"output.set","""
            + "\"sent_time\":\"2026-11-21T02:47:00.123Z\",\"message\":\"eyJuYW1lIjoicmVsYXkxIiwib24iOnRydWV9\"}",
            Encode(envelope, Id, Sent));
    }

    [Fact]
    public void Writes_absent_fields_as_null_and_a_signature_only_when_there_is_one()
    {
        var envelope = new MessageEnvelope();
        Assert.Equal(
            """{"message_id":null,"correlation_id":null,"message_type":null,"sent_time":null,"message":null}""",
            Encode(envelope, null, DateTime.MinValue));

        envelope.Signature = "ab12";
        Assert.EndsWith(""","message":null,"signature":"ab12"}""", Encode(envelope, null, DateTime.MinValue));
    }

    [Fact]
    public void Does_not_touch_the_sender_s_object()
    {
        var envelope = new MessageEnvelope("c", "t", "x");
        Encode(envelope, "m", Sent);

        Assert.Null(envelope.MessageId);
        Assert.Equal(DateTime.MinValue, envelope.SentTime);
    }

    [Fact]
    public void Says_when_an_envelope_does_not_fit()
    {
        var envelope = new MessageEnvelope("c", "t", "payload");
        int length = _codec.Encode(envelope, "m", Sent, _buffer, 0);

        Assert.All(
            Enumerable.Range(0, length),
            size => Assert.Equal(-1, _codec.Encode(envelope, "m", Sent, new byte[size], 0)));
        Assert.Equal(length, _codec.Encode(envelope, "m", Sent, new byte[length], 0));
        Assert.Equal(-1, _codec.Encode(envelope, "m", Sent, new byte[length], 1));
    }

    [Fact]
    public void Writes_without_allocating()
    {
        var envelope = new MessageEnvelope("123", "temperature", new byte[300]) { Signature = "00", SentTime = Sent };
        _codec.Encode(envelope, "m", Sent, _buffer, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 100; i++)
        {
            _codec.Encode(envelope, "m", Sent, _buffer, 0);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Reads_what_the_node_implementation_writes()
    {
        MessageEnvelope envelope = Decode(
            """{"message_id":"9d0e1f","correlation_id":"123","message_type":"mymessage","""
            + "\"sent_time\":\"2026-11-21T02:47:00.123Z\",\"message\":\"QUJD\"}");

        Assert.Equal(("9d0e1f", "123", "mymessage", Sent, "ABC"),
            (
                envelope.MessageId,
                envelope.CorrelationId,
                envelope.MessageType,
                envelope.SentTime,
                envelope.GetMessageAsString()));
        Assert.Null(envelope.Signature);
    }

    [Fact]
    public void Reads_other_orders_spaces_fractions_unknown_members_and_trace_id()
    {
        MessageEnvelope envelope = Decode("""
            {
              "message": "QU\/D",
              "headers": { "a": [1, { "message_id": "not this" }] },
              "sent_time": "2026-11-21T02:47:00.1234567",
              "message\u005ftype": "t\u00e9",
              "message_id": null,
              "trace_id": "7", "signature": "ff"
            }
            """);

        Assert.Equal((null, "7", "té", Sent.AddTicks(4567), "ff"),
            (envelope.MessageId, envelope.CorrelationId, envelope.MessageType, envelope.SentTime, envelope.Signature));
        Assert.Equal(new byte[] { 0x41, 0x4F, 0xC3 }, envelope.Message);
    }

    [Fact]
    public void Tells_a_missing_payload_from_an_empty_one()
    {
        Assert.Null(Decode("{}").Message);
        Assert.Null(Decode("""{"message":null}""").Message);
        Assert.Empty(Decode("""{"message":""}""").Message);
    }

    [Theory]
    [InlineData("", EnvelopeError.NotJson)]
    [InlineData("hello", EnvelopeError.NotJson)]
    [InlineData("{\"a\":1", EnvelopeError.NotJson)]
    [InlineData("{}{}", EnvelopeError.NotJson)]
    [InlineData("{\"message_id\":\"\\ud800\"}", EnvelopeError.NotJson)]
    [InlineData("[]", EnvelopeError.NotAnObject)]
    [InlineData("17.2", EnvelopeError.NotAnObject)]
    [InlineData("{\"a\":[[[[[[[[1]]]]]]]]}", EnvelopeError.TooDeep)]
    [InlineData("{\"message_id\":\"a\",\"message_id\":\"a\"}", EnvelopeError.DuplicateMember)]
    [InlineData("{\"message_id\":null,\"\\u006dessage_id\":\"a\"}", EnvelopeError.DuplicateMember)]
    [InlineData("{\"correlation_id\":\"a\",\"trace_id\":\"a\"}", EnvelopeError.BothIds)]
    [InlineData("{\"trace_id\":null,\"correlation_id\":\"a\"}", EnvelopeError.BothIds)]
    [InlineData("{\"message_id\":5}", EnvelopeError.NotText)]
    [InlineData("{\"message\":{\"name\":\"relay1\"}}", EnvelopeError.NotText)]
    [InlineData("{\"sent_time\":1732157220}", EnvelopeError.NotText)]
    [InlineData("{\"sent_time\":\"yesterday\"}", EnvelopeError.BadTime)]
    [InlineData("{\"sent_time\":\"\"}", EnvelopeError.BadTime)]
    [InlineData("{\"message\":\"QUJ\"}", EnvelopeError.BadBase64)]
    [InlineData("{\"message\":\"QUJ?\"}", EnvelopeError.BadBase64)]
    public void Says_why_bytes_are_not_an_envelope_and_leaves_nothing_of_them(string json, EnvelopeError error)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        var envelope = new MessageEnvelope("old", "old", "old")
        {
            MessageId = "old",
            Signature = "old",
            SentTime = Sent,
            Topic = "sensor/1/command",
        };

        Assert.Equal(error, _codec.Decode(bytes, 0, bytes.Length, envelope));
        Assert.Null(
            envelope.MessageId
                ?? envelope.CorrelationId
                ?? envelope.MessageType
                ?? envelope.Signature
                ?? envelope.SentTimeText);
        Assert.Null(envelope.Message);
        Assert.Equal(DateTime.MinValue, envelope.SentTime);
        Assert.Equal("sensor/1/command", envelope.Topic);
    }

    [Theory]
    [InlineData("message_id")]
    [InlineData("correlation_id")]
    [InlineData("trace_id")]
    [InlineData("message_type")]
    [InlineData("sent_time")]
    [InlineData("signature")]
    public void Bounds_every_field_but_the_payload(string member)
    {
        Assert.Equal(EnvelopeError.FieldTooLong, TryDecode($$"""{"{{member}}":"{{new string('é', 129)}}"}""", out _));
        Assert.NotEqual(
            EnvelopeError.FieldTooLong, TryDecode($$"""{"{{member}}":"{{new string('é', 128)}}"}""", out _));
    }

    [Fact]
    public void Signs_the_bytes_that_the_contract_names()
    {
        var envelope = new MessageEnvelope("c1", "output.toggle", "{\"name\":\"relay1\"}")
        {
            MessageId = "m1",
            SentTime = Sent,
        };
        byte[] input = EnvelopeCodec.MakeSigningInput("bar1", envelope);

        Assert.Equal(
            "dq1\n4:bar1\n2:m1\n2:c1\n13:output.toggle\n24:2026-11-21T02:47:00.123Z\n24:eyJuYW1lIjoicmVsYXkxIn0=",
            Encoding.UTF8.GetString(input));
        Assert.Equal("21e526b845f69271c1bea9e2595bd4db0491ac574c18d68132d3eea6ac80ead9", Sign(input));
    }

    [Fact]
    public void Signs_a_received_envelope_over_the_text_of_its_time()
    {
        MessageEnvelope envelope = Decode("""
            {"message_id":"m1","correlation_id":"°","message_type":null,
            "sent_time":"2026-11-21T03:47:00.1\u0032+01:00","message":"QU\/D"}
            """);
        byte[] input = EnvelopeCodec.MakeSigningInput("bar1", envelope);

        Assert.Equal(
            "dq1\n4:bar1\n2:m1\n2:°\n0:\n28:2026-11-21T03:47:00.12+01:00\n4:QU/D",
            Encoding.UTF8.GetString(input));
    }

    [Fact]
    public void Signs_a_time_set_here_in_place_of_one_received()
    {
        MessageEnvelope envelope = Decode("""{"sent_time":"2026-11-21T03:47:00.1+01:00"}""");
        envelope.SentTime = Sent;

        byte[] input = EnvelopeCodec.MakeSigningInput("bar1", envelope);
        Assert.Equal("dq1\n4:bar1\n0:\n0:\n0:\n24:2026-11-21T02:47:00.123Z\n0:", Encoding.UTF8.GetString(input));
    }

    [Fact]
    public void Signs_a_time_that_cannot_be_written_as_none()
    {
        byte[] input = EnvelopeCodec.MakeSigningInput(
            "bar1", new MessageEnvelope { SentTime = new DateTime(3000, 1, 1) });

        Assert.Equal("dq1\n4:bar1\n0:\n0:\n0:\n0:\n0:", Encoding.UTF8.GetString(input));
    }

    [Fact]
    public void Reads_back_what_it_writes_and_other_readers_do_too()
    {
        // Texts on the device end at a NUL, so none is written or read.
        var texts = Gen.OneOf(
            Gen.Constant<string?>(null),
            Gen.Elements("a", "é", "🌡", "\"", "\\", "\n", "\u0001", "/", "\u2028")
                .ArrayOf()
                .Where(a => a.Length < 60)
                .Select(a => (string?)string.Concat(a)));
        var payloads = Gen.OneOf(
            Gen.Constant<byte[]?>(null), Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().Select(b => (byte[]?)b));
        var envelopes = from ids in Gen.Zip(texts, texts)
                        from type in texts
                        from payload in payloads
                        from milliseconds in Gen.Choose(1, int.MaxValue)
                        select (
                            Id: ids.Item1,
                            Correlation: ids.Item2,
                            Type: type,
                            Payload: payload,
                            Time: DateTime.UnixEpoch.AddMilliseconds(milliseconds * 700L));

        Fuzz.ForAll(envelopes, e =>
        {
            string json = Encode(new MessageEnvelope(e.Correlation, e.Type, e.Payload), e.Id, e.Time);
            MessageEnvelope read = Decode(json);
            JsonElement other = JsonDocument.Parse(json).RootElement;

            Assert.Equal(
                (e.Id, e.Correlation, e.Type, e.Time),
                (read.MessageId, read.CorrelationId, read.MessageType, read.SentTime));
            Assert.Equal(e.Payload, read.Message);
            Assert.Equal(
                (e.Id, e.Correlation, e.Type),
                (
                    other.GetProperty("message_id").GetString(),
                    other.GetProperty("correlation_id").GetString(),
                    other.GetProperty("message_type").GetString()));
            Assert.Equal(e.Time, other.GetProperty("sent_time").GetDateTime());
            Assert.Equal(
                e.Payload,
                other.GetProperty("message").ValueKind == JsonValueKind.Null
                    ? null
                    : other.GetProperty("message").GetBytesFromBase64());
        });
    }

    [Fact]
    public void Survives_any_bytes_and_takes_only_what_it_could_have_written()
    {
        string[] corpus =
        [
            """{"message_id":"9d0e","correlation_id":"123","message_type":"output.set","""
            + "\"sent_time\":\"2026-11-21T02:47:00.123Z\",\"message\":\"eyJuYW1lIjoicmVsYXkxIn0=\"}",
            """{ "message" : "QU\/D" , "trace_id" : "x" , "h":"""
            + """{"a":[1,{}]}, "sent_time" : "2026-11-21T02:47:00.1234567+01:00", "signature":"ff" }""",
            """{"message_id":null,"message":null}""",
        ];
        Fuzz.ForAll(Fuzz.Mutated(corpus), bytes =>
        {
            var envelope = new MessageEnvelope();
            if (_codec.Decode(bytes, 0, bytes.Length, envelope) == EnvelopeError.None)
            {
                MessageEnvelope again = Decode(Encode(envelope, envelope.MessageId, envelope.SentTime));
                Assert.Equal(envelope.MessageType, again.MessageType);
                Assert.Equal(envelope.CorrelationId, again.CorrelationId);
                Assert.Equal(envelope.Message, again.Message);
            }
        });
    }

    private string Encode(MessageEnvelope envelope, string? messageId, DateTime sentTime)
    {
        int length = _codec.Encode(envelope, messageId, sentTime, _buffer, 7);
        Assert.True(length > 0);
        return Encoding.UTF8.GetString(_buffer, 7, length);
    }

    private static string Sign(byte[] input)
    {
        byte[] key = [.. Enumerable.Range(0, 32).Select(b => (byte)b)];
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, input));
    }

    private EnvelopeError TryDecode(string json, out MessageEnvelope envelope)
    {
        byte[] bytes = Encoding.UTF8.GetBytes("xx" + json + "xx");
        envelope = new MessageEnvelope();
        return _codec.Decode(bytes, 2, bytes.Length - 4, envelope);
    }

    private MessageEnvelope Decode(string json)
    {
        Assert.Equal(EnvelopeError.None, TryDecode(json, out MessageEnvelope envelope));
        return envelope;
    }
}

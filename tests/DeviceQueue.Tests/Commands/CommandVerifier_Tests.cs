using System.Security.Cryptography;
using System.Text;
using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Text;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Commands;

public sealed class CommandVerifier_Tests
{
    private const string Signature = "21e526b845f69271c1bea9e2595bd4db0491ac574c18d68132d3eea6ac80ead9";
    private const string Json =
        "{\"message_id\":\"m1\",\"correlation_id\":\"c1\",\"message_type\":\"output.toggle\","
        + "\"sent_time\":\"2026-11-21T02:47:00.123Z\",\"message\":\"eyJuYW1lIjoicmVsYXkxIn0=\","
        + "\"signature\":\"" + Signature + "\"}";

    private static readonly DateTime Sent = new(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc);

    private readonly VirtualClock _clock = new() { StartUtc = Sent };
    private readonly CommandAnswer _answer = new(
        new JsonWriter(),
        new byte[CommandAnswer.MaxResultBytes],
        new MessageEnvelope(),
        "response",
        new Counts(DropReason.Names));

    [Fact]
    public void The_signature_of_the_contract_is_accepted_for_its_device_alone()
    {
        Assert.True(Verifier("bar1").VerifySignature(Command(Json), _answer));
        Assert.False(Verifier("bar2").VerifySignature(Command(Json), _answer));
        Assert.Equal(CommandCode.BadSignature, _answer.Code);
    }

    [Fact]
    public void A_change_of_any_character_of_any_signed_field_is_refused()
    {
        CommandVerifier verifier = Verifier("bar1");
        string[] values =
        [
            "m1",
            "c1",
            "output.toggle",
            "2026-11-21T02:47:00.123Z",
            "eyJuYW1lIjoicmVsYXkxIn0=",
            Signature,
        ];
        int refused = 0;
        foreach (string value in values)
        {
            int at = Json.IndexOf($"\"{value}\"", StringComparison.Ordinal) + 1;
            for (int i = at; i < at + value.Length; i++)
            {
                string altered = string.Concat(Json.AsSpan(0, i), Json[i] == '1' ? "2" : "1", Json.AsSpan(i + 1));
                if (TryRead(altered) is { } message)
                {
                    _answer.Reset();
                    Assert.False(verifier.VerifySignature(message, _answer), altered);
                    refused++;
                }
            }
        }

        Assert.True(refused > 100);
    }

    [Fact]
    public void Text_moved_from_one_field_to_the_next_is_refused()
    {
        string moved = Json.Replace("\"m1\"", "\"m1c\"", StringComparison.Ordinal)
            .Replace("\"c1\"", "\"1\"", StringComparison.Ordinal);

        Assert.False(Verifier("bar1").VerifySignature(Command(moved), _answer));
    }

    [Theory]
    [InlineData(
        "\"signature\":\"21e526b845f69271c1bea9e2595bd4db0491ac574c18d68132d3eea6ac80ead9\"", "\"x\":1", "unsigned")]
    [InlineData("\"21e526", "\"21E526", "bad_signature")]
    [InlineData("ead9\"", "ead9ff\"", "bad_signature")]
    [InlineData("ead9\"", "\"", "bad_signature")]
    [InlineData("\"2026-11-21T02:47:00.123Z\"", "null", "bad_envelope")]
    [InlineData("\"c1\"", "\"c\\n1\"", "bad_envelope")]
    public void What_is_not_signed_as_it_should_be_is_refused_with_a_code(string part, string by, string code)
    {
        Assert.False(
            Verifier("bar1").VerifySignature(Command(Json.Replace(part, by, StringComparison.Ordinal)), _answer));
        Assert.Equal(code, _answer.Code);
    }

    [Theory]
    [InlineData(60_000, null)]
    [InlineData(60_001, "expired")]
    [InlineData(-30_000, null)]
    [InlineData(-30_001, "rejected")]
    public void A_command_is_fresh_from_30_s_ahead_to_its_age_limit(int ageMs, string? status)
    {
        _clock.StartUtc = Sent.AddMilliseconds(ageMs);
        _answer.Reset();

        Assert.Equal(status == null, Verifier("bar1").VerifyFresh(Command(Json), _answer));
        Assert.Equal(status ?? "succeeded", _answer.Status);
    }

    [Fact]
    public void Without_a_clock_a_device_with_a_key_takes_nothing_and_one_without_takes_all()
    {
        _clock.StartUtc = null;

        Assert.False(Verifier("bar1").VerifyFresh(Command(Json), _answer));
        Assert.Equal(CommandCode.NoClock, _answer.Code);
        CommandVerifier open = new(
            "bar1", null, 60_000, new TrustedClock(_clock, new MemoryStore(), DateTime.MinValue));
        Assert.True(open.VerifySignature(Command(Json), _answer) && open.VerifyFresh(Command(Json), _answer));
    }

    private static MessageEnvelope Command(string json) => TryRead(json) ?? throw new ArgumentException(json);

    private static MessageEnvelope? TryRead(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        MessageEnvelope message = new();
        return new EnvelopeCodec().Decode(bytes, 0, bytes.Length, message) == EnvelopeError.None ? message : null;
    }

    private CommandVerifier Verifier(string deviceId) =>
        new(deviceId, new Mac(), 60_000, new TrustedClock(_clock, new MemoryStore(), DateTime.MinValue));

    private sealed class Mac : ICommandMac
    {
        private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

        public byte[] Compute(byte[] data) => HMACSHA256.HashData(Key, data);
    }
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Commands;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Text;

namespace DeviceQueue.Cli.Operating;

/// <summary>A command for one device, signed if the device has a key.</summary>
internal sealed class CommandMessage
{
    // The firmware takes no larger envelope (options.max_message_size of its commands).
    private const int MaxBytes = 1360; // a device takes 1,408 with the topic, the longest of which has 47

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private CommandMessage(string messageId, string correlationId, byte[] payload)
    {
        MessageId = messageId;
        CorrelationId = correlationId;
        Payload = payload;
    }

    public string MessageId { get; }

    public string CorrelationId { get; }

    /// <summary>Gets the envelope as it goes over the wire; sent again it is the same command.</summary>
    public byte[] Payload { get; }

    /// <exception cref="UserException">It does not fit, or the arguments or the message id are none.</exception>
    public static CommandMessage Create(
        string id, byte[]? key, string type, string arguments, string? messageId, DateTime utcNow)
    {
        CheckArguments(arguments);
        MessageEnvelope envelope = new(Guid.NewGuid().ToString("N"), type, arguments)
        {
            MessageId = messageId ?? Guid.NewGuid().ToString("N"),
            SentTime = utcNow,
        };
        if (!CommandVerifier.HasValidId(envelope))
        {
            throw new UserException(
                $"--message-id '{PayloadText.Clean(envelope.MessageId)}': 1 to {CommandVerifier.MaxIdLength} "
                + "printable ASCII characters are allowed");
        }

        envelope.Signature = key == null
            ? null
            : Hex.ToText(HMACSHA256.HashData(key, EnvelopeCodec.MakeSigningInput(id, envelope)));
        byte[] payload = new byte[MaxBytes];
        int length = new EnvelopeCodec().Encode(envelope, envelope.MessageId, envelope.SentTime, payload, 0);
        return length >= 0
            ? new CommandMessage(envelope.MessageId, envelope.CorrelationId, payload[..length])
            : throw new UserException(
                $"the arguments are too long: {Encoding.UTF8.GetByteCount(arguments)} bytes, and a command with them "
                + $"has to fit {MaxBytes}");
    }

    private static void CheckArguments(string arguments)
    {
        try
        {
            if (JsonNode.Parse(arguments, documentOptions: Strict) is not JsonObject)
            {
                throw new UserException($"arguments '{arguments}': a JSON object is needed");
            }
        }
        catch (JsonException e)
        {
            throw new UserException(
                $"arguments '{arguments}': no JSON; a JSON object is needed, with each member once, and in quotation "
                + "marks that the shell leaves alone",
                e);
        }
    }
}

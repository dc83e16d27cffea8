using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Commands;
using DeviceQueue.Desktop;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>
/// Sends a command and prints its answer. A command that finds no answer is sent again, the same one: the device
/// carries it out at most once.
/// </summary>
internal sealed class CommandSender(ClientOptions options, TextWriter output, TextWriter error)
{
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(5);

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly Channel<ReceivedMessage> _incoming = Channel.CreateUnbounded<ReceivedMessage>();

    public async Task<int> Send(
        Member device,
        string type,
        string arguments,
        string? messageId,
        TimeSpan timeout,
        CancellationToken cancellation)
    {
        CheckArguments(arguments);
        SignedCommand command = SignedCommand.Create(device, type, arguments, messageId, DateTime.UtcNow);
        using BrokerClient client = new(options);
        client.MessageReceived += message => _incoming.Writer.TryWrite(message);
        client.Disconnected += _ => _incoming.Writer.TryComplete();
        ConnectResult connected = client.Connect(OperatorClient.ConnectTimeout);
        if (!connected.IsAccepted)
        {
            error.WriteLine($"error: {OperatorClient.Describe(options, connected)}");
            return ExitCode.NoConnection;
        }

        try
        {
            DeviceTopics topics = new(device.Name);
            await client.SubscribeAsync([topics.Response, topics.Status], 1).WaitAsync(timeout, cancellation);
            return await Converse(client, topics, command, timeout, cancellation);
        }
        catch (Exception e) when (e is NotSentException or ChannelClosedException)
        {
            error.WriteLine(
                $"error: the broker closed the connection; the command {command.MessageId} may be done or not");
            return ExitCode.NoAnswer;
        }
        catch (TimeoutException)
        {
            error.WriteLine("error: the broker does not answer; nothing was sent");
            return ExitCode.NoConnection;
        }
        finally
        {
            client.Disconnect(OperatorClient.ConnectTimeout);
        }
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

    private async Task<int> Converse(
        BrokerClient client,
        DeviceTopics topics,
        SignedCommand command,
        TimeSpan timeout,
        CancellationToken cancellation)
    {
        string? status = null;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(timeout);
        using Timer repeat = new(
            _ => TryPublish(client, topics.Command, command.Payload), null, TimeSpan.Zero, RepeatInterval);
        try
        {
            while (true)
            {
                ReceivedMessage message = await _incoming.Reader.ReadAsync(end.Token);
                if (message.Topic == topics.Status)
                {
                    status = PayloadText.Show(message.Payload);
                }
                else if (FindAnswer(message.Payload, command) is { } answer)
                {
                    return Print(answer);
                }
            }
        }
        catch (OperationCanceledException)
        {
            string state = status == null ? "it has never been on this broker" : $"its status is {status}";
            error.WriteLine(
                $"error: no answer; {state}. The command may be done or not. To repeat it, without doing it twice: "
                + $"--message-id {command.MessageId}");
            return ExitCode.NoAnswer;
        }
    }

    private static void TryPublish(BrokerClient client, string topic, byte[] payload)
    {
        try
        {
            client.Publish(topic, payload, 1, retain: false);
        }
        catch (NotSentException)
        {
            // The connection is gone, which the reader of messages gets to know.
        }
    }

    private static JsonObject? FindAnswer(byte[] payload, SignedCommand command)
    {
        MessageEnvelope envelope = new();
        if (new EnvelopeCodec().Decode(payload, 0, payload.Length, envelope) != EnvelopeError.None
            || envelope.CorrelationId != command.CorrelationId)
        {
            return null;
        }

        try
        {
            // As text first, so that what is no UTF-8 is refused as a whole.
            return JsonNode.Parse(
                StrictUtf8.GetString(envelope.Message ?? []), documentOptions: Strict) is JsonObject answer
                && answer["command_id"]?.ToString() == command.MessageId ? answer : null;
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            return null;
        }
    }

    private int Print(JsonObject answer)
    {
        string status = answer["status"]?.ToString() ?? "";
        string code = answer["code"] is { } c ? $" ({c})" : "";
        string text = answer["text"] is { } t ? $": {t}" : "";
        string result = answer["result"] is { } r ? $" {r.ToJsonString()}" : "";
        output.WriteLine(PayloadText.Clean(status + code + text + result));

        // A repeat whose first answer was lost: its text is what was answered then.
        bool isDone = status == CommandAnswer.Succeeded
            || (status == CommandAnswer.Duplicate && answer["text"]?.ToString() == CommandAnswer.Succeeded);
        return isDone ? ExitCode.Done : ExitCode.NotDone;
    }
}

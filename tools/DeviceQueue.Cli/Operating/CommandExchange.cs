using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>One connection over which commands go to devices, and their answers come back.</summary>
internal sealed class CommandExchange : IDisposable
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly BrokerClient _client;
    private readonly ConcurrentDictionary<string, (CommandMessage Command, TaskCompletionSource<JsonObject> Answer)>
        _awaited = [];
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommandExchange(ClientOptions options)
    {
        _client = new BrokerClient(options);
        _client.MessageReceived += Receive;
        _client.Disconnected += _ => _gone.TrySetResult();
    }

    /// <summary>Raised for each message that is subscribed to, on the connection's thread.</summary>
    public event Action<ReceivedMessage>? MessageReceived;

    /// <summary>Gets a task that ends when the broker ends the connection.</summary>
    public Task Gone => _gone.Task;

    public ConnectResult Connect() => _client.Connect(BrokerAccess.ConnectTimeout);

    /// <summary>Subscribes; what is retained comes before what is published after this has completed.</summary>
    /// <returns>False when the broker refused one of the filters, or is gone.</returns>
    /// <exception cref="NotSentException">There is no connection.</exception>
    /// <exception cref="TimeoutException">The broker does not answer.</exception>
    public async Task<bool> Subscribe(string[] filters, CancellationToken cancellation)
    {
        const int RefusedQos = 128;
        int[]? granted = await _client.SubscribeAsync(filters, 1).WaitAsync(BrokerAccess.ConnectTimeout, cancellation);
        return granted != null && Array.TrueForAll(granted, qos => qos < RefusedQos);
    }

    /// <summary>Waits for the answer to a command; it is not sent yet.</summary>
    public Task<JsonObject> Await(CommandMessage command)
    {
        TaskCompletionSource<JsonObject> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[command.CorrelationId] = (command, answer);
        return answer.Task;
    }

    /// <summary>Sends a command, or the same again, unless the connection is gone.</summary>
    public void TrySend(string id, CommandMessage command)
    {
        try
        {
            _client.Publish(new DeviceTopics(id).Command, command.Payload, 1, retain: false);
        }
        catch (NotSentException)
        {
            // Gone tells it.
        }
    }

    public void Dispose()
    {
        _client.Disconnect(BrokerAccess.ConnectTimeout);
        _client.Dispose();
    }

    private void Receive(ReceivedMessage message)
    {
        MessageEnvelope envelope = new();
        if (message.Topic.EndsWith("/response", StringComparison.Ordinal)
            && new EnvelopeCodec().Decode(message.Payload, 0, message.Payload.Length, envelope) == EnvelopeError.None
            && _awaited.TryGetValue(envelope.CorrelationId ?? "", out var awaited)
            && ReadAnswer(envelope, awaited.Command) is { } answer)
        {
            awaited.Answer.TrySetResult(answer);
        }

        MessageReceived?.Invoke(message);
    }

    private static JsonObject? ReadAnswer(MessageEnvelope envelope, CommandMessage command)
    {
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
}

using System.Text.Json;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Commands;

/// <summary>A queue without a broker.</summary>
internal sealed class FakeQueue : IMessageQueue
{
    private static readonly System.Text.UTF8Encoding StrictUtf8 = new(false, true);

    public Queue<MessageEnvelope> Inbox { get; } = new();

    public List<MessageEnvelope> Sent { get; } = [];

    public bool IsFull { get; set; }

    /// <summary>Gets or sets the largest payload that the queue takes.</summary>
    public int MaxBytes { get; set; } = int.MaxValue;

    public string Name => "commands";

    public bool IsOpen => true;

    /// <summary>Gets the payload of the last answer, which must be JSON in well-formed UTF-8.</summary>
    public JsonElement Answer => JsonDocument.Parse(StrictUtf8.GetString(Sent[^1].Message)).RootElement;

    public void Open(string correlationId)
    {
    }

    public void Close(string correlationId)
    {
    }

    public void Send(string correlationId, MessageEnvelope message)
    {
        if (IsFull)
        {
            throw new QueueException(QueueException.Full, "full");
        }

        if (message.Message.Length > MaxBytes)
        {
            throw new QueueException(QueueException.TooLarge, "too large");
        }

        // the sender's may be used again
        Sent.Add(
            new MessageEnvelope(
                message.CorrelationId, message.MessageType, [.. message.Message])
            { Topic = message.Topic });
    }

    public MessageEnvelope? Receive(string correlationId, int waitMs) =>
        Inbox.TryDequeue(out MessageEnvelope? message) ? message : null;

    public int ReadMessageCount() => Inbox.Count;

    public void Clear(string correlationId) => throw new NotSupportedException();

    public MessagingCapabilities GetCapabilities() => throw new NotSupportedException();

    public void SendAsObject(string correlationId, string messageType, string message) =>
        throw new NotSupportedException();

    public MessageEnvelope Peek(string correlationId) => throw new NotSupportedException();

    public MessageEnvelope[] PeekBatch(string correlationId, int messageCount) => throw new NotSupportedException();

    public void Complete(MessageEnvelope message) => throw new NotSupportedException();

    public void Abandon(MessageEnvelope message) => throw new NotSupportedException();

    public void RenewLock(MessageEnvelope message, int lockTimeoutMs) => throw new NotSupportedException();

    public void MoveToDeadLetter(MessageEnvelope message) => throw new NotSupportedException();

    public void Listen(string correlationId, IMessageReceiver receiver) => throw new NotSupportedException();

    public void BeginListen(string correlationId, IMessageReceiver receiver) => throw new NotSupportedException();

    public void EndListen(string correlationId) => throw new NotSupportedException();
}

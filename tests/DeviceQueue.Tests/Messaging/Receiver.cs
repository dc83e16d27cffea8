using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Messaging;

/// <summary>Keeps what it is handed over, and does with it what a test says.</summary>
internal sealed class Receiver(Action<MessageEnvelope, IMessageQueue>? handle = null) : IMessageReceiver
{
    private readonly Lock _lock = new();
    private readonly List<string> _taken = [];

    public SemaphoreSlim Calls { get; } = new(0);

    public string[] Taken
    {
        get
        {
            lock (_lock)
            {
                return [.. _taken];
            }
        }
    }

    public void ReceiveMessage(MessageEnvelope message, IMessageQueue queue)
    {
        lock (_lock)
        {
            _taken.Add(message.GetMessageAsString());
        }

        Calls.Release();
        handle?.Invoke(message, queue);
    }
}

using Mosquitto;

namespace Simulator;

/// <summary>Shows what is published. Comes back by itself when the broker does; a broker that is away is a case to watch, not an error.</summary>
internal sealed class Observer(MosquittoOptions options, string filter, Display display) : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Timer? _retry;
    private MosquittoClient? _client;
    private bool _isSaid;
    private bool _isDisposed;

    public void TryConnect()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _client?.Dispose();
            _client = new MosquittoClient(options);
            _client.MessageReceived += message => display.Message(message.Topic, message.Payload, message.Retain);
            _client.Disconnected += (_, reason) => Retry($"the broker is gone: {reason}");
            ConnectResult result = _client.Connect(ConnectTimeout);
            if (result.IsAccepted)
            {
                _isSaid = false;
                _client.Subscribe([filter], 1);
            }
            else
            {
                Retry($"no connection to the broker at {options.Host}:{options.Port}: {result.Text}");
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _retry?.Dispose();
            _client?.Dispose();
        }
    }

    private void Retry(string reason)
    {
        if (!_isSaid && !_isDisposed)
        {
            display.Error(reason);
        }

        _isSaid = true;
        _retry ??= new Timer(_ => TryConnect());
        try
        {
            _retry.Change(RetryInterval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // the end came first
        }
    }
}

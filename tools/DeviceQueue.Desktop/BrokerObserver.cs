using Mqtt;

namespace DeviceQueue.Desktop;

/// <summary>
/// Hears what is published. Comes back by itself when the broker does; a broker that is away is a case to watch, not an
/// error.
/// </summary>
/// <param name="options">The broker.</param>
/// <param name="filters">What to subscribe to.</param>
/// <param name="onMessage">Told of each message, on the connection's thread.</param>
/// <param name="onTrouble">Told once why there is no connection, until there is one again.</param>
public sealed class BrokerObserver(
    ClientOptions options,
    IReadOnlyList<string> filters,
    Action<ReceivedMessage> onMessage,
    Action<string> onTrouble) : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Timer? _retry;
    private BrokerClient? _client;
    private bool _isSaid;
    private bool _isDisposed;

    /// <summary>Connects; after a failure it goes on trying by itself.</summary>
    /// <returns>How the first attempt went.</returns>
    public ConnectResult Connect()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return new ConnectResult(ConnectStatus.Closed);
            }

            _client?.Dispose();
            _client = new BrokerClient(options);
            _client.MessageReceived += onMessage;
            _client.Disconnected += reason => Retry($"the broker is gone: {reason}");
            ConnectResult result = _client.Connect(ConnectTimeout);
            if (result.IsAccepted)
            {
                _isSaid = false;
                _client.Subscribe(filters, 1);
            }
            else
            {
                Retry($"no connection to the broker at {options.Host}:{options.Port}: {result.Text}");
            }

            return result;
        }
    }

    /// <summary>Publishes at QoS 1; false when there is no connection.</summary>
    public bool TryPublish(string topic, byte[] payload)
    {
        lock (_lock)
        {
            try
            {
                _client?.Publish(topic, payload, 1, retain: false);
                return _client != null;
            }
            catch (NotSentException)
            {
                return false;
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
            onTrouble(reason);
        }

        _isSaid = true;
        _retry ??= new Timer(_ => Connect());
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

using System.Net;
using System.Net.Sockets;
using Brokers;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>
/// The network between a client and its broker, with faults: it forwards plain MQTT packet by packet and counts them.
/// </summary>
public sealed class FaultProxy : IDisposable
{
    private readonly int _brokerPort;
    private readonly List<ProxiedConnection> _connections = [];
    private readonly Lock _lock = new();
    private Socket _listener;
    private TaskCompletionSource _gate = new();
    private long _pubackDelayTicks;

    public FaultProxy(MosquittoBroker broker)
    {
        _brokerPort = broker.Port;
        _listener = Bind(0);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _gate.SetResult();
        AcceptConnections();
    }

    public int Port { get; }

    public PacketCounter FromClients { get; } = new();

    public PacketCounter FromBroker { get; } = new();

    /// <summary>
    /// Gets or sets how long each PUBACK of the broker stays on the way, from its own arrival; other packets overtake
    /// it.
    /// </summary>
    public TimeSpan PubackDelay
    {
        get => new(Interlocked.Read(ref _pubackDelayTicks));
        set => Interlocked.Exchange(ref _pubackDelayTicks, value.Ticks);
    }

    /// <summary>
    /// Gets or sets a value indicating whether every SUBACK says failure, as a broker's with access control does.
    /// Mosquitto's own never does.
    /// </summary>
    public bool RefuseSubscriptions { get; set; }

    internal Task Open
    {
        get
        {
            lock (_lock)
            {
                return _gate.Task;
            }
        }
    }

    /// <summary>Forwards nothing more, either way; connections stay open.</summary>
    public void Freeze()
    {
        lock (_lock)
        {
            if (_gate.Task.IsCompleted)
            {
                _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public void Thaw()
    {
        lock (_lock)
        {
            _gate.TrySetResult();
        }
    }

    /// <summary>Resets every connection, to both sides.</summary>
    public void DropConnections()
    {
        lock (_lock)
        {
            _connections.ForEach(connection => connection.Reset());
            _connections.Clear();
        }
    }

    /// <summary>Answers new connections with a reset. The port stays ours.</summary>
    public void RefuseConnections()
    {
        lock (_lock)
        {
            _listener.Dispose();
            _listener = Bind(Port);
        }
    }

    public void AcceptConnections()
    {
        lock (_lock)
        {
            _listener.Listen();
            _ = AcceptAsync(_listener);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _listener.Dispose();
            _gate.TrySetResult();
        }

        DropConnections();
    }

    private static Socket Bind(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync();
                Socket broker = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                ProxiedConnection connection = new(this, client, broker);
                lock (_lock)
                {
                    _connections.Add(connection);
                }

                _ = connection.RunAsync(_brokerPort);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }
}

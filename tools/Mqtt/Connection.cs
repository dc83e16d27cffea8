using System.Net.Sockets;
using System.Security.Authentication;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Mqtt;

/// <summary>
/// One connection and its thread, which alone opens it, reads and closes it. A packet is written by the thread that
/// sends it or by the connection's own. What is read goes to the handlers, which must not throw or block.
/// </summary>
internal sealed class Connection : IDisposable
{
    internal static readonly ConnectResult Frozen = new(ConnectStatus.Closed, 0, "The client was frozen.");

    private const int BatchesAtOnce = 16;

    private static readonly TimeSpan ParkTimeout = TimeSpan.FromSeconds(5);

    private readonly Transport _transport;
    private readonly IHandlers _handlers;
    private readonly Thread _thread;
    private readonly PacketWriter _writer = new();
    private readonly PacketReader _reader;
    private readonly MqttPacketFormatterAdapter _decoder = new(MqttProtocolVersion.V311, new MqttBufferWriter(0, 0));
    private readonly Keepalive _keepalive;
    private readonly TaskCompletionSource<ConnectResult> _opened =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _parked = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly Lock _writing = new();
    private bool _started;
    private volatile bool _frozen;
    private volatile bool _connecting;
    private volatile bool _leaving;
    private volatile bool _isOpen;

    /// <exception cref="ArgumentException">No client can connect so; the text says why.</exception>
    internal Connection(ClientOptions options, IHandlers handlers)
    {
        _writer.TryAdd(ConnectPacket.Create(options));
        _transport = new Transport(options);
        _handlers = handlers;
        _reader = new PacketReader(handlers.Accept);
        _keepalive = new Keepalive(TimeSpan.FromSeconds(options.ManualKeepalive ? 0 : options.KeepaliveSeconds));
        _thread = new Thread(Run) { IsBackground = true, Name = $"mqtt {options.ClientId}" };
    }

    /// <summary>What a connection asks and tells, all on its thread.</summary>
    internal interface IHandlers
    {
        /// <summary>Asked before each read.</summary>
        bool MayReadNow();

        /// <summary>Asked as <see cref="PacketReader"/> says.</summary>
        bool Accept(int type, int bytes);

        void Take(MqttPacket packet);

        /// <summary>Told once.</summary>
        void OnEnded(ConnectResult how, bool wasOpen);
    }

    internal Keepalive Keepalive => _keepalive;

    internal ConnectResult Open(TimeSpan timeout)
    {
        if (_started)
        {
            throw new InvalidOperationException("A client connects once.");
        }

        if (_frozen)
        {
            return Frozen;
        }

        _started = true;
        _connecting = true;

        // Not as part of the flow of control that opens it: a virtual board must not take this thread for its own.
        _thread.UnsafeStart();
        return _opened.Task.Wait(timeout) ? _opened.Task.Result
            : _connecting ? new ConnectResult(ConnectStatus.SocketFailed, (int)SocketError.TimedOut, "Timed out.")
            : new ConnectResult(ConnectStatus.TlsFailed, 0, "Timed out.");
    }

    /// <summary>Sends a packet, or queues it while the socket takes nothing.</summary>
    /// <returns>False when the connection has ended.</returns>
    /// <exception cref="NotSentException">It cannot be encoded.</exception>
    internal bool TrySend(MqttPacket packet)
    {
        bool isTaken = _writer.TryAdd(packet);
        if (Thread.CurrentThread != _thread && !TryWrite())
        {
            Wake();
        }

        return isTaken;
    }

    internal bool WaitForRoom(int maxBytes, TimeSpan timeout) => _writer.WaitForRoom(maxBytes, timeout);

    internal void Wake() => _transport.Wake();

    internal void Leave(TimeSpan timeout)
    {
        if (!_writer.TryAdd(new MqttDisconnectPacket()))
        {
            return;
        }

        _writer.Close();
        _leaving = true; // behind the packet, so that the thread leaves behind it
        Wake();
        if (_started && Thread.CurrentThread != _thread)
        {
            _thread.Join(timeout);
        }
    }

    internal void Freeze()
    {
        _frozen = true;
        lock (_writing)
        {
            // a write under way ends before
        }

        _opened.TrySetResult(Frozen);
        Wake();
        if (_started && !_connecting && Thread.CurrentThread != _thread)
        {
            _parked.Wait(ParkTimeout);
        }
    }

    public void Dispose()
    {
        _stop.Set();
        if (!_started)
        {
            _transport.Dispose();
            return;
        }

        Wake();

        // A look-up or a TCP connect under way cannot be cut short: the thread cleans up after it.
        if (!_connecting && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        bool wasOpen = TryOpen();
        ConnectResult? end = wasOpen ? Converse() : null;
        _writer.Close();
        lock (_writing)
        {
            _isOpen = false;
        }

        _handlers.OnEnded(end ?? new ConnectResult(ConnectStatus.Closed, 0, "The client was closed."), end != null);
        _opened.TrySetResult(Frozen);
        _parked.Set();
        _transport.Dispose();
    }

    private bool TryOpen()
    {
        ConnectResult? failed = _transport.Connect();
        _connecting = false;
        if (failed != null)
        {
            _opened.TrySetResult(failed);
            return false;
        }

        try
        {
            Task handshake = _transport.BeginHandshake();
            while (!handshake.IsCompleted && !IsOver())
            {
                _transport.Flush();
                _transport.Wait(forReading: true, TimeSpan.MaxValue);
            }

            if (_stop.IsSet)
            {
                return false;
            }

            handshake.GetAwaiter().GetResult();
            _isOpen = true;
            _opened.TrySetResult(new ConnectResult(ConnectStatus.Accepted));
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            _transport.Flush(); // the alert that tells the broker
            _opened.TrySetResult(_transport.Describe(e) with { Status = ConnectStatus.TlsFailed });
            return false;
        }
    }

    /// <summary>Gives how it ended, or null when it was disposed of.</summary>
    private ConnectResult? Converse()
    {
        try
        {
            while (!IsOver() && Turn())
            {
            }

            return _stop.IsSet ? null : new ConnectResult(ConnectStatus.Closed, 0, "The client has disconnected.");
        }
        catch (Exception e) when (e is IOException or MqttProtocolViolationException)
        {
            return _transport.Describe(e);
        }
    }

    /// <summary>Parks the thread while the client is frozen, and tells whether it was disposed of.</summary>
    private bool IsOver()
    {
        if (_frozen)
        {
            _parked.Set();
            _stop.Wait();
        }

        return _stop.IsSet;
    }

    /// <summary>Writes, waits and reads; false once DISCONNECT is written.</summary>
    private bool Turn()
    {
        bool isLeaving = _leaving;
        Write();
        if (isLeaving && !_transport.HasUnsent)
        {
            return false;
        }

        bool mayRead = _handlers.MayReadNow();
        _transport.Wait(mayRead, _keepalive.Left);
        if (_frozen || _stop.IsSet)
        {
            return true;
        }

        if (mayRead)
        {
            Read();
        }
        else
        {
            _keepalive.OnRead(); // the silence is ours
        }

        if (_keepalive.IsPingDue())
        {
            _writer.TryAdd(MqttPingReqPacket.Instance);
        }

        return true;
    }

    /// <summary>
    /// Writes on the thread that sends while the connection's own waits, to save the time that waking it takes. When it
    /// does not wait, it writes all that has been queued, in one piece, before it does.
    /// </summary>
    /// <returns>False when the connection's thread must see to it.</returns>
    private bool TryWrite()
    {
        if (!_isOpen || !_transport.IsWaiting || !_writing.TryEnter())
        {
            return false;
        }

        try
        {
            if (_isOpen && !_frozen)
            {
                WriteQueued();
                return !_transport.HasUnsent;
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // TLS has failed; the connection's thread meets it, too
        }
        finally
        {
            _writing.Exit();
        }

        return false;
    }

    private void Write()
    {
        lock (_writing)
        {
            WriteQueued();
        }
    }

    /// <summary>
    /// Writes what the socket had not taken, then what is queued, in a limited number of batches: a flood of packets
    /// that are queued meanwhile does not hold up the reading.
    /// </summary>
    private void WriteQueued()
    {
        if (_transport.HasUnsent)
        {
            _transport.Flush();
            _keepalive.OnWritten();
        }

        for (int batch = 0; batch < BatchesAtOnce && !_transport.HasUnsent; batch++)
        {
            if (_writer.Take() is not { Length: > 0 } packets)
            {
                return;
            }

            _transport.Write(packets.Span);
            packets.Clear();
            _transport.Flush();
            _keepalive.OnWritten();
        }
    }

    private void Read()
    {
        int count = _transport.Read(_reader);
        if (count < 0)
        {
            return;
        }

        if (count == 0)
        {
            throw new IOException("The broker closed the connection.");
        }

        _keepalive.OnRead();
        _reader.Commit(count);
        try
        {
            while (_reader.TryTake(out ReceivedMqttPacket packet))
            {
                _handlers.Take(_decoder.Decode(packet));
            }
        }
        catch (MqttProtocolViolationException)
        {
            Write(); // what is owed for the packets before
            throw;
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace Mqtt;

/// <summary>Waits for a socket, and lets any thread end the wait.</summary>
internal sealed class SocketWait : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private static readonly byte[] Signal = [1];

    private readonly Socket _wake = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _bin = new byte[16];
    private readonly List<Socket> _readable = new(2);
    private readonly List<Socket> _writable = new(1);
    private int _isSignalled;
    private int _isWaiting;

    internal SocketWait()
    {
        _wake.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _wake.Connect(_wake.LocalEndPoint!);
        _wake.Blocking = false;
    }

    internal bool IsWaiting => Volatile.Read(ref _isWaiting) == 1;

    internal void Wake()
    {
        // A thread that does not wait yet looks before it does. Both sides write first and read then, so that one of
        // them sees the other.
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0 && Volatile.Read(ref _isWaiting) == 1)
        {
            try
            {
                _wake.Send(Signal);
            }
            catch (ObjectDisposedException)
            {
                // It has waited for the last time.
            }
        }
    }

    /// <summary>
    /// Waits for the socket, for <see cref="Wake"/> or for some time, and tells whether the socket has something to
    /// read or has failed.
    /// </summary>
    internal bool Wait(Socket socket, bool forReading, bool forWriting, TimeSpan timeout)
    {
        _readable.Clear();
        _writable.Clear();
        _readable.Add(_wake);
        if (forReading)
        {
            _readable.Add(socket);
        }

        if (forWriting)
        {
            _writable.Add(socket);
        }

        Interlocked.Exchange(ref _isWaiting, 1);
        timeout = Volatile.Read(ref _isSignalled) == 1 ? TimeSpan.Zero : timeout < LongestWait ? timeout : LongestWait;
        Socket.Select(_readable, _writable, null, timeout);
        Interlocked.Exchange(ref _isWaiting, 0);
        while (_readable.Contains(_wake) && _wake.Available > 0)
        {
            _ = _wake.Receive(_bin);
        }

        // Only now: a Wake from here on sends again, and what came with the ones before is seen by the caller after
        // this return.
        Interlocked.Exchange(ref _isSignalled, 0);
        return _readable.Contains(socket);
    }

    public void Dispose() => _wake.Dispose();
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Mqtt;

/// <summary>
/// TCP with or without TLS under a client. All members but <see cref="Wake"/> are called from one thread, and none but
/// <see cref="Connect"/> blocks for longer than <see cref="Wait"/> is told to.
/// </summary>
internal sealed class Transport : IDisposable
{
    private readonly ClientOptions _options;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly SocketWait _wait = new();
    private readonly SocketStream _bytes;
    private Stream _stream;
    private TlsClient? _tls;
    private ValueTask<int>? _read;
    private bool _mayHaveMore; // deciphered already, which makes no socket readable

    internal Transport(ClientOptions options)
    {
        _options = options;
        _bytes = new SocketStream(_socket);
        _stream = _bytes;
    }

    /// <summary>Gets a value indicating whether the socket has not taken all that was written.</summary>
    internal bool HasUnsent => _bytes.HasUnsent;

    /// <summary>Gets a value indicating whether a thread is in <see cref="Wait"/>.</summary>
    internal bool IsWaiting => _wait.IsWaiting;

    internal void Wake() => _wait.Wake();

    /// <summary>Looks the host up and opens TCP.</summary>
    /// <returns>Null when it is open.</returns>
    internal ConnectResult? Connect()
    {
        try
        {
            IPAddress[] addresses = Dns.GetHostAddresses(_options.Host);
            if (addresses.Length > 0)
            {
                _socket.Connect(addresses, _options.Port);
                _socket.NoDelay = true;
                _socket.Blocking = false;
                return null;
            }
        }
        catch (SocketException e) when (!IsNotFound(e.SocketErrorCode))
        {
            // Its own text names the address, too.
            int code = (int)e.SocketErrorCode;
            return new ConnectResult(ConnectStatus.SocketFailed, code, new SocketException(code).Message);
        }
        catch (SocketException)
        {
            // as if there were no address
        }

        return new ConnectResult(ConnectStatus.DnsFailed, 0, $"The host {_options.Host} was not found.");
    }

    /// <summary>Begins the TLS handshake; it goes on with each <see cref="Wait"/>.</summary>
    /// <exception cref="AuthenticationException">A certificate or a key cannot be read.</exception>
    internal Task BeginHandshake()
    {
        if (_options.Tls == null)
        {
            return Task.CompletedTask;
        }

        _tls = new TlsClient(_options.Tls, _options.Host);
        SslStream secure = new(_bytes);
        _stream = secure;
        Task handshake = secure.AuthenticateAsClientAsync(_tls.Handshake);
        handshake.GetAwaiter().OnCompleted(Wake); // wherever it ends
        return handshake;
    }

    /// <summary>Waits for something to read, for room to send, for <see cref="Wake"/> or for some time.</summary>
    internal void Wait(bool forReading, TimeSpan timeout)
    {
        if (_wait.Wait(_socket, forReading, HasUnsent, forReading && _mayHaveMore ? TimeSpan.Zero : timeout))
        {
            _bytes.OnReadable();
        }
    }

    /// <summary>Reads what is there; the buffer is the read's until it has brought something.</summary>
    /// <returns>-1 when there is nothing yet, 0 when there will be nothing any more.</returns>
    /// <exception cref="IOException">The connection has failed.</exception>
    internal int Read(PacketReader reader)
    {
        _read ??= _stream.ReadAsync(reader.Free);
        if (!_read.Value.IsCompleted)
        {
            _mayHaveMore = false;
            return -1;
        }

        ValueTask<int> read = _read.Value;
        _read = null;
        int count = read.GetAwaiter().GetResult();
        _mayHaveMore = _tls != null;
        return count;
    }

    internal void Write(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    /// <summary>Sends what the socket takes of what was written.</summary>
    internal void Flush() => _bytes.Flush();

    /// <summary>Says how a connection ended that was not accepted yet.</summary>
    internal ConnectResult Describe(Exception e)
    {
        // With TLS 1.3 a broker refuses a client's certificate after the handshake is over on this side: an alert then
        // stands where CONNACK would.
        bool isOfSocket = _options.Tls == null || e.GetBaseException() is SocketException;
        bool isOfTls = e is AuthenticationException || (e is IOException && !isOfSocket);
        return isOfTls
            ? new ConnectResult(ConnectStatus.TlsFailed, 0, _tls?.Describe(e) ?? e.Message)
            : new ConnectResult(ConnectStatus.Closed, 0, e.GetBaseException().Message);
    }

    private static bool IsNotFound(SocketError error) =>
        error is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain;

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
        _wait.Dispose();
        _tls?.Dispose();
    }
}

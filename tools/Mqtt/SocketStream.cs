using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Mqtt;

/// <summary>
/// A socket as a stream that never blocks: what is written waits for <see cref="Flush"/>, and a read waits for
/// <see cref="OnReadable"/>, on whose thread it then goes on. So one thread can serve TLS both ways.
/// </summary>
internal sealed class SocketStream(Socket socket) : Stream, IValueTaskSource<int>
{
    private readonly ByteQueue _unsent = new();
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _wanted;
    private bool _isWanted;
    private bool _isReadable;
    private bool _isBroken;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    internal bool HasUnsent => _unsent.Length > 0;

    /// <summary>Says that the socket has something, or has failed.</summary>
    internal void OnReadable()
    {
        _isReadable = true;
        if (!_isWanted)
        {
            return;
        }

        try
        {
            if (TryReceive(_wanted.Span, out int count))
            {
                _isWanted = false;
                _read.SetResult(count);
            }
        }
        catch (IOException e)
        {
            _isWanted = false;
            _read.SetException(e);
        }
    }

    /// <summary>Sends what the socket takes.</summary>
    public override void Flush()
    {
        while (HasUnsent && !_isBroken)
        {
            int count = socket.Send(_unsent.Span, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            // An alert that says why may have come before: to read goes on, and meets the error behind it.
            _isBroken = error != SocketError.Success;
            _unsent.Remove(count);
        }

        _unsent.Clear();
    }

    public override void Write(ReadOnlySpan<byte> buffer) => _unsent.Add(buffer);

    public override void Write(byte[] buffer, int offset, int count) => _unsent.Add(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _unsent.Add(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (TryReceive(buffer.Span, out int count))
        {
            return new ValueTask<int>(count);
        }

        _read.Reset();
        _wanted = buffer;
        _isWanted = true;
        return new ValueTask<int>(this, _read.Version);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags);

    private bool TryReceive(Span<byte> buffer, out int count)
    {
        count = 0;
        if (!_isReadable)
        {
            return false;
        }

        count = socket.Receive(buffer, SocketFlags.None, out SocketError error);
        _isReadable = error == SocketError.Success && count == buffer.Length;
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            SocketException reason = new((int)error);
            throw new IOException(reason.Message, reason);
        }

        return error == SocketError.Success;
    }
}

namespace Mqtt;

/// <summary>Bytes that wait to be sent, in one piece.</summary>
internal sealed class ByteQueue
{
    private const int UsualBytes = 64 * 1024;

    private byte[] _bytes = new byte[UsualBytes];
    private int _start;
    private int _end;

    internal int Length => _end - _start;

    internal ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, Length);

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _end < bytes.Length)
        {
            MakeRoom(bytes.Length);
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    internal void Remove(int count)
    {
        _start += count;
        if (_start == _end)
        {
            Clear();
        }
    }

    internal void Clear()
    {
        _start = _end = 0;
        if (_bytes.Length > UsualBytes)
        {
            _bytes = new byte[UsualBytes]; // a large message must not cost its size from then on
        }
    }

    private void MakeRoom(int more)
    {
        int needed = Length + more;
        byte[] target = needed <= _bytes.Length ? _bytes : new byte[Math.Max(needed, 2 * _bytes.Length)];
        Span.CopyTo(target);
        _end -= _start;
        _start = 0;
        _bytes = target;
    }
}

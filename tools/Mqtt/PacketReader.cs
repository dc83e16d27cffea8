using MQTTnet.Adapter;
using MQTTnet.Exceptions;

namespace Mqtt;

/// <summary>Cuts what is read into packets (MQTT 3.1.1 section 2.2).</summary>
/// <param name="accept">Asked for each packet as soon as its head is there, with its type and the length that it
/// declares, before any memory is taken for it; false is an end of the connection.</param>
internal sealed class PacketReader(Func<int, int, bool> accept)
{
    /// <summary>The most bytes that one read takes.</summary>
    internal const int ReadBytes = 16 * 1024;

    private const int LengthBytesMax = 4;
    private const int MoreFlag = 0x80;

    private byte[] _buffer = new byte[ReadBytes];
    private int _start;
    private int _end;
    private bool _isAccepted;

    /// <summary>Gets where the next read goes; what it brought is told by <see cref="Commit"/>.</summary>
    internal Memory<byte> Free
    {
        get
        {
            if (_start == _end && _buffer.Length > ReadBytes)
            {
                _buffer = new byte[ReadBytes];
            }
            else
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            }

            _end -= _start;
            _start = 0;
            return _buffer.AsMemory(_end);
        }
    }

    internal void Commit(int count) => _end += count;

    /// <summary>Takes the next packet; its body is valid until the next read.</summary>
    /// <exception cref="MqttProtocolViolationException">It is malformed, or not accepted.</exception>
    internal bool TryTake(out ReceivedMqttPacket packet)
    {
        packet = default;
        if (!TryReadLength(out int headBytes, out int bodyBytes))
        {
            return false;
        }

        if (!_isAccepted && !accept(_buffer[_start] >> 4, bodyBytes))
        {
            throw new MqttProtocolViolationException($"A packet of {bodyBytes} bytes was not accepted.");
        }

        int total = headBytes + bodyBytes;
        _isAccepted = _end - _start < total;
        if (_isAccepted)
        {
            Reserve(total);
            return false;
        }

        ArraySegment<byte> body = new(_buffer, _start + headBytes, bodyBytes);
        packet = new ReceivedMqttPacket(_buffer[_start], body, total);
        _start += total;
        return true;
    }

    private bool TryReadLength(out int headBytes, out int bodyBytes)
    {
        headBytes = 1;
        bodyBytes = 0;
        while (_start + headBytes < _end)
        {
            int part = _buffer[_start + headBytes];
            bodyBytes |= (part & ~MoreFlag) << (7 * (headBytes - 1));
            headBytes++;
            if ((part & MoreFlag) == 0)
            {
                return true;
            }

            if (headBytes > LengthBytesMax)
            {
                throw new MqttProtocolViolationException("A packet's length has more than four bytes.");
            }
        }

        return false;
    }

    private void Reserve(int total)
    {
        if (total > _buffer.Length)
        {
            byte[] larger = new byte[total];
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            _buffer = larger;
            _end -= _start;
            _start = 0;
        }
    }
}

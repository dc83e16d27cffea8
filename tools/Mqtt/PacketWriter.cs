using System.Diagnostics;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Mqtt;

/// <summary>
/// Collects the packets of all threads until the connection's own takes them, as many as there are, for one write.
/// </summary>
internal sealed class PacketWriter
{
    private const int HeadBytes = 4096;

    private readonly object _lock = new();
    private readonly MqttPacketFormatterAdapter _formatter =
        new(MqttProtocolVersion.V311, new MqttBufferWriter(HeadBytes, HeadBytes));

    private ByteQueue _filling = new();
    private ByteQueue _taken = new();
    private bool _isClosed;

    /// <returns>False when it is closed.</returns>
    /// <exception cref="NotSentException">It cannot be encoded.</exception>
    internal bool TryAdd(MqttPacket packet)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return false;
            }

            try
            {
                MqttPacketBuffer encoded = _formatter.Encode(packet);
                _filling.Add(encoded.Packet);
                foreach (ReadOnlyMemory<byte> part in encoded.Payload)
                {
                    _filling.Add(part.Span);
                }

                return true;
            }
            catch (MqttProtocolViolationException e)
            {
                throw new NotSentException(e.Message);
            }
        }
    }

    /// <summary>Waits until so many bytes have room, and takes false for an answer when that takes too long.</summary>
    internal bool WaitForRoom(int maxBytes, TimeSpan timeout)
    {
        lock (_lock)
        {
            if (_filling.Length < maxBytes)
            {
                return true;
            }

            long start = Stopwatch.GetTimestamp();
            while (_filling.Length >= maxBytes && !_isClosed)
            {
                TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_lock, left))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Takes all that is there; empty it before the next call.</summary>
    internal ByteQueue Take()
    {
        lock (_lock)
        {
            (_filling, _taken) = (_taken, _filling);
            Monitor.PulseAll(_lock);
            return _taken;
        }
    }

    /// <summary>Takes nothing more.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }
    }
}

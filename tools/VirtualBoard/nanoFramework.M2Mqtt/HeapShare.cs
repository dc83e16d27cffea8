using System.Text;
using VirtualBoard;

namespace nanoFramework.M2Mqtt;

/// <summary>
/// What one client holds of its board's heap, if that has a size, in the interpreter's bytes: an array takes 20 and its
/// bytes, a text 13, and an object 12 and 12 for each field. Of what arrives the client makes three copies. None is
/// taken for collected before the handler has returned.
/// </summary>
internal sealed class HeapShare(BoardHeap? heap)
{
    // A message, its context in the queue, and the event's arguments.
    private const int MessageObjects = 264;
    private const int Block = 12;
    private const int ArrayHead = 20;
    private const int TextHead = 13;
    private const int FixedHead = 2;
    private const int IdBytes = 2;

    private readonly Lock _lock = new();
    private int _held;
    private bool _isOver;

    /// <summary>Gets a value indicating whether there is something to count.</summary>
    internal bool IsLimited => heap is { Size: > 0 };

    internal static int OfPacket(int bytes) => RoundUp(ArrayHead + bytes);

    /// <summary>What a message takes beside its packet: the payload twice, its topic, its objects.</summary>
    internal static int OfArrived(string topic, int payloadBytes) =>
        (2 * OfPacket(payloadBytes)) + RoundUp(TextHead + Encoding.UTF8.GetByteCount(topic)) + MessageObjects;

    internal static int OfPublish(int payloadBytes) => OfPacket(payloadBytes) + MessageObjects;

    internal static int PacketBytes(string topic, int payloadBytes, int qos) =>
        FixedHead + Encoding.UTF8.GetByteCount(topic) + (qos > 0 ? IdBytes : 0) + payloadBytes;

    internal bool TryTake(int bytes)
    {
        lock (_lock)
        {
            if (!IsLimited || _isOver)
            {
                return true;
            }

            bool isTaken = heap!.TryTake(bytes);
            _held += isTaken ? bytes : 0;
            return isTaken;
        }
    }

    internal void Release(int bytes)
    {
        lock (_lock)
        {
            int released = Math.Min(bytes, _held);
            _held -= released;
            heap?.Release(released);
        }
    }

    /// <summary>The client is over: all that it held can be collected, and it takes no more.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _isOver = true;
            Release(_held);
        }
    }

    private static int RoundUp(int bytes) => (bytes + Block - 1) / Block * Block;
}

namespace VirtualBoard;

/// <summary>
/// The managed heap of a board, as far as what runs outside the firmware fills it: the client library's copies of what
/// arrives and of what is in flight. Desktop objects have no size of the chip's, so what the firmware itself has in use
/// is a figure that is set.
/// </summary>
public sealed class BoardHeap
{
    private readonly Lock _lock = new();
    private int _held;
    private int _leastFree = int.MaxValue;

    /// <summary>Gets or sets the bytes of the heap; 0 stands for one that never ends.</summary>
    public int Size { get; set; }

    /// <summary>
    /// Gets or sets the bytes that the firmware, the libraries and the interpreter have in use at rest.
    /// </summary>
    public int WorkingSet { get; set; }

    /// <summary>Gets the bytes that are free.</summary>
    public int Free
    {
        get
        {
            lock (_lock)
            {
                return FreeNow;
            }
        }
    }

    /// <summary>
    /// Gets the fewest bytes that were free at any time; <see cref="int.MaxValue"/> without a <see cref="Size"/>.
    /// </summary>
    public int LeastFree
    {
        get
        {
            lock (_lock)
            {
                return _leastFree;
            }
        }
    }

    /// <summary>Gets how many times something was refused.</summary>
    public int Refusals { get; private set; }

    private int FreeNow => Size == 0 ? int.MaxValue : Math.Max(0, Size - WorkingSet - _held);

    /// <summary>Takes bytes, if there are so many: the interpreter collects and compacts before it gives up.</summary>
    internal bool TryTake(int bytes)
    {
        lock (_lock)
        {
            if (bytes > FreeNow)
            {
                Refusals++;
                return false;
            }

            _held += bytes;
            _leastFree = Math.Min(_leastFree, FreeNow);
            return true;
        }
    }

    internal void Release(int bytes)
    {
        lock (_lock)
        {
            _held -= bytes;
        }
    }
}

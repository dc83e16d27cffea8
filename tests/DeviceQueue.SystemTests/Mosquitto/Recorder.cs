using System.Diagnostics;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>Keeps what happens on any thread, in order, and lets a test wait for it.</summary>
public sealed class Recorder<T>
{
    private readonly List<T> _items = [];

    public T[] Items
    {
        get
        {
            lock (_items)
            {
                return [.. _items];
            }
        }
    }

    public void Add(T item)
    {
        lock (_items)
        {
            _items.Add(item);
            Monitor.PulseAll(_items);
        }
    }

    /// <summary>Waits until so many items are wanted ones, and gives them; seen before or to come.</summary>
    public T[] WaitFor(int count, Predicate<T> wanted, TimeSpan? timeout = null)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan bound = timeout ?? Patience.Bound;
        lock (_items)
        {
            while (true)
            {
                T[] found = [.. _items.FindAll(wanted)];
                if (found.Length >= count)
                {
                    return found;
                }

                TimeSpan left = bound - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_items, left))
                {
                    Assert.Fail(
                        $"{found.Length} of {count} within {bound.TotalSeconds} s; seen:\n{string.Join('\n', _items)}");
                }
            }
        }
    }

    public T[] WaitFor(int count) => WaitFor(count, static _ => true);
}

namespace DeviceQueue.Benchmarks;

/// <summary>
/// Bounds what is outstanding. Who has filled it goes on when half is done, so that a thread is not woken for each
/// message alone.
/// </summary>
internal sealed class Window
{
    private readonly object _lock = new();
    private int _outstanding;

    public void Enter()
    {
        lock (_lock)
        {
            while (_outstanding >= Load.Outstanding)
            {
                Monitor.Wait(_lock);
            }

            _outstanding++;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            _outstanding--;
            if (_outstanding is 0 or (Load.Outstanding / 2))
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    public void WaitUntilEmpty()
    {
        lock (_lock)
        {
            while (_outstanding > 0)
            {
                Monitor.Wait(_lock);
            }
        }
    }
}

using System.Collections.Concurrent;
using VirtualBoard;

namespace nanoFramework.M2Mqtt;

/// <summary>
/// The one thread that runs every handler of a client, and that closes the client when its connection is over.
/// </summary>
internal sealed class EventDispatcher(Action close, Action raiseClosed)
{
    private readonly ConcurrentQueue<Action> _events = new();
    private readonly AutoResetEvent _signal = new(false);
    private volatile bool _isClosing;
    private volatile bool _isRunning = true;

    internal bool IsClosing => _isClosing;

    internal void Start() => new Thread(Run) { IsBackground = true, Name = "M2Mqtt events" }.Start();

    internal void Enqueue(Action raise)
    {
        _events.Enqueue(raise);
        _signal.Set();
    }

    /// <summary>
    /// The connection is over: what is queued is raised, then the client is closed and ConnectionClosed raised.
    /// </summary>
    internal void BeginClosing()
    {
        _isClosing = true;
        _signal.Set();
    }

    /// <summary>
    /// Ends the thread after the handler it is in; events still queued are lost, and ConnectionClosed is not raised.
    /// </summary>
    internal void Stop()
    {
        _isRunning = false;
        _signal.Set();
    }

    private void Run()
    {
        while (_isRunning)
        {
            try
            {
                if (_events.IsEmpty && !_isClosing)
                {
                    _signal.WaitOne();
                }

                Board.Checkpoint();
                if (!_isRunning || !Step())
                {
                    return;
                }
            }
            catch (Exception)
            {
                // As the real one: an exception of a handler costs the connection and is not reported.
                BeginClosing();
            }
        }
    }

    private bool Step()
    {
        if (_events.TryDequeue(out Action? raise))
        {
            raise();
        }

        if (!_events.IsEmpty || !_isClosing)
        {
            return true;
        }

        close();
        raiseClosed();
        return false;
    }
}

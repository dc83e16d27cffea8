using System.Collections.Concurrent;
using System.Diagnostics;
using Mqtt;
using nanoFramework.M2Mqtt.Messages;
using VirtualBoard;

namespace nanoFramework.M2Mqtt;

/// <summary>
/// The thread between a client's callers and its connection: it sends, repeats what finds no answer, gives up, and
/// pings. All its state is its own; what comes from other threads goes through one queue.
/// </summary>
internal sealed class Inflight
{
    private readonly BrokerClient _link;
    private readonly HeapShare _heap;
    private readonly MqttSettings _settings;
    private readonly Action<Exchange, bool> _done;
    private readonly Action _fail;
    private readonly TimeSpan _keepalive;
    private readonly ConcurrentQueue<Action> _work = new();
    private readonly AutoResetEvent _signal = new(false);
    private readonly Thread _thread;
    private readonly List<Exchange> _exchanges = [];
    private int _count;
    private long _pingedAt;
    private volatile bool _isRunning = true;

    internal Inflight(
        BrokerClient link,
        HeapShare heap,
        MqttSettings settings,
        TimeSpan keepalive,
        Action<Exchange, bool> done,
        Action fail)
    {
        _link = link;
        _heap = heap;
        _settings = settings;
        _keepalive = keepalive;
        _done = done;
        _fail = fail;
        _thread = new Thread(Run) { IsBackground = true, Name = "M2Mqtt in flight" };
        link.Published += id => Post(() => Answer(id, []));
        link.Unsubscribed += id => Post(() => Answer(id, []));
        link.Subscribed += (id, granted) => Post(() => Answer(id, granted));
    }

    internal bool IsFull => Volatile.Read(ref _count) >= _settings.InflightQueueSize;

    internal void Start() => _thread.Start();

    /// <summary>Stops the thread, waiting at most a second as the real one does.</summary>
    internal void Stop()
    {
        _isRunning = false;
        _signal.Set();
        if (_thread.IsAlive)
        {
            _thread.Join(1000);
        }
    }

    internal void Send(Exchange exchange)
    {
        Interlocked.Increment(ref _count);
        Post(() => SendFirst(exchange));
    }

    /// <summary>Runs something on this thread, behind all that was sent before.</summary>
    internal void Post(Action action)
    {
        _work.Enqueue(action);
        _signal.Set();
    }

    private void Run()
    {
        try
        {
            while (_isRunning)
            {
                _signal.WaitOne(NextDueMs());
                Board.Checkpoint();
                while (_isRunning && _work.TryDequeue(out Action? action))
                {
                    action();
                }

                RepeatOrGiveUp();
                Ping();
            }
        }
        catch (Exception)
        {
            // A packet that cannot be built or sent costs the connection, and everything behind it.
            _fail();
        }
    }

    private void SendFirst(Exchange exchange)
    {
        exchange.Attempts = 0;
        SendAgain(exchange);
        if (exchange is PublishExchange { Qos: MqttQoSLevel.AtMostOnce })
        {
            Interlocked.Decrement(ref _count);
            _heap.Release(exchange.HeldBytes);
            return;
        }

        _exchanges.Add(exchange);
    }

    private void SendAgain(Exchange exchange)
    {
        if (!_heap.TryTake(exchange.PacketBytes))
        {
            throw new OutOfMemoryException();
        }

        exchange.SentAtMs = Environment.TickCount64;
        exchange.Send(_link);
        _heap.Release(exchange.PacketBytes);
        exchange.Attempts++;
    }

    private void Answer(int id, int[] granted)
    {
        if (_exchanges.Find(exchange => exchange.Id == id) is not { } exchange)
        {
            return; // given up meanwhile
        }

        if (exchange is SubscribeExchange subscribe)
        {
            subscribe.Granted = Array.ConvertAll(granted, static level => (MqttQoSLevel)level);
        }

        Forget(exchange);
        _done(exchange, true);
    }

    private void RepeatOrGiveUp()
    {
        long now = Environment.TickCount64;
        foreach (Exchange exchange in _exchanges.FindAll(exchange => now - exchange.SentAtMs >= _settings.DelayOnRetry))
        {
            if (exchange.Attempts < _settings.AttemptsOnRetry)
            {
                SendAgain(exchange);
            }
            else
            {
                Forget(exchange);
                _done(exchange, false);
            }
        }
    }

    private void Forget(Exchange exchange)
    {
        _exchanges.Remove(exchange);
        Interlocked.Decrement(ref _count);
        _heap.Release(exchange.HeldBytes);
    }

    /// <summary>
    /// PINGREQ when nothing was sent for a keepalive, however much was received; so who sends QoS 0 alone never asks,
    /// and never learns that the broker is gone.
    /// </summary>
    private void Ping()
    {
        if (_keepalive == TimeSpan.Zero)
        {
            return;
        }

        if (_pingedAt != 0 && _link.LastRead >= _pingedAt)
        {
            _pingedAt = 0;
        }

        if (_pingedAt != 0 && Stopwatch.GetElapsedTime(_pingedAt) >= _keepalive)
        {
            throw new TimeoutException();
        }

        if (_pingedAt == 0 && Stopwatch.GetElapsedTime(_link.LastWritten) >= _keepalive)
        {
            _pingedAt = Stopwatch.GetTimestamp();
            _link.Ping();
        }
    }

    private int NextDueMs()
    {
        long due = Timeout.Infinite;
        if (_exchanges.Count > 0)
        {
            due = Math.Max(
                0, _exchanges.Min(exchange => exchange.SentAtMs) + _settings.DelayOnRetry - Environment.TickCount64);
        }

        if (_keepalive != TimeSpan.Zero)
        {
            long from = _pingedAt != 0 ? _pingedAt : _link.LastWritten;
            long ping = Math.Max(
                1, (long)Math.Ceiling((_keepalive - Stopwatch.GetElapsedTime(from)).TotalMilliseconds));
            due = due < 0 ? ping : Math.Min(due, ping);
        }

        return (int)due;
    }
}

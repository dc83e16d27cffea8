using System.Collections.Concurrent;
using System.Device.Gpio;
using System.Net.NetworkInformation;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Networking;
using nanoFramework.Runtime.Native;

namespace VirtualBoard;

/// <summary>
/// From one start of Main to the next: everything that the chip forgets in between, above all nanoFramework's static
/// state.
/// </summary>
internal sealed class Boot(Board board, int number, Sleep.WakeupCause wakeupCause)
{
    private readonly Lock _gate = new();
    private readonly Lock _native = new();
    private readonly ManualResetEventSlim _interpreterRuns = new(true);
    private readonly BlockingCollection<Action> _events = [];
    private volatile bool _hasEnded;

    public Board Board { get; } = board;

    public int Number { get; } = number;

    public Sleep.WakeupCause WakeupCause { get; } = wakeupCause;

    public bool HasEnded => _hasEnded;

    public TimeSpan? WakeupTimer { get; set; }

    /// <summary>Gets or sets a value indicating whether the radio was told to join the network.</summary>
    public bool HasRadio { get; set; }

    public RebootEventHandler? RebootHandlers { get; set; }

    public GpioState Gpio { get; } = new();

    /// <summary>
    /// How many I2C devices are open. The native driver counts them, too, and keeps the bus for the last one.
    /// </summary>
    public int OpenI2cDevices;

    public PinFunctions PinFunctions { get; } = new(board.Model);

    public NetworkEvents NetworkEvents { get; } = new();

    public HelperState WifiHelper { get; } = new();

    public HelperState EthernetHelper { get; } = new();

    public SntpState Sntp { get; } = new();

    /// <summary>See <see cref="Board.Checkpoint"/>.</summary>
    public void Pass()
    {
        _interpreterRuns.Wait();
        if (_hasEnded)
        {
            Thread.Sleep(Timeout.Infinite);
        }

        if (Board.Fault?.Invoke() is { } fault)
        {
            throw fault;
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
        }

        _events.CompleteAdding();
    }

    /// <summary>
    /// Does something to the world outside, unless the boot is over: a thread that was on its way then must not touch
    /// what the next boot uses.
    /// </summary>
    public void Act(Action action)
    {
        Pass();
        lock (_gate)
        {
            if (!_hasEnded)
            {
                action();
                return;
            }
        }

        Pass();
    }

    public T StopInterpreterWhile<T>(Func<T> native)
    {
        lock (_native)
        {
            _interpreterRuns.Reset();
            try
            {
                return native();
            }
            finally
            {
                _interpreterRuns.Set();
            }
        }
    }

    /// <summary>Queues a handler for the one thread that nanoFramework raises hardware events on.</summary>
    public void Post(Action handler)
    {
        try
        {
            _events.Add(handler);
        }
        catch (InvalidOperationException)
        {
            // The boot ended meanwhile: no handler is left.
        }
    }

    public void RunEvents()
    {
        foreach (Action handler in _events.GetConsumingEnumerable())
        {
            Pass();
            handler();
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using nanoFramework.Hardware.Esp32;

namespace VirtualBoard;

/// <summary>
/// An ESP32 on the desktop. nanoFramework's API is static, so a board is found by the thread: what
/// <see cref="PowerOn"/> starts, and every thread started from there, belongs to it. Every call into the imitated API
/// passes <see cref="Checkpoint"/>. Events are raised outside the board: their handlers run on the thread that caused
/// them, belong to no board and should not block.
/// </summary>
public sealed class Board : IDisposable
{
    private const int MaxUncaughtExceptions = 1000;

    private const double MaxDrift = 0.05;

    private static readonly TimeSpan ShutDownTimeout = TimeSpan.FromSeconds(5);
    private static readonly AsyncLocal<Boot?> Flow = new(EnterThread);

    // A thread that dies of an exception has left its execution context by then; this still knows whose it was.
    [ThreadStatic]
    private static Boot? _lastBootOfThread;

    private readonly Lock _power = new();
    private readonly Stopwatch _age = Stopwatch.StartNew();
    private readonly ConcurrentQueue<Exception> _uncaughtExceptions = new();
    private volatile Boot? _boot;
    private Action? _main;
    private Timer? _wakeup;
    private Boot? _sleeper;
    private TimeSpan? _asleepSince;

    static Board() => ExceptionHandling.SetUnhandledExceptionHandler(EndThreadOnly);

    public Board()
    {
        Gpio = new BoardPins(this);
        I2c = new I2cWires();
        Network = new BoardNetwork(this);
        Clock = new BoardClock(this);
        Storage = new FlashStorage(this);
        Energy = new EnergyAccount(Clock);
    }

    /// <summary>
    /// Raised when a boot ends for whatever reason: power cut, reset, reboot, deep sleep. Connections end without a
    /// word, as a chip's do.
    /// </summary>
    public event Action? PowerLost;

    /// <summary>
    /// Raised when Main starts again without the power having been off; the argument is the new
    /// <see cref="BootCount"/>.
    /// </summary>
    public event Action<int>? Rebooted;

    /// <summary>Raised when the board falls asleep; the argument is for how long, which nothing ends but power, a reset
    /// or <see cref="SkipSleep"/> before.</summary>
    public event Action<TimeSpan>? FellAsleep;

    /// <summary>Raised with each line that the firmware writes to its console.</summary>
    public event Action<string>? ConsoleLine;

    /// <summary>Raised by <see cref="Dispose"/>, after the power is off.</summary>
    public event Action? Disposed;

    /// <summary>Gets the board that the calling thread runs on.</summary>
    /// <exception cref="InvalidOperationException">The thread belongs to no board.</exception>
    public static Board Current => CurrentBoot.Board;

    /// <summary>Gets what board it is: an ESP32-DevKitC unless another is asked for.</summary>
    public BoardModel Model
    {
        get;
        init
        {
            field = value;
            PsramSize = value.PsramSize;
        }
    } = BoardModel.Esp32;

    /// <summary>Gets or sets the folder that stands for the board's flash.</summary>
    public required string StorageDirectory { get; init; }

    /// <summary>
    /// Gets the managed heap; one that is given a size takes the place of the two figures that follow.
    /// </summary>
    public BoardHeap Heap { get; } = new();

    /// <summary>
    /// Gets or sets the largest block in bytes that the device's heap can still give; what is larger is lost as on the
    /// device.
    /// </summary>
    public int LargestFreeBlock { get; set; } = 16_000;

    /// <summary>Gets or sets the free bytes of the managed heap that nanoFramework's GC reports.</summary>
    public int FreeMemory { get; set; } = 70_000;

    /// <summary>Gets or sets the free bytes outside the managed heap, where TLS takes its own from.</summary>
    public int FreeNativeMemory { get; set; } = 100_000;

    /// <summary>Gets or sets the bytes of PSRAM: none on a WROOM module, 4 MB and more on a WROVER.</summary>
    public int PsramSize { get; set; }

    /// <summary>
    /// Gets or sets what is asked at each call into the imitated API, on the thread that calls: the exception that it
    /// gives is thrown there, as an OutOfMemoryException is on the device, where the heap may end at any line; and a
    /// thread that it holds is one whose native call hangs.
    /// </summary>
    public Func<Exception?>? Fault { get; set; }

    /// <summary>
    /// Gets or sets how slow the oscillator is that counts while the board sleeps, -0.05 to 0.05: at 0.03 a sleep takes
    /// three percent longer than asked for, and the calendar does not notice.
    /// </summary>
    public double SleepDrift
    {
        get;
        set => field = value is >= -MaxDrift and <= MaxDrift
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "-0.05 to 0.05 is allowed.");
    }

    /// <summary>Gets how often Main was started.</summary>
    public int BootCount { get; private set; }

    /// <summary>Gets a value indicating whether a boot runs.</summary>
    public bool IsOn => _boot != null;

    /// <summary>
    /// Gets why the chip hung itself up, if it did: nothing runs any more, and only a reset or the power switch helps.
    /// </summary>
    public string? HangReason { get; private set; }

    /// <summary>
    /// Gets the exceptions that ended a thread of the firmware, the first 1000; on the device they are never seen.
    /// </summary>
    public IReadOnlyCollection<Exception> UncaughtExceptions => _uncaughtExceptions;

    public BoardPins Gpio { get; }

    public I2cWires I2c { get; }

    public BoardNetwork Network { get; }

    public BoardClock Clock { get; }

    public FlashStorage Storage { get; }

    public EnergyAccount Energy { get; }

    internal static Boot CurrentBoot =>
        Flow.Value
            ?? throw new InvalidOperationException(
            "This thread runs on no virtual board: start it with Board.PowerOn.");

    /// <summary>
    /// Gets the time since this object was made, whatever the board did meanwhile: the time base of pin traces.
    /// </summary>
    internal TimeSpan Age => _age.Elapsed;

    internal Boot? RunningBoot => _boot;

    /// <summary>Gets the calling thread's board, if it has one.</summary>
    public static bool TryGetCurrent([NotNullWhen(true)] out Board? board)
    {
        board = Flow.Value?.Board;
        return board != null;
    }

    /// <summary>
    /// Holds the calling thread while the interpreter stands still (a native call such as a TLS handshake), and for
    /// ever once its boot is over: a thread of a board without power runs no catch block and no finally block, and
    /// neither does ours.
    /// </summary>
    public static void Checkpoint() => Flow.Value?.Pass();

    /// <summary>Boots the board: runs the firmware's Main on a thread of its own.</summary>
    public void PowerOn(Action main)
    {
        lock (_power)
        {
            EndBoot(powerCut: true);
            Clock.ForgetUtc();
            _main = main;
            Start(Sleep.WakeupCause.Undefined);
        }
    }

    /// <summary>Cuts the power: no thread of this boot gets past its next call into the board.</summary>
    public void PowerOff()
    {
        lock (_power)
        {
            EndBoot(powerCut: true);
        }
    }

    /// <summary>
    /// Pulls the reset line, as a watchdog chip does: the firmware gets no warning, and Main starts again. Does nothing
    /// without power.
    /// </summary>
    public void Reset()
    {
        lock (_power)
        {
            if (_main != null)
            {
                Restart(Sleep.WakeupCause.Undefined);
            }
        }
    }

    /// <summary>
    /// Ends a deep sleep at once, as if its time had passed: the calendar and the world's clock have gone on. Does
    /// nothing to a board that is awake.
    /// </summary>
    public void SkipSleep()
    {
        lock (_power)
        {
            if (_sleeper is { WakeupTimer: { } time } sleeper)
            {
                Clock.Skip(Stretch(time) - (Clock.Elapsed - _asleepSince!.Value));
                WakeUp(sleeper);
            }
        }
    }

    /// <summary>
    /// What an operator's Ctrl-C does: the firmware hears of a reboot and has 5 s for it, then the power goes off and
    /// stays off.
    /// </summary>
    public void ShutDown()
    {
        if (_boot is { } boot)
        {
            Thread shutDown = new(() => RaiseReboot(boot));
            Run(boot, shutDown);
            shutDown.Join(ShutDownTimeout);
        }

        PowerOff();
    }

    /// <summary>
    /// Runs native code that stops every managed thread of the board, as DNS look-ups and TLS handshakes do on the
    /// chip.
    /// </summary>
    public T StopInterpreterWhile<T>(Func<T> native)
    {
        Boot? boot = Flow.Value?.Board == this ? Flow.Value : _boot;
        return boot == null ? native() : boot.StopInterpreterWhile(native);
    }

    public void Dispose()
    {
        PowerOff();
        Outside(Disposed);
    }

    /// <summary>Raises an event for the world outside: no handler may run as a thread of the board.</summary>
    internal static void Outside(Action? raise)
    {
        if (raise == null)
        {
            return;
        }

        Boot? boot = Flow.Value;
        Flow.Value = null;
        try
        {
            raise();
        }
        finally
        {
            Flow.Value = boot;
        }
    }

    internal void WriteConsole(string line) => Outside(() => ConsoleLine?.Invoke(line));

    internal static void RaiseReboot(Boot boot)
    {
        try
        {
            boot.RebootHandlers?.Invoke();
        }
        catch (Exception)
        {
            // As the real Power.RebootDevice: a handler's exception ends the handlers, never the reboot.
        }
    }

    /// <summary>Ends the calling boot and starts Main again; the caller never returns.</summary>
    internal void Reboot(Boot boot)
    {
        EndAnd(boot, () => Restart(Sleep.WakeupCause.Undefined));
    }

    /// <summary>
    /// Ends the calling boot until the wake-up timer is due, a reset or new power; the caller never returns.
    /// </summary>
    internal void DeepSleep(Boot boot)
    {
        EndAnd(boot, () =>
        {
            EndBoot(powerCut: false);
            _asleepSince = Clock.Elapsed;
            Energy.OnSleep();
            if (boot.WakeupTimer is { } time)
            {
                _sleeper = boot;
                Outside(() =>
                {
                    _wakeup = new Timer(_ => WakeUp(boot), null, Stretch(time), Timeout.InfiniteTimeSpan);
                    FellAsleep?.Invoke(time);
                });
            }
        });
    }

    /// <summary>The chip hung itself up; the caller never returns.</summary>
    internal void Hang(Boot boot, string reason)
    {
        EndAnd(boot, () =>
        {
            HangReason = reason;
            EndBoot(powerCut: false);
        });
    }

    /// <summary>Cuts the power in the middle of what the calling boot does; the caller never returns.</summary>
    internal void CutPower(Boot boot)
    {
        EndAnd(boot, () => EndBoot(powerCut: true));
    }

    private static void EnterThread(AsyncLocalValueChangedArgs<Boot?> change)
    {
        if (change.CurrentValue == null || !change.ThreadContextChanged)
        {
            return;
        }

        _lastBootOfThread = change.CurrentValue;

        // Firmware cannot say IsBackground, and a thread of a dead board never ends.
        Thread.CurrentThread.IsBackground = true;
    }

    private static bool EndThreadOnly(Exception exception)
    {
        if (_lastBootOfThread is not { } boot)
        {
            return false;
        }

        if (boot.Board._uncaughtExceptions.Count < MaxUncaughtExceptions)
        {
            boot.Board._uncaughtExceptions.Enqueue(exception);
        }

        return true;
    }

    private static void Run(Boot boot, Thread thread)
    {
        Boot? caller = Flow.Value;
        Flow.Value = boot;
        thread.Start();
        Flow.Value = caller;
    }

    private void EndAnd(Boot boot, Action then)
    {
        lock (_power)
        {
            if (_boot == boot)
            {
                then();
            }
        }

        boot.Pass();
    }

    // How long the world waits for a sleep.
    private TimeSpan Stretch(TimeSpan time) => time * (1 + SleepDrift);

    private void WakeUp(Boot sleeper)
    {
        lock (_power)
        {
            // Reset or the power switch may have been quicker.
            if (_boot == null && BootCount == sleeper.Number && _main != null)
            {
                Restart(Sleep.WakeupCause.Timer);
            }
        }
    }

    private void Restart(Sleep.WakeupCause cause)
    {
        EndBoot(powerCut: false);
        Start(cause);
        Outside(() => Rebooted?.Invoke(BootCount));
    }

    private void Start(Sleep.WakeupCause cause)
    {
        Action main = _main!;
        HangReason = null;
        BootCount++;
        Boot boot = new(this, BootCount, cause);
        _boot = boot;
        Storage.Mount();
        Clock.StartBoot();
        Energy.OnStart();
        ConsoleRouter.Install();
        Run(boot, new Thread(boot.RunEvents) { Name = "Events" });
        Network.Start(boot);
        Run(boot, new Thread(() => main()) { Name = "Main" });
    }

    private void EndSleep()
    {
        if (_asleepSince is { } since)
        {
            Clock.FallBehind((Clock.Elapsed - since) * (SleepDrift / (1 + SleepDrift)));
            _asleepSince = null;
        }
    }

    private void EndBoot(bool powerCut)
    {
        _wakeup?.Dispose();
        _wakeup = null;
        _sleeper = null;
        EndSleep();
        if (powerCut)
        {
            _main = null;
            Energy.OnPowerOff();
        }

        Boot? boot = _boot;
        _boot = null;
        if (boot != null)
        {
            boot.End();
            Gpio.FloatAll();
        }

        if (powerCut)
        {
            I2c.LosePower();
        }

        if (boot != null)
        {
            Outside(PowerLost);
        }
    }
}

namespace VirtualBoard;

/// <summary>What a board does, where that has a current of its own.</summary>
public enum PowerState
{
    /// <summary>The chip and the interpreter start; the radio is initialised.</summary>
    Start,

    /// <summary>The firmware runs, and the radio has not been told to join.</summary>
    Awake,

    /// <summary>The radio joins the network and waits for an address.</summary>
    Associate,

    /// <summary>The radio is on and listens.</summary>
    Connected,

    /// <summary>The radio sends.</summary>
    Transmit,

    /// <summary>A TLS handshake, with the radio on.</summary>
    Handshake,

    /// <summary>Deep sleep.</summary>
    Asleep,
}

/// <summary>How long things take on the chip that the virtual board cannot know.</summary>
public sealed record EnergyAssumptions
{
    /// <summary>Gets the time from power or a wake-up to the first line of Main.</summary>
    public double StartSeconds { get; init; } = 1;

    /// <summary>Gets the time for association and DHCP.</summary>
    public double AssociateSeconds { get; init; } = 2;

    public double HandshakeSeconds { get; init; } = 2;

    /// <summary>
    /// Gets the time of an IL instruction, calls and allocations included. nanoframework/Home#1013 measured a loop of
    /// three, of which one calls native code: 6 µs on one image of an ESP32, 18 µs on another; on a Netduino with
    /// 48 MHz an empty loop of seven takes 7 µs.
    /// </summary>
    public double InstructionMicroseconds { get; init; } = 2;

    /// <summary>Gets the time of a frame of some 200 bytes at 1 Mbit/s, with what the access point answers.</summary>
    public double FrameMilliseconds { get; init; } = 3;

    /// <summary>
    /// Gets the time to erase a block of 4 KB. Winbond W25Q32JV datasheet, AC characteristics: typical.
    /// </summary>
    public double EraseMilliseconds { get; init; } = 45;
}

/// <summary>
/// How long a board was in which state. Waits last here as long as on the chip, so the time between two states counts
/// as it passes, with what was skipped; what the chip takes longer for is added by <see cref="Assumptions"/>. Of a
/// firmware that counts its instructions these are added, and while the radio has not joined nothing counts but them
/// and the pauses: how long this computer takes, which may be busy, tells nothing of the chip.
/// </summary>
public sealed class EnergyAccount
{
    private const double MicrosecondsPerSecond = 1_000_000;
    private const double MillisecondsPerSecond = 1000;

    private readonly Lock _lock = new();
    private readonly BoardClock _clock;
    private readonly double[] _seconds = new double[Enum.GetValues<PowerState>().Length];
    private PowerState? _state;
    private TimeSpan _since;
    private long _uncounted;
    private long _pausedMs;

    internal EnergyAccount(BoardClock clock) => _clock = clock;

    public EnergyAssumptions Assumptions { get; set; } = new();

    /// <summary>Gets what the board does now; null without power.</summary>
    public PowerState? State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>Gets the instructions that a counting firmware has run.</summary>
    public long Instructions { get; private set; }

    /// <summary>Gets how often the radio joined the network.</summary>
    public int Associations { get; private set; }

    /// <summary>
    /// Takes note that the calling thread's firmware has run instructions. Called by code that was rewritten to count
    /// them.
    /// </summary>
    public static void CountInstructions(int count)
    {
        if (Board.TryGetCurrent(out Board? board))
        {
            Interlocked.Add(ref board.Energy._uncounted, count);
        }
    }

    /// <summary>Pauses the calling thread, in place of <see cref="Thread.Sleep(int)"/>.</summary>
    public static void Pause(int ms)
    {
        if (ms > 0 && Board.TryGetCurrent(out Board? board))
        {
            Interlocked.Add(ref board.Energy._pausedMs, ms);
        }

        Thread.Sleep(ms);
    }

    /// <summary>Gets the seconds in each state so far.</summary>
    public IReadOnlyDictionary<PowerState, double> Read()
    {
        lock (_lock)
        {
            Settle();
            return Enum.GetValues<PowerState>().ToDictionary(state => state, state => _seconds[(int)state]);
        }
    }

    internal void OnStart()
    {
        lock (_lock)
        {
            Change(PowerState.Awake);
            _seconds[(int)PowerState.Start] += Assumptions.StartSeconds;
        }
    }

    internal void OnSleep() => Enter(PowerState.Asleep);

    internal void OnPowerOff() => Enter(null);

    internal void OnSearch() => Enter(PowerState.Associate);

    internal void OnAssociated()
    {
        lock (_lock)
        {
            if (_state != PowerState.Connected)
            {
                Change(PowerState.Connected);
                Associations++;
                _seconds[(int)PowerState.Associate] += Assumptions.AssociateSeconds;
            }
        }
    }

    internal void OnHandshake() => Add(PowerState.Handshake, Assumptions.HandshakeSeconds);

    internal void OnFrames(int count) =>
        Add(PowerState.Transmit, count * Assumptions.FrameMilliseconds / MillisecondsPerSecond);

    internal void OnErase(long blocks)
    {
        if (State is { } state)
        {
            Add(state, blocks * Assumptions.EraseMilliseconds / MillisecondsPerSecond);
        }
    }

    private void Add(PowerState state, double seconds)
    {
        lock (_lock)
        {
            _seconds[(int)state] += seconds;
        }
    }

    private void Enter(PowerState? state)
    {
        lock (_lock)
        {
            Change(state);
        }
    }

    private void Change(PowerState? state)
    {
        Settle();
        _state = state;
    }

    private void Settle()
    {
        TimeSpan now = _clock.Elapsed;
        long instructions = Interlocked.Exchange(ref _uncounted, 0);
        long pausedMs = Interlocked.Exchange(ref _pausedMs, 0);
        Instructions += instructions;
        if (_state is { } state)
        {
            double busy = instructions * Assumptions.InstructionMicroseconds / MicrosecondsPerSecond;
            double passed = state == PowerState.Awake && instructions > 0
                ? pausedMs / MillisecondsPerSecond
                : (now - _since).TotalSeconds;
            _seconds[(int)state] += passed + busy;
        }

        _since = now;
    }
}

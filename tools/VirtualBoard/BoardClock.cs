using System.Diagnostics;

namespace VirtualBoard;

/// <summary>
/// The chip's two clocks: milliseconds since this boot, and a calendar that is not set after power-on. A reboot and
/// deep sleep keep the calendar, as the ESP32's RTC does.
/// </summary>
public sealed class BoardClock
{
    private readonly Lock _lock = new();
    private readonly Board _board;
    private readonly Stopwatch _uptime = new();
    private DateTime? _utcAtAgeZero;
    private TimeSpan _skipped;
    private TimeSpan _skippedBefore;

    internal BoardClock(Board board) => _board = board;

    /// <summary>Gets or sets how far the world's clock, which SNTP serves, is ahead of this computer's.</summary>
    public TimeSpan WorldOffset { get; set; }

    /// <summary>Gets the milliseconds since this boot.</summary>
    public long NowMs
    {
        get
        {
            Board.Checkpoint();
            lock (_lock)
            {
                return (long)Uptime.TotalMilliseconds;
            }
        }
    }

    /// <summary>Gets the calendar time; without a set clock the chip counts from 1970.</summary>
    public DateTime Utc
    {
        get
        {
            Board.Checkpoint();
            lock (_lock)
            {
                return _utcAtAgeZero is { } zero ? zero + _board.Age : DateTime.UnixEpoch + Uptime;
            }
        }
    }

    /// <summary>Gets a value indicating whether the calendar was set since power-on.</summary>
    public bool IsSet
    {
        get
        {
            lock (_lock)
            {
                return _utcAtAgeZero != null;
            }
        }
    }

    /// <summary>Gets the time since the board object was made, with all that was skipped.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _board.Age + _skippedBefore + _skipped;
            }
        }
    }

    private TimeSpan Uptime => _uptime.Elapsed + _skipped;

    /// <summary>Sets the calendar; what SNTP, the RTC and tests do.</summary>
    public void SetUtc(DateTime utc)
    {
        lock (_lock)
        {
            _utcAtAgeZero = DateTime.SpecifyKind(utc, DateTimeKind.Utc) - _board.Age;
        }
    }

    /// <summary>Moves the calendar, forwards or back.</summary>
    public void Jump(TimeSpan step) => SetUtc(Utc + step);

    /// <summary>
    /// Moves both clocks on, as if native code had stopped every thread for so long: what compares times finds that
    /// they have passed, what sleeps or waits has not begun to. The world goes on at its own pace, and its clock is
    /// ahead by as much.
    /// </summary>
    public void Skip(TimeSpan time)
    {
        lock (_lock)
        {
            _skipped += time;
            _utcAtAgeZero += time;
            WorldOffset += time;
        }
    }

    internal void SetFromWorld() => SetUtc(DateTime.UtcNow + WorldOffset);

    internal void StartBoot()
    {
        lock (_lock)
        {
            _uptime.Restart();
            _skippedBefore += _skipped;
            _skipped = TimeSpan.Zero;
        }
    }

    /// <summary>Sets the calendar back by what a slow oscillator did not count.</summary>
    internal void FallBehind(TimeSpan time)
    {
        lock (_lock)
        {
            _utcAtAgeZero -= time;
        }
    }

    internal void ForgetUtc()
    {
        lock (_lock)
        {
            _utcAtAgeZero = null;
        }
    }
}

using DeviceQueue.Sleep;
using VirtualBoard;

namespace Simulator;

/// <summary>
/// Lets the sleeps of a board pass in seconds, and the minutes after a start in which it does not sleep.
/// </summary>
internal sealed class SleepPace : IDisposable
{
    private const int SleepSeconds = 3;
    private const int StartSeconds = 5;

    private static readonly TimeSpan AwakeTime = TimeSpan.FromMilliseconds(Sleeper.PowerOnMs);

    private readonly Board _board;
    private readonly BoardView _view;
    private readonly int _intervalMs;
    private readonly Timer _timer;
    private readonly Lock _lock = new();
    private bool _isAsleep;
    private bool _isWaking;

    public SleepPace(Board board, BoardView view, int intervalMs)
    {
        _board = board;
        _view = view;
        _intervalMs = intervalMs;
        _timer = new Timer(_ => Skip());
        board.FellAsleep += OnSleep;
        board.Rebooted += OnBoot;
    }

    /// <summary>Gets how fast time passes, as a sentence.</summary>
    public string Text
    {
        get
        {
            TimeSpan interval = TimeSpan.FromMilliseconds(_intervalMs);
            string time = interval.Seconds == 0 && interval.TotalHours < 1
                ? $"{(int)interval.TotalMinutes} minutes"
                : Ago.Show(interval);
            return $"Sleep is skipped: {time} pass in {SleepSeconds} seconds.";
        }
    }

    /// <summary>Takes note of a start that is no wake-up.</summary>
    public void OnStart()
    {
        lock (_lock)
        {
            _isAsleep = false;
            _timer.Change(TimeSpan.FromSeconds(StartSeconds), Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnSleep(TimeSpan time)
    {
        _view.OnSleep($"asleep: {Ago.Show(time)} pass in {SleepSeconds} s");
        lock (_lock)
        {
            _isAsleep = true;
            _timer.Change(TimeSpan.FromSeconds(SleepSeconds), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnBoot(int count)
    {
        if (_isWaking)
        {
            _view.OnWakeUp();
        }
        else
        {
            _view.OnPower(true);
            OnStart();
        }
    }

    private void Skip()
    {
        bool wasAsleep;
        lock (_lock)
        {
            wasAsleep = _isAsleep;
            _isAsleep = false;
        }

        if (wasAsleep)
        {
            _isWaking = true; // the board boots on this thread
            _board.SkipSleep();
            _isWaking = false;
        }
        else if (_board.IsOn)
        {
            string time = $"{AwakeTime.TotalMinutes} minutes";
            _view.Note($"the {time} after a start, in which the device stays awake, are over");
            _board.Clock.Skip(AwakeTime);
        }
    }
}

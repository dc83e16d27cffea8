using System.Diagnostics;

namespace VirtualFleet;

/// <summary>
/// Faults of the field from a seed: sensors that do not acknowledge, links that are cut, power that is cut. Each board
/// has its own sequence of them, whatever the others do.
/// </summary>
/// <param name="boards">The boards, which run.</param>
/// <param name="seed">Decides what befalls which board when.</param>
/// <param name="onPowerCut">Told of a board whose power is off, before it comes back.</param>
public sealed class Chaos(IReadOnlyList<FleetBoard> boards, int seed, Action<FleetBoard> onPowerCut)
{
    private const int LeastPauseMs = 5_000;
    private const int LongestPauseMs = 20_000;
    private const int LeastFaultMs = 1_000;
    private const int LongestFaultMs = 8_000;
    private const double SpoiledShare = 0.5;

    private readonly PriorityQueue<(int Board, Fault? Ends), long> _due = new();
    private readonly Random[] _random = [.. boards.Select((_, i) => new Random(HashCode(seed, i)))];

    private (int Board, Fault? Ends)? _current;

    private enum Fault
    {
        Sensor,
        Link,
        Power,
    }

    public int SensorFaults { get; private set; }

    public int LinkCuts { get; private set; }

    public int PowerCuts { get; private set; }

    /// <summary>Lets faults begin and end until it is cancelled; then all that is spoiled is mended.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        for (int i = 0; i < boards.Count; i++)
        {
            _due.Enqueue((i, null), _random[i].Next(LeastPauseMs, LongestPauseMs));
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            while (_due.TryDequeue(out (int Board, Fault? Ends) next, out long dueMs))
            {
                double waitMs = dueMs - Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                _current = next;
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(waitMs, 0)), cancellation);
                _current = null;
                _due.Enqueue((next.Board, Turn(next.Board, next.Ends)), dueMs + Pause(next.Board, next.Ends == null));
            }
        }
        catch (OperationCanceledException)
        {
            IEnumerable<(int Board, Fault? Ends)> open = _due.UnorderedItems.Select(item => item.Element);
            foreach ((int board, Fault? fault) in _current is { } waiting ? open.Append(waiting) : open)
            {
                End(boards[board], fault);
            }
        }
    }

    // Not the framework's, which is another in each run.
    private static int HashCode(int seed, int board) => unchecked((seed * 486187739) + (board * 16777619));

    private int Pause(int board, bool isOfFault) => isOfFault
        ? _random[board].Next(LeastFaultMs, LongestFaultMs)
        : _random[board].Next(LeastPauseMs, LongestPauseMs);

    // Ends the fault that lasts, or begins one, and gives what lasts now.
    private Fault? Turn(int index, Fault? lasts)
    {
        FleetBoard board = boards[index];
        if (lasts != null)
        {
            End(board, lasts);
            return null;
        }

        Fault fault = (Fault)_random[index].Next((int)Fault.Power + 1);
        switch (fault)
        {
            case Fault.Sensor:
                SensorFaults++;
                board.SpoilSensor(SpoiledShare, _random[index].Next());
                break;
            case Fault.Link:
                LinkCuts++;
                board.SetLink(false);
                break;
            default:
                PowerCuts++;
                board.CutPower();
                onPowerCut(board);
                break;
        }

        return fault;
    }

    private static void End(FleetBoard board, Fault? fault)
    {
        switch (fault)
        {
            case Fault.Sensor:
                board.MendSensor();
                break;
            case Fault.Link:
                board.SetLink(true);
                break;
            case Fault.Power:
                board.PowerOn();
                break;
            default:
                break;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Desktop;
using Mqtt;
using VirtualFleet;

namespace DeviceQueue.Cli.Simulating;

/// <summary>
/// Runs virtual boards against a broker, with faults from a seed if asked, and counts at the end whether every reading
/// that a board accepted has arrived or is counted.
/// </summary>
internal sealed class Simulation(BrokerAccess access, Terminal terminal, SimulationRequest request)
{
    /// <summary>The longest time from Ctrl-C to the end.</summary>
    public static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(2);

    private const int MaxNamed = 10;

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    // A board that has just lost its link tries again within a minute (options.reconnect_max).
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(90);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ReadingAccount> _accounts = [];
    private readonly FleetView _state = new([]);
    private volatile bool _wasConnected;
    private int _outages;
    private int _unsettled;

    public async Task<int> Run(CancellationToken cancellation)
    {
        request.Check();
        using BrokerObserver observer = new(access.Client, ["sensor/#"], Take, Lose);
        ConnectResult connected = observer.Connect();
        if (!connected.IsAccepted)
        {
            terminal.Error.WriteLine($"error: {BrokerAccess.Describe(access.Client, connected)}");
            return ExitCode.NoConnection;
        }

        _wasConnected = true;
        using SimulatedFleet fleet = new(access, request);
        foreach (FleetBoard board in fleet.Boards)
        {
            _accounts.Add(board.Id, new ReadingAccount());
        }

        terminal.Out.WriteLine($"{Count(fleet.Boards.Count, "board")} at {access.Client.Host}:{access.Client.Port}"
            + $"{(request.Chaos is { } seed ? $", faults from seed {seed}" : "")}. Ctrl-C ends it.");
        terminal.Out.Flush();
        Chaos? chaos = request.Chaos is { } s ? new Chaos(fleet.Boards, s, KeepStored) : null;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(request.Time);
        await Start(fleet.Boards, end.Token);
        Task faults = chaos?.Run(end.Token) ?? Task.CompletedTask;
        await Show(fleet.Boards, chaos, end.Token);
        await faults;
        await Settle(fleet.Boards);
        return Report(fleet.Boards, chaos);
    }

    private static string Count(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    private void Take(ReceivedMessage message)
    {
        _state.Take(message);
        string[] levels = message.Topic.Split('/', 3);
        lock (_lock)
        {
            if (message.Retain || !_accounts.TryGetValue(levels[1], out ReadingAccount? account))
            {
                return;
            }

            if (levels[2] is "temperature" or "temperature/late")
            {
                account.TakeReading(DeviceView.Parse(message.Payload)?["seq"]);
            }
            else if (levels[2] == "health" && DeviceView.Parse(message.Payload) is { } report)
            {
                account.TakeReport(report);
            }
        }
    }

    private void Lose(string trouble)
    {
        if (_wasConnected)
        {
            _outages++;
            terminal.Error.WriteLine($"{DateTime.Now:HH:mm:ss}  {Plain.Text(trouble)}");
        }
    }

    private void KeepStored(FleetBoard board)
    {
        IReadOnlyList<long> numbers = OutboxFile.Read(board.Storage);
        lock (_lock)
        {
            _accounts[board.Id].TakeStored(numbers);
        }
    }

    // Spread, so that readings and connects are not all at one moment.
    private async Task Start(IReadOnlyList<FleetBoard> boards, CancellationToken cancellation)
    {
        TimeSpan spread = TimeSpan.FromMilliseconds(request.IntervalMs ?? LongestStart.TotalMilliseconds);
        TimeSpan pause = (spread < LongestStart ? spread : LongestStart) / boards.Count;
        foreach (FleetBoard board in boards)
        {
            board.PowerOn();
            if (!cancellation.IsCancellationRequested)
            {
                await Delay(pause, cancellation);
            }
        }
    }

    private static Task Delay(TimeSpan time, CancellationToken cancellation) =>
        Task.Delay(time, cancellation).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task Show(IReadOnlyList<FleetBoard> boards, Chaos? chaos, CancellationToken cancellation)
    {
        using Progress progress = new(terminal);
        long start = Stopwatch.GetTimestamp();
        long line = start;
        while (!cancellation.IsCancellationRequested)
        {
            await Delay(Step, cancellation);
            double rate = Arrived() / Stopwatch.GetElapsedTime(start).TotalSeconds;
            string text = $"{Online()} of {Count(boards.Count, "board")} online, {Count(Arrived(), "reading")}, "
                + string.Create(CultureInfo.InvariantCulture, $"{rate:F1} a second") + Faults(chaos);
            progress.Show(text);
            if (!terminal.IsErrorLive && Stopwatch.GetElapsedTime(line) >= LineInterval)
            {
                line = Stopwatch.GetTimestamp();
                terminal.Error.WriteLine(text);
            }
        }
    }

    private static string Faults(Chaos? chaos) => chaos == null
        ? ""
        : $"; {Count(chaos.SensorFaults, "sensor fault")}, {Count(chaos.LinkCuts, "link cut")}, "
            + Count(chaos.PowerCuts, "power cut");

    private int Online() => _state.Look(devices =>
        devices.Count(device => _accounts.ContainsKey(device.Id) && device.Status == DeviceView.Online));

    private int Arrived()
    {
        lock (_lock)
        {
            return _accounts.Values.Sum(account => account.Arrived);
        }
    }

    /// <summary>Waits until each board has reported, after the faults, that nothing waits in it.</summary>
    private async Task Settle(IReadOnlyList<FleetBoard> boards)
    {
        lock (_lock)
        {
            foreach (ReadingAccount account in _accounts.Values)
            {
                account.ExpectReport();
            }
        }

        using Progress progress = new(terminal);
        if (!terminal.IsErrorLive)
        {
            terminal.Error.WriteLine("Waiting for what is stored; Ctrl-C ends the wait.");
        }

        using ManualResetEventSlim enough = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => enough.Set());
        long start = Stopwatch.GetTimestamp();
        int waiting = boards.Count;
        while (waiting > 0 && !enough.IsSet && Stopwatch.GetElapsedTime(start) < SettleTimeout)
        {
            lock (_lock)
            {
                // One may be on its way, at an interval of a second.
                waiting = _accounts.Values.Count(account => account.Waiting is null or > 1);
            }

            progress.Show($"waiting for what is stored: {Count(waiting, "board")} to go; Ctrl-C ends the wait");
            await Task.Delay(Step);
        }

        _unsettled = waiting;
    }

    private int Report(IReadOnlyList<FleetBoard> boards, Chaos? chaos)
    {
        lock (_lock)
        {
            Dictionary<string, long> missing = boards.ToDictionary(
                board => board.Id, board => _accounts[board.Id].Missing(board.BootCount));
            long arrived = _accounts.Values.Sum(account => account.Arrived);
            int repeats = _accounts.Values.Sum(account => account.Repeats);
            double lost = _accounts.Values.Sum(account => account.Lost);
            int died = boards.Sum(board => board.UncaughtExceptions);
            string[] bad = [.. missing.Where(device => device.Value > _accounts[device.Key].Lost)
                .Select(device => $"{device.Key} ({device.Value})")];
            terminal.Out.WriteLine($"{Count(boards.Count, "board")}{Faults(chaos)}");
            terminal.Out.WriteLine(
                $"{Count(arrived + missing.Values.Sum(), "reading")} accepted, {arrived:N0} arrived ({repeats:N0} of "
                + $"them more than once), {missing.Values.Sum():N0} did not, {lost:N0} counted as lost");
            if (died > 0)
            {
                terminal.Out.WriteLine($"{Count(died, "thread")} of the firmware ended by an exception.");
            }

            if (_unsettled > 0)
            {
                terminal.Out.WriteLine($"{Count(_unsettled, "board")} had not sent all that is stored at the end.");
            }

            if (_outages > 0)
            {
                terminal.Out.WriteLine("This program lost its own connection meanwhile: what it did not hear is not "
                    + "missing for certain.");
            }

            terminal.Out.WriteLine(bad.Length == 0
                ? _unsettled == 0 ? "Every accepted reading arrived or is counted." : "What they had is not known."
                : $"Missing without a count: {string.Join(", ", bad.Take(MaxNamed))}"
                    + (bad.Length > MaxNamed ? $" and {bad.Length - MaxNamed} more boards" : ""));
            return bad.Length == 0 && _unsettled == 0 && died == 0 ? ExitCode.Done : ExitCode.NotDone;
        }
    }
}

using System.Text.Json.Nodes;
using DeviceQueue.SystemTests.Firmware;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>How a device on a battery is set up.</summary>
internal sealed record BatterySetup(int IntervalMinutes, int ConnectEvery, bool IsSecure)
{
    public const int MinutesPerDay = 1440;

    public int ConnectMinutes => IntervalMinutes * ConnectEvery;

    public int WakesPerDay => MinutesPerDay / IntervalMinutes;
}

/// <summary>What a run has measured, for a day.</summary>
/// <param name="Setup">How the device was set up.</param>
/// <param name="Seconds">The time in each state.</param>
/// <param name="Blocks">Blocks of flash that were erased.</param>
internal sealed record BatteryDay(BatterySetup Setup, IReadOnlyDictionary<PowerState, double> Seconds, double Blocks)
{
    /// <summary>Gets the instructions of a wake-up that does not connect; 0 when all do.</summary>
    public long ShortInstructions { get; init; }

    /// <summary>Gets the instructions of a wake-up that connects.</summary>
    public long ConnectInstructions { get; init; }
}

/// <summary>
/// The whole firmware on a virtual board that sleeps, at a real broker, with what it sleeps skipped; the board keeps
/// the account.
/// </summary>
internal sealed class BatteryRun : IDisposable
{
    private static readonly TimeSpan PowerOn = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly BatterySetup _setup;
    private readonly FieldBoard _field;
    private readonly Operator _watcher;
    private readonly AutoResetEvent _fellAsleep = new(false);

    public BatteryRun(BatterySetup setup, BatteryBroker broker, BatteryOptions options)
    {
        _setup = setup;
        string id = broker.NewName();
        _watcher = new Operator(broker.Broker, id);
        _field = new FieldBoard(broker.Broker.Port, id, intervalMs: setup.IntervalMinutes * 60_000);
        JsonObject device = _field.Device.AsObject();
        device.Remove("outputs");
        device.Remove("health_interval_ms");
        device["sleep"] = true;
        device["connect_every"] = setup.ConnectEvery;
        if (setup.IsSecure)
        {
            File.Copy(broker.AuthorityFile, Path.Combine(Board.StorageDirectory, "ca.pem"));
            _field.Settings["connection"] = new JsonObject { ["uri"] = $"mqtts://127.0.0.1:{broker.SecurePort}" };
            _field.Settings["tls"] = new JsonObject { ["ca"] = "ca.pem" };
        }

        Board.Network.AutoConnect = false;
        Board.SleepDrift = options.Drift;
        Board.Energy.Assumptions = options.Energy;
        Board.FellAsleep += _ => _fellAsleep.Set();
    }

    private Board Board => _field.Board;

    /// <summary>Lets it sleep and wake so often, and gives the account of that for a day.</summary>
    public BatteryDay Measure(int wakes)
    {
        _field.Boot(CountedFirmware.Main);
        _field.WaitForConsole("status: all well", Bound);
        _watcher.WaitForReadings(1, Bound);
        Board.Clock.Skip(PowerOn);
        WaitForSleep();
        IReadOnlyDictionary<PowerState, double> before = Board.Energy.Read();
        (TimeSpan start, long blocks) = (Board.Clock.Elapsed, Board.Storage.Wear.Blocks);
        ILookup<bool, long> instructions = Enumerable.Range(0, wakes).Select(_ => Wake())
            .ToLookup(wake => wake.HasConnected, wake => wake.Instructions);

        IReadOnlyDictionary<PowerState, double> after = Board.Energy.Read();
        Assert.Equal(wakes / _setup.ConnectEvery, instructions[true].Count());
        double days = (Board.Clock.Elapsed - start).TotalDays;
        return new BatteryDay(
            _setup,
            after.ToDictionary(state => state.Key, state => (state.Value - before[state.Key]) / days),
            (Board.Storage.Wear.Blocks - blocks) / days)
        {
            ShortInstructions = Median(instructions[false]),
            ConnectInstructions = Median(instructions[true]),
        };
    }

    public void Dispose()
    {
        _field.Dispose();
        _watcher.Dispose();
        _fellAsleep.Dispose();
    }

    private static long Median(IEnumerable<long> values)
    {
        long[] ordered = [.. values.Order()];
        return ordered.Length == 0 ? 0 : ordered[ordered.Length / 2];
    }

    private (bool HasConnected, long Instructions) Wake()
    {
        (long instructions, int associations) = (Board.Energy.Instructions, Board.Energy.Associations);
        Board.SkipSleep();
        WaitForSleep();
        return (Board.Energy.Associations > associations, Board.Energy.Instructions - instructions);
    }

    private void WaitForSleep() => Assert.True(
        _fellAsleep.WaitOne(Bound),
        $"awake for {Bound.TotalMinutes} minutes:\n{string.Join('\n', _field.Console.Items.TakeLast(40))}");
}

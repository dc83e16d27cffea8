using System.Device.Gpio;
using System.Diagnostics;
using System.Text.Json.Nodes;
using DeviceQueue.Esp32;
using DeviceQueue.Health;
using DeviceQueue.Mqtt;
using DeviceQueue.SystemTests.Mosquitto;
using VirtualBoard;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>
/// No thread can die silently. The firmware's are the main one, the watch thread and the connection's worker; handlers
/// of its own run on the client library's dispatch thread and, before a reboot, on the one that reboots. FieldBoard
/// asserts that no thread of its board ended with an exception.
/// </summary>
public sealed class Threads_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int WatchdogPin = 16;
    private const int StatusLedPin = 4;

    // A tenth of the true time, and yet more than a busy machine holds up a healthy main loop.
    private const int StallMs = StallWatch.StallMs / 10;

    [Theory]
    [InlineData(nameof(MainLoop), "main loop")]
    [InlineData(nameof(Supervisor), "watch")]
    [InlineData(nameof(ConnectionWorker), "connection")]
    public void A_thread_lives_on_after_an_exception_which_is_reported_after_the_restart(string type, string thread)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        watcher.WaitForReadings(1);

        // Other methods of the supervisor run on the main thread; and a method that a thread begins with is never
        // inlined, as those below it may be.
        using FaultyThread faulty = new(board.Board, type, exceptions: 1, type == nameof(Supervisor) ? "Run" : null);

        // What the watch thread waits for; the others are there already, and the connection's may lose it.
        watcher.Send(Operator.Envelope("output.pulse", """{"name":"relay1","ms":100}""", "c1"));
        faulty.WaitForReturn();
        watcher.WaitForHealth(h => h["last_fault"]?.ToString() == $"{thread}: OutOfMemoryException: no heap left");
        board.Board.PowerOff();
        board.BootAsIs();

        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        Assert.Equal(
            (1, $"{thread}: OutOfMemoryException: no heap left"),
            (health["faults"]!.GetValue<int>(), health["last_fault"]!.ToString()));
    }

    [Fact]
    public void A_main_loop_that_always_throws_starves_the_watchdog_and_brings_a_reboot_that_is_reported()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["watchdog_pin"] = WatchdogPin;

        // It fails in all that it does, the report of its failure included.
        using FaultyThread faulty = new(board.Board, nameof(MainLoop), exceptions: int.MaxValue);
        board.Board.Rebooted += _ => faulty.Heal();
        board.Boot(FirstBootStalls(board));

        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        Assert.Equal(
            "main loop: stalled for 6 s, OutOfMemoryException: no heap left", health["last_fault"]!.ToString());
        Assert.True(health["faults"]!.GetValue<int>() > 2);
        PinChange[] firstBoot = [.. board.Board.Gpio[WatchdogPin].Changes.TakeWhile(change => change.Level != null)];
        Assert.Equal(PinValue.Low, Assert.Single(firstBoot).Level);
    }

    [Fact]
    public void A_main_loop_that_hangs_on_the_bus_starves_the_watchdog_and_is_rebooted_though_the_supervisor_stumbles()
    {
        string id = fixture.NewName();
        using SlowClimate climate = new();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id, climate: climate);
        board.Device["watchdog_pin"] = WatchdogPin;
        board.Boot(FirstBootStalls(board));
        watcher.WaitForReadings(2);
        climate.Hold();
        board.Board.Rebooted += _ => climate.Release();

        // What it would say and how it would reboot fail once.
        using FaultyThread supervisor = new(board.Board, nameof(Supervisor), exceptions: 2, "Reboot");

        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        Assert.Equal(
            (2, "main loop: stalled for 6 s"), (health["faults"]!.GetValue<int>(), health["last_fault"]!.ToString()));
        board.WaitForConsole("the main loop has stalled: reboot");
        PinChange[] firstBoot = [.. board.Board.Gpio[WatchdogPin].Changes.TakeWhile(change => change.Level != null)];
        PinChange reboot = board.Board.Gpio[WatchdogPin].Changes[firstBoot.Length];
        Assert.True(firstBoot.Length > 2, $"{firstBoot.Length} changes");
        Assert.True(reboot.Time - firstBoot[^1].Time > TimeSpan.FromMilliseconds(StallMs));
    }

    [Fact]
    public void Pins_that_cannot_be_driven_are_recorded_and_stop_nothing()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        board.Device["status_led"] = StatusLedPin;
        board.Device["watchdog_pin"] = WatchdogPin;
        using FaultyThread led = new(board.Board, nameof(StatusLed), int.MaxValue, "Light");
        using FaultyThread watchdog = new(board.Board, nameof(Supervisor), int.MaxValue, "Feed");
        board.Boot();

        watcher.WaitForReadings(3);
        JsonNode health = watcher.WaitForHealth(h => h["faults"]!.GetValue<int>() == 2);
        Assert.StartsWith("watchdog pin: ", health["last_fault"]!.ToString(), StringComparison.Ordinal);
        long uptimeMs = health["uptime_ms"]!.GetValue<long>();
        Assert.Equal(
            2, watcher.WaitForHealth(h => h["uptime_ms"]!.GetValue<long>() > uptimeMs)["faults"]!.GetValue<int>());
    }

    [Fact]
    public void An_exception_before_a_restart_is_reported_after_it_and_counts_as_no_failed_boot()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        watcher.WaitForReadings(1);
        using FaultyThread restart = new(board.Board, nameof(Program), exceptions: 1, "PrepareRestart");

        board.Board.ShutDown();
        board.BootAsIs();

        JsonNode health = watcher.WaitForHealth(h => h["boot"]!.GetValue<int>() == 2);
        Assert.Equal(
            (1, "restart: OutOfMemoryException: no heap left"),
            (health["faults"]!.GetValue<int>(), health["last_fault"]!.ToString()));
    }

    [Theory]
    [InlineData(nameof(Startup), "main: OutOfMemoryException: no heap left")]
    [InlineData(nameof(Program), null)]
    public void A_start_that_throws_is_tried_again(string type, string? fault)
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new(fixture.Broker.Port, id);
        using FaultyThread faulty = new(board.Board, type, exceptions: 1);
        board.Boot();

        JsonNode health = watcher.WaitForHealth(_ => true);
        Assert.Equal(2, board.Board.BootCount);
        Assert.Equal(fault, health["last_fault"]?.ToString());
    }

    [Fact]
    public void An_exception_in_a_handler_of_the_client_library_costs_a_reconnect()
    {
        string id = fixture.NewName();
        using Operator watcher = new(fixture.Broker, id);
        using FieldBoard board = new FieldBoard(fixture.Broker.Port, id).Boot();
        watcher.WaitForReadings(1);
        using FaultyThread dispatcher = new(board.Board, "EventDispatcher", exceptions: 1);

        board.WaitForConsole("link lost");
        watcher.WaitForHealth(h => h["reconnects"]!.GetValue<int>() == 1);
        Assert.Equal("succeeded", watcher.Command("device.ping", "{}")["status"]!.ToString());
    }

    private static Action FirstBootStalls(FieldBoard board) =>
        () => DeviceQueue.Esp32.Program.Start(board.Board.BootCount == 1 ? StallMs : StallWatch.StallMs);

    /// <summary>
    /// Makes the heap of a board run out in what a type does, known by its name on the stack, so many times from now
    /// on.
    /// </summary>
    private sealed class FaultyThread : IDisposable
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(ConnectionWorker.FaultPauseMs);

        private readonly Board _board;
        private readonly Func<Exception?>? _others;
        private readonly string _type;
        private readonly string? _method;
        private readonly ManualResetEventSlim _returned = new();
        private int _left;
        private int _thread = -1;
        private long _thrown;

        public FaultyThread(Board board, string type, int exceptions, string? method = null)
        {
            _board = board;
            _others = board.Fault;
            _type = type;
            _method = method;
            _left = exceptions;
            board.Fault = Ask;
        }

        public void Heal() => _left = 0;

        /// <summary>
        /// Waits until the thread that threw does something again, after the second's pause that follows each
        /// exception.
        /// </summary>
        public void WaitForReturn() =>
            Assert.True(_returned.Wait(Patience.Bound, TestContext.Current.CancellationToken));

        public void Dispose() => _board.Fault = _others;

        private Exception? Ask()
        {
            if (Volatile.Read(ref _left) > 0 && IsMeant() && Interlocked.Decrement(ref _left) >= 0)
            {
                _thread = Environment.CurrentManagedThreadId;
                _thrown = Stopwatch.GetTimestamp();
                return new OutOfMemoryException("no heap left");
            }

            if (_thread == Environment.CurrentManagedThreadId && Stopwatch.GetElapsedTime(_thrown) > Pause / 2)
            {
                _returned.Set();
            }

            return _others?.Invoke();
        }

        private bool IsMeant()
        {
            return new StackTrace().GetFrames().Any(
                frame => frame.GetMethod() is { } method && method.DeclaringType?.Name == _type
                    && (_method ?? method.Name) == method.Name);
        }
    }
}

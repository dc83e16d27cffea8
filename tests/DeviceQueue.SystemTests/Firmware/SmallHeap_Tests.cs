using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.Benchmarks.Heap;
using DeviceQueue.SystemTests.Mosquitto;
using DeviceQueue.Tests;

namespace DeviceQueue.SystemTests.Firmware;

/// <summary>
/// The whole firmware on a board without PSRAM: 96 KB of managed heap, of which it has in use what its goal allows.
/// <c>tools/bench heap</c> runs it for ten minutes.
/// </summary>
public sealed class SmallHeap_Tests(BrokerFixture fixture) : IClassFixture<BrokerFixture>
{
    private const int HeapBytes = 96 * 1024;
    private const int BadMessages = 200;
    private const string SecondsVariable = "DEVICEQUEUE_HEAP_SECONDS";

    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(5);

    // Three links in a row that end sooner are taken for the work of a message that the board cannot hold.
    private static readonly TimeSpan ShortLink = TimeSpan.FromSeconds(35);

    // A burst that ends three links is such a message to the device: it goes on without commands for a minute. After
    // several short links the next attempt comes within another.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2) + Patience.Bound;

    private static readonly string[] Reads =
    [
        "output.get {}", "sensor.read {}", "config.get {\"section\":\"device\"}",
        "config.get {\"section\":\"options\"}", "device.info {}", "device.ping {}",
    ];

    private static readonly string[] Commands =
        [
            "output.set {\"name\":\"relay1\",\"on\":true}",
            "output.toggle {\"name\":\"relay1\"}",
            "config.set {\"max_step\":5}",
            .. Reads,
        ];

    [Fact]
    public void On_96_KB_neither_an_outage_nor_200_bad_messages_cost_a_reading_or_a_command()
    {
        string id = fixture.NewName();
        using FaultProxy proxy = new(fixture.Broker);
        using Operator watcher = new(fixture.Broker, id, hasKey: true);
        using FieldBoard board = new(proxy.Port, id, hasKey: true);
        board.Device["discovery"] = true;
        board.Board.Heap.Size = HeapBytes;
        board.Board.Heap.WorkingSet = Goals.AtRest;
        board.Boot();
        watcher.WaitForReadings(1);

        string? seconds = Environment.GetEnvironmentVariable(SecondsVariable);
        TimeSpan time = TimeSpan.FromSeconds(seconds == null ? 0 : int.Parse(seconds, CultureInfo.InvariantCulture));
        long start = Stopwatch.GetTimestamp();
        Disturb(watcher, proxy, board);
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            WorkLongerThan(ShortLink, watcher);
            Disturb(watcher, proxy, board);
        }

        RequireNothingLost(watcher);
        Assert.Equal(1, board.Board.BootCount);
        Figures.Write(
            "bytes of heap | size | in use at rest | least free | refusals",
            "a board without PSRAM",
            [HeapBytes, Goals.AtRest, board.Board.Heap.LeastFree, board.Board.Heap.Refusals]);
    }

    /// <summary>A burst of bad messages, and an outage, each of which may end a link.</summary>
    private static void Disturb(Operator watcher, FaultProxy proxy, FieldBoard board)
    {
        Array.ForEach(Commands, command => Carry(watcher, command));
        SendBadMessages(watcher);
        CarryAtLast(watcher, Envelope("device.ping"));
        Interrupt(proxy, board, watcher);
        CarryAtLast(watcher, Envelope("device.ping")); // after two short links it subscribes last
    }

    /// <summary>
    /// Reads all there is with each reading; commands that change something are limited to 64 in 90 s.
    /// </summary>
    private static void WorkLongerThan(TimeSpan time, Operator watcher)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            Array.ForEach(Reads, command => Carry(watcher, command));
            watcher.WaitForReadings(
                watcher.Messages.Count(message => message.Topic.EndsWith("/temperature", StringComparison.Ordinal))
                    + 1);
        }
    }

    private static void Carry(Operator watcher, string command)
    {
        string[] parts = command.Split(' ');
        JsonNode answer = watcher.Command(parts[0], parts[1]);
        Assert.True(answer["status"]!.ToString() == "succeeded", command + ": " + answer);
    }

    /// <summary>
    /// Sends a command again with its id until it is answered: among bad messages it may find no place.
    /// </summary>
    private static void CarryAtLast(Operator watcher, byte[] command)
    {
        string id = JsonNode.Parse(command)!["correlation_id"]!.ToString();
        Assert.True(SpinWait.SpinUntil(IsAnswered, Longest), "no answer after bad messages");

        bool IsAnswered()
        {
            watcher.Send(command);
            return SpinWait.SpinUntil(() => watcher.Messages.Any(IsAnswer), RepeatAfter);
        }

        bool IsAnswer(Observed message) => message.Topic.EndsWith("/response", StringComparison.Ordinal)
            && JsonNode.Parse(message.Text)!["correlation_id"]?.ToString() == id;
    }

    private static byte[] Envelope(string command) => Operator.Envelope(command, "{}", Guid.NewGuid().ToString("N"));

    /// <summary>As from a client gone wild: no JSON, half an envelope, one too deep, one for another key.</summary>
    private static void SendBadMessages(Operator watcher)
    {
        byte[][] kinds =
        [
            [], "relay1 on"u8.ToArray(), """{"message_id":"1","mess"""u8.ToArray(), Encoding.UTF8.GetBytes(
                new string('[', 400)),
            Operator.Envelope("output.set", "{}", "unsigned"), Operator.Envelope(
                "device.wipe", "{}", new string('c', 200)),
        ];
        for (int i = 0; i < BadMessages; i++)
        {
            watcher.Publish("command", kinds[i % kinds.Length]);
        }
    }

    /// <summary>Ends the link and lets the next attempt fail; returns when the device takes commands again.</summary>
    private static void Interrupt(FaultProxy proxy, FieldBoard board, Operator watcher)
    {
        int greetings = watcher.Messages.Count(IsGreeting);
        int attempts = board.Console.Items.Count(IsFailure);
        proxy.RefuseConnections();
        proxy.DropConnections();
        board.Console.WaitFor(attempts + 1, IsFailure);
        proxy.AcceptConnections();
        watcher.WaitFor(
            "status", message => IsGreeting(message) && watcher.Messages.Count(IsGreeting) > greetings, Longest);

        static bool IsFailure(string line) => line.Contains("next attempt in", StringComparison.Ordinal);
        static bool IsGreeting(Observed message) =>
            message.Topic.EndsWith("/status", StringComparison.Ordinal) && message.Text == "online";
    }

    private static void RequireNothingLost(Operator watcher)
    {
        int last = watcher.Messages.Where(IsReading).Max(Sequence);
        watcher.WaitFor("temperature", reading => Sequence(reading) >= last + 2);
        HashSet<int> seen = [.. watcher.Messages.Where(IsReading).Select(Sequence)];
        Assert.Empty(Enumerable.Range(1, last).Except(seen));

        static bool IsReading(Observed message) => message.Topic.EndsWith("/temperature", StringComparison.Ordinal);
        static int Sequence(Observed reading) => JsonNode.Parse(reading.Text)!["seq"]!.GetValue<int>();
    }
}

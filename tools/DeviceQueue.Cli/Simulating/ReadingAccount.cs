using System.Text.Json.Nodes;
using DeviceQueue.Cli.Operating;
using DeviceQueue.Health;

namespace DeviceQueue.Cli.Simulating;

/// <summary>
/// Which readings of one device were accepted, which arrived, and which the device counts as lost. Within a boot their
/// numbers have no gaps; a reboot goes on with a new block of numbers.
/// </summary>
internal sealed class ReadingAccount
{
    // Of a device's reasons for a loss those that are no readings'.
    private static readonly string[] OfCommands = ["answers", "commands", "too_large", "unreadable"];

    private readonly HashSet<long> _arrived = [];
    private readonly SortedSet<long> _accepted = [];
    private double _reported;

    public int Arrived => _arrived.Count;

    /// <summary>Gets how often a reading came once more, which QoS 1 allows.</summary>
    public int Repeats { get; private set; }

    /// <summary>Gets how many readings the device has counted as lost.</summary>
    public double Lost { get; private set; }

    /// <summary>Gets how many messages wait in the device, by its last report; null without a report.</summary>
    public double? Waiting { get; private set; }

    public void TakeReading(JsonNode? seq)
    {
        if (DeviceView.Number(seq) is { } number)
        {
            Repeats += _arrived.Add((long)number) ? 0 : 1;
            _accepted.Add((long)number);
        }
    }

    /// <summary>Takes what was in the flash when the power was cut: it has to arrive, too.</summary>
    public void TakeStored(IEnumerable<long> numbers) => _accepted.UnionWith(numbers);

    /// <summary>Takes a report. A power cut may set its counts back, by an hour at most.</summary>
    public void TakeReport(JsonObject report)
    {
        JsonNode? queue = report["queue"];
        Waiting = DeviceView.Number(queue?["messages"]);
        double total = (DeviceView.Number(queue?["torn"]) ?? 0) + (DeviceView.Number(queue?["damaged"]) ?? 0)
            + ((report["dropped"] as JsonObject)?.Where(reason => !OfCommands.Contains(reason.Key))
                .Sum(reason => DeviceView.Number(reason.Value) ?? 0) ?? 0);
        Lost += Math.Max(total - _reported, 0);
        _reported = total;
    }

    /// <summary>Forgets the last report, so that <see cref="Waiting"/> is one to come.</summary>
    public void ExpectReport() => Waiting = null;

    /// <summary>Counts the readings that were accepted and did not arrive.</summary>
    /// <param name="boots">How often the device was started; each start may leave a gap up to a new block.</param>
    public long Missing(int boots)
    {
        long missing = _accepted.Count - _arrived.Count;
        long last = 0;
        int starts = boots - 1;
        foreach (long number in _accepted)
        {
            bool isStart = number != last + 1 && number % BootRecord.BlockSize == 1 && starts-- > 0;
            missing += isStart ? 0 : number - last - 1;
            last = number;
        }

        return missing;
    }
}

using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Settings;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Storage;

/// <summary>
/// A board whose files an earlier version wrote (folder StoredBy854d854, which says how they were made) loses nothing
/// by the update.
/// </summary>
public sealed class StoredBefore_Tests
{
    private const string Settings = Node.WithKey + "options.outbox_max_bytes=8192;";

    private readonly MemoryStore _store = new();
    private readonly ILookup<string, string> _said;

    public StoredBefore_Tests()
    {
        string folder = Path.Combine(Repository.Root, "tests", "DeviceQueue.Tests", "Storage", "StoredBy854d854");
        foreach (string file in Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".0" or ".1"))
        {
            _store.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }

        IEnumerable<string> said = File.ReadLines(Path.Combine(folder, "said.txt"));
        _said = said.ToLookup(line => line.Split(' ')[0], line => line[(line.IndexOf(' ') + 1)..]);
    }

    [Fact]
    public void The_count_of_boots_and_the_numbers_of_readings_go_on()
    {
        long last = _said["published"].Single().Split(' ').Max(long.Parse);
        var record = new BootRecord(_store);

        Assert.Equal(5, record.Boot);
        Assert.True(record.FirstSequence > last);
    }

    [Fact]
    public void The_lowest_time_stays()
    {
        var clock = new TrustedClock(new VirtualClock(), _store, FirmwareDefaults.BuildDate);

        Assert.Equal(long.Parse(_said["floor"].Single()), clock.Floor.Ticks);
    }

    [Fact]
    public void Failed_boots_faults_and_counts_stay()
    {
        var journal = new Journal(_store);
        Assert.Equal(int.Parse(_said["failed"].Single()) + 1, journal.FailedBoots);
        Assert.Equal(_said["faults"].Single(), journal.Faults + " " + journal.LastFault);
        Assert.Equal(_said["dropped"], Named(journal.Dropped));
        Assert.Equal(_said["rejected"].Order(), Named(journal.Rejected).Order());

        journal.Begin("test", 5);
        Assert.False(journal.IsSafeMode);
        var next = new Journal(_store);
        Assert.Equal(journal.FailedBoots + 1, next.FailedBoots);
        Assert.Equal((journal.LastFault, journal.Rejected.Total), (next.LastFault, next.Rejected.Total));
    }

    [Fact]
    public void Other_settings_start_with_a_clean_slate_as_they_did()
    {
        var journal = new Journal(_store);
        journal.Begin("other", 5);

        Assert.Equal(0, journal.FailedBoots);
    }

    [Fact]
    public void The_record_of_an_earlier_version_is_replaced_wherever_the_power_fails()
    {
        for (int cut = 0; cut < 400; cut++)
        {
            var store = new MemoryStore { Files = _store.Files.ToDictionary(), CutAfterBytes = cut };
            new Journal(store).Begin("test", 5);

            Assert.Contains(new Journal(store).FailedBoots, new[] { 3, 4 });
            Assert.Equal(_said["faults"].Single(), Faults(new Journal(store)));
        }
    }

    [Fact]
    public void Readings_that_waited_are_sent_and_a_command_that_was_carried_out_is_not_again()
    {
        var node = new Node(Settings, _store);
        node.World.Open();
        node.World.RunFor(301000);
        long last = _said["published"].Single().Split(' ').Max(long.Parse);
        long first = Node.Json(node.On("health")[0]).GetProperty("seq_first").GetInt64();
        long[] waited = [.. node.Sequences().Where(number => number < first)];

        Assert.Equal(4, waited.Length);
        Assert.True(waited.Min() > last);
        Assert.Equal("duplicate", Node.Status(node.Do("output.set", """{"name":"relay1","on":true}""", "id-of-a-set")));
    }

    private static string Faults(Journal journal) => journal.Faults + " " + journal.LastFault;

    private static IEnumerable<string> Named(Counts counts) =>
        Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0).Select(i => counts.GetName(i) + " " + counts[i]);
}

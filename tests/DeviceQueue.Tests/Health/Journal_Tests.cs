using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Health;
using DeviceQueue.Storage;
using DeviceQueue.Tests.Storage;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Health;

public sealed class Journal_Tests
{
    private readonly MemoryStore _store = new();

    [Fact]
    public void The_boot_after_five_that_failed_is_in_safe_mode()
    {
        Assert.Equal(
            [false, false, false, false, false, true, true], Enumerable.Range(0, 7).Select(_ => Boot().IsSafeMode));
    }

    [Fact]
    public void A_boot_that_stayed_up_ends_the_row()
    {
        Boots(4);
        Boot().SetStable();

        Assert.All(Enumerable.Range(0, 5), _ => Assert.False(Boot().IsSafeMode));
        Assert.True(Boot().IsSafeMode);
    }

    [Fact]
    public void A_planned_restart_is_no_failed_boot_and_forgives_none()
    {
        Boots(4);
        for (int i = 0; i < 20; i++)
        {
            Journal life = Boot();
            Assert.Equal((4, false), (life.FailedBoots, life.IsSafeMode));
            life.PlanRestart();
        }

        Boot();
        Assert.True(Boot().IsSafeMode);
    }

    [Fact]
    public void What_ends_a_boot_is_a_failure_though_the_restart_looks_planned()
    {
        for (int i = 0; i < 5; i++)
        {
            Journal life = Boot();
            life.RecordFatal("main", "IOException: gone");
            life.PlanRestart(); // hangs on every reboot
        }

        Assert.True(Boot().IsSafeMode);
    }

    [Fact]
    public void A_boot_that_fails_before_it_has_settings_counts_too()
    {
        for (int i = 0; i < 5; i++)
        {
            new Journal(_store).RecordFatal("main", "x");
        }

        Assert.Equal(5, new Journal(_store).FailedBoots);
    }

    [Fact]
    public void Safe_mode_that_stayed_up_earns_one_try_with_all_settings()
    {
        Boots(5);
        Boot().SetStable();

        Assert.False(Boot().IsSafeMode);
        Assert.True(Boot().IsSafeMode);
    }

    [Theory]
    [InlineData("0.1.0/1", "0.2.0/1")]
    [InlineData("0.1.0/1", "0.1.0/2")]
    public void Other_firmware_or_another_settings_file_starts_with_a_clean_slate(string before, string after)
    {
        Boots(7, before);

        Journal life = Boot(after);
        Assert.Equal((false, 0), (life.IsSafeMode, life.FailedBoots));
    }

    [Fact]
    public void Counts_go_on_over_reboots()
    {
        for (int boot = 1; boot <= 3; boot++)
        {
            Journal life = Boot();
            life.Dropped.Add(DropReason.Overflow, 7);
            life.Rejected.Add(life.Rejected.Find("too_large"), boot);
            life.Record("main loop", new IOException("a;b\nc"));
            life.Store();
        }

        Journal last = Boot();
        Assert.Equal((21, 21), (last.Dropped[DropReason.Overflow], last.Dropped.Total));
        Assert.Equal((6, 6), (last.Rejected[last.Rejected.Find("too_large")], last.Rejected.Total));
        Assert.Equal((3, "main loop: IOException: a;b c"), (last.Faults, last.LastFault));
    }

    [Fact]
    public void A_count_ends_at_the_largest_number_and_never_turns_over()
    {
        var life = new Journal(_store);
        life.Rejected.Add(0, int.MaxValue - 1);
        life.Rejected.Add(0, 5);
        life.Begin("f", 5);
        Assert.Equal(int.MaxValue, life.Rejected[0]);
        Assert.Equal(int.MaxValue, new Journal(_store).Rejected[0]);
    }

    [Fact]
    public void A_fault_that_comes_again_and_again_is_counted_and_written_once()
    {
        Journal life = Boot();
        int before = _store.Writes;
        for (int i = 0; i < 10000; i++)
        {
            life.Record("main loop", new InvalidOperationException(new string('x', 5000)));
        }

        Assert.Equal(before + 1, _store.Writes);
        Assert.Equal((10000, Journal.MaxFaultBytes), (life.Faults, life.LastFault.Length));
    }

    [Fact]
    public void A_boot_that_read_the_sensor_and_had_no_fault_counts_a_third()
    {
        for (int i = 0; i < 3; i++)
        {
            Boot().SetReading();
        }

        Assert.Equal(1, new Journal(_store).FailedBoots);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_boot_that_had_a_fault_counts_whole_though_it_read_the_sensor(bool isFaultFirst)
    {
        Journal life = Boot();
        if (isFaultFirst)
        {
            life.Record("main loop", new IOException());
        }

        life.SetReading();
        if (!isFaultFirst)
        {
            life.Record("main loop", new IOException());
        }

        Assert.Equal(1, new Journal(_store).FailedBoots);
    }

    [Fact]
    public void What_could_not_be_stored_is_known_to_be_due()
    {
        Journal life = Boot();
        _store.FailsWrites = true;
        life.SetStable();
        Assert.False(life.IsStored);
        _store.FailsWrites = false;
        life.Store();

        Assert.True(life.IsStored);
        Assert.Equal(0, new Journal(_store).FailedBoots);
    }

    [Fact]
    public void A_record_needs_no_memory_to_be_stored()
    {
        var life = new Journal(new NullStore());
        life.Begin("f", 5);
        life.SetReading();
        long before = GC.GetAllocatedBytesForCurrentThread();
        life.SetStable();
        life.Store();
        life.PlanRestart();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_record_of_later_firmware_that_counts_more_is_read_as_far_as_it_is_known()
    {
        Journal life = Boot();
        life.Dropped.Add(DropReason.Torn, 3);
        life.Rejected.Add(0, 4);
        life.Record("main loop", new IOException("gone"));
        var file = new TwoSlotFile(_store, "life.0", "life.1", 1000);
        Assert.True(file.TryRead(out int count));
        byte[] record = file.Buffer[TwoSlotFile.HeaderBytes..(TwoSlotFile.HeaderBytes + count)];
        int list = Array.IndexOf(record, (byte)life.Dropped.Length, 12);
        record[list] += 2;
        byte[] longer =
        [
            .. record[..(list + 1 + (4 * life.Dropped.Length))],
            9,
            0,
            0,
            0,
            9,
            0,
            0,
            0,
            .. record[(list + 1 + (4 * life.Dropped.Length))..],
        ];
        Assert.True(file.Put(longer));

        var read = new Journal(_store);
        Assert.Equal((3, 3, 4), (read.Dropped[DropReason.Torn], read.Dropped.Total, read.Rejected.Total));
        Assert.Equal((1, "main loop: IOException: gone"), (read.Faults, read.LastFault));
    }

    [Fact]
    public void A_record_with_every_place_taken_is_kept()
    {
        Journal life = Boot();
        CountAll(life);
        life.RecordFatal("main", new string('€', 500));

        Journal next = Boot();
        Assert.All(All(next.Dropped), count => Assert.Equal(int.MaxValue, count));
        Assert.All(All(next.Rejected), count => Assert.Equal(int.MaxValue, count));
    }

    [Fact]
    public void Whatever_a_whole_record_says_what_is_read_of_it_is_bounded()
    {
        var key = Gen.Elements(
            [
                "for",
                "failed",
                "step",
                "faults",
                "fault",
                "floor",
                "d.",
                "r.",
                "d.overflow",
                "r.busy",
                "r.überlauf",
                "d.\u0001",
                "x",
                .. Enumerable.Range(0, 30).SelectMany(i => new[] { "d.name_of_another_firmware_" + i, "r.code_" + i }),
            ]);
        var value = Gen.Elements(
            "0",
            "1",
            "-1",
            "-2147483648",
            "2147483647",
            "99999999999",
            "",
            "abc",
            "\u0001\u0002",
            new string('"', 200),
            new string('€', 300));
        var pair = from k in key from v in value select k + "=" + v;
        Fuzz.ForAll(Gen.Choose(0, 60).SelectMany(count => pair.ArrayOf(count)), pairs =>
        {
            var store = new MemoryStore();
            Write(store, string.Join(';', pairs));
            var life = new Journal(store);
            life.Begin("f", 5);
            life.Record("main loop", new IOException(string.Join(';', pairs)));

            life = new Journal(store);
            Assert.All(All(life.Dropped), count => Assert.True(count >= 0));
            Assert.All(All(life.Rejected), count => Assert.True(count >= 0));
            // it was stored, so the record has room for all that was read
            Assert.True(life.LastFault?.Length <= Journal.MaxFaultBytes);
        });
    }

    [Fact]
    public void Every_code_that_a_command_can_be_rejected_with_is_kept()
    {
        string[] ofFailures =
            [CommandCode.Interrupted, CommandCode.StorageFailed, CommandCode.SensorFault];
        var codes = typeof(CommandCode).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        Assert.Equal(
            codes.Except(ofFailures).Concat([CommandAnswer.Expired, CommandAnswer.Duplicate, "other"]).Order(),
            Journal.RejectionNames.Split(' ').Order());
    }

    /// <summary>Counts all that can be counted, as often as can be counted.</summary>
    internal static void CountAll(Journal life)
    {
        Enumerable.Range(0, life.Dropped.Length).ToList().ForEach(reason => life.Dropped.Add(reason, int.MaxValue));
        Enumerable.Range(0, life.Rejected.Length).ToList().ForEach(reason => life.Rejected.Add(reason, int.MaxValue));
    }

    /// <summary>Stores a record that another firmware may have left.</summary>
    internal static void Write(MemoryStore store, string record)
    {
        byte[] bytes = World.Utf8(record);
        new TwoSlotFile(store, "life.0", "life.1", 2560).Put(bytes[..Math.Min(bytes.Length, 2560)]);
    }

    private static IEnumerable<int> All(Counts counts) =>
        Enumerable.Range(0, counts.Length).Select(reason => counts[reason]);

    [Fact]
    public void Power_that_fails_in_the_middle_of_a_write_leaves_the_row_as_it_was_or_one_longer()
    {
        List<int> rows = [];
        int whole = int.MaxValue;
        for (int cut = 0; cut <= whole; cut++)
        {
            _store.Files.Clear();
            Boots(3);
            whole = _store.Files.Max(file => file.Value.Length);
            _store.CutAfterBytes = cut;
            Boot();
            _store.CutAfterBytes = null;
            rows.Add(Boot().FailedBoots);
        }

        Assert.All(rows, failed => Assert.InRange(failed, 3, 4));
        Assert.Equal((3, 4), (rows[0], rows[^1]));
    }

    [Fact]
    public void Storage_that_fails_costs_what_is_remembered_and_nothing_else()
    {
        _store.FailsWrites = true;
        for (int i = 0; i < 10; i++)
        {
            Journal life = Boot();
            life.Record("main loop", new IOException());
            life.SetStable();
            Assert.Equal((false, 1), (life.IsSafeMode, life.Faults));
        }
    }

    [Fact]
    public void What_ends_a_boot_is_its_last_fault_whatever_else_fails_until_then()
    {
        Journal life = Boot();
        life.RecordFatal("main loop", "stalled");
        life.Record("main loop", new IOException());
        life.PlanRestart();

        Journal next = Boot();
        Assert.Equal((2, "main loop: stalled"), (next.Faults, next.LastFault));
    }

    [Fact]
    public void What_records_faults_is_never_the_next()
    {
        Journal life = Boot();
        _store.ThrowsOnWrite = true;
        life.Record("main loop", new IOException());
        life.RecordFatal("main loop", "stalled");

        Assert.Equal((2, "main loop: stalled"), (life.Faults, life.LastFault));
    }

    private Journal Boot(string identity = "0.1.0/1")
    {
        var life = new Journal(_store);
        life.Begin(identity, 5);
        return life;
    }

    private void Boots(int count, string identity = "0.1.0/1")
    {
        for (int i = 0; i < count; i++)
        {
            Boot(identity);
        }
    }
}

using DeviceQueue.Commanding;
using DeviceQueue.Platform;
using DeviceQueue.Supervising;
using DeviceQueue.Tests.Platform;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Supervising;

public sealed class LifeRecord_Tests
{
    private static readonly string[] DropNames = ["overflow", "unconfirmed", "replaced", "memory", "answers", "commands", "too_large", "unreadable"];
    private static readonly string[] RejectionCodes =
    [
        "bad_envelope", "unknown_command", "bad_arguments", "unknown_output", "retained", "unsigned", "bad_signature", "key_required", "no_clock", "bad_time", "busy", "too_large",
        "internal_error", "expired", "duplicate",
    ];

    private readonly MemoryStore _store = new();

    [Fact]
    public void The_boot_after_five_that_failed_is_in_safe_mode()
    {
        Assert.Equal([false, false, false, false, false, true, true], Enumerable.Range(0, 7).Select(_ => Boot().IsSafeMode));
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
            LifeRecord life = Boot();
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
            LifeRecord life = Boot();
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
            new LifeRecord(_store).RecordFatal("main", "x");
        }

        Assert.Equal(5, new LifeRecord(_store).FailedBoots);
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

        LifeRecord life = Boot(after);
        Assert.Equal((false, 0), (life.IsSafeMode, life.FailedBoots));
    }

    [Fact]
    public void Counts_go_on_over_reboots()
    {
        for (int boot = 1; boot <= 3; boot++)
        {
            LifeRecord life = Boot();
            life.Dropped.Update("overflow", 7);
            life.Rejected.Update("too_large", boot);
            life.Record("main loop", new IOException("a;b=c"));
            life.Store();
        }

        LifeRecord last = Boot();
        Assert.Equal(("overflow", 21, 1), (last.Dropped.GetName(0), last.Dropped.GetTotal(0), last.Dropped.Count));
        Assert.Equal(("too_large", 6, 1), (last.Rejected.GetName(0), last.Rejected.GetTotal(0), last.Rejected.Count));
        Assert.Equal((3, "main loop: IOException: a,b=c"), (last.Faults, last.LastFault));
    }

    [Fact]
    public void A_count_ends_at_the_largest_number_and_never_turns_over()
    {
        var life = new LifeRecord(_store);
        life.Rejected.Restore("busy", int.MaxValue - 1);
        life.Rejected.Update("busy", 5);
        life.Begin("f");
        Assert.Equal(int.MaxValue, life.Rejected.GetTotal(0));
        Assert.Equal(int.MaxValue, new LifeRecord(_store).Rejected.GetTotal(0));
    }

    [Fact]
    public void A_fault_that_comes_again_and_again_is_counted_and_written_once()
    {
        LifeRecord life = Boot();
        int before = _store.Writes;
        for (int i = 0; i < 10000; i++)
        {
            life.Record("main loop", new InvalidOperationException(new string('x', 5000)));
        }

        Assert.Equal(before + 1, _store.Writes);
        Assert.Equal((10000, LifeRecord.MaxFaultLength), (life.Faults, life.LastFault.Length));
    }

    [Fact]
    public void A_record_with_every_place_taken_is_kept()
    {
        LifeRecord life = Boot();
        CountAll(life);
        life.RecordFatal("main", new string('€', 500));

        LifeRecord next = Boot();
        Assert.Equal((DropNames.Length, RejectionCodes.Length, int.MaxValue), (next.Dropped.Count, next.Rejected.Count, next.Rejected.GetTotal(0)));
    }

    [Fact]
    public void Whatever_a_whole_record_says_what_is_read_of_it_is_bounded()
    {
        var key = Gen.Elements(["for", "failed", "step", "faults", "fault", "floor", "d.", "r.", "d.overflow", "r.busy", "r.überlauf", "d.\u0001", "x", .. Enumerable.Range(0, 30).SelectMany(i => new[] { "d.name_of_another_firmware_" + i, "r.code_" + i })]);
        var value = Gen.Elements("0", "1", "-1", "-2147483648", "2147483647", "99999999999", "", "abc", "\u0001\u0002", new string('"', 200), new string('€', 300));
        var pair = from k in key from v in value select k + "=" + v;
        Fuzz.ForAll(Gen.Choose(0, 60).SelectMany(count => pair.ArrayOf(count)), pairs =>
        {
            var store = new MemoryStore();
            Write(store, string.Join(';', pairs));
            var life = new LifeRecord(store);
            life.Begin("f");
            life.Record("main loop", new IOException(string.Join(';', pairs)));

            life = new LifeRecord(store);
            Assert.All(Named(life.Dropped), total => Assert.True(DropNames.Contains(total.Name) && total.Count >= 0, total.ToString()));
            Assert.All(Named(life.Rejected), total => Assert.True(RejectionCodes.Contains(total.Name) && total.Count >= 0, total.ToString()));
            Assert.True(life.LastFault?.Length <= LifeRecord.MaxFaultLength); // it was stored, so the record has room for all that was read
        });
    }

    [Fact]
    public void Every_code_that_a_command_can_be_rejected_with_is_kept()
    {
        string[] ofFailures = [CommandCode.Interrupted, CommandCode.NotRecorded, CommandCode.StorageFailed, CommandCode.SensorFault];
        var codes = typeof(CommandCode).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        Assert.Equal(codes.Except(ofFailures).Concat([CommandAnswer.Expired, CommandAnswer.Duplicate]).Order(), RejectionCodes.Order());
        LifeRecord life = Boot();
        CountAll(life);
        Assert.Equal(RejectionCodes, Named(life.Rejected).Select(total => total.Name));
    }

    /// <summary>Counts all that can be counted, as often as can be counted.</summary>
    internal static void CountAll(LifeRecord life)
    {
        Array.ForEach(DropNames, name => life.Dropped.Restore(name, int.MaxValue));
        Array.ForEach(RejectionCodes, code => life.Rejected.Restore(code, int.MaxValue));
    }

    /// <summary>Stores a record that another firmware may have left.</summary>
    internal static void Write(MemoryStore store, string record)
    {
        byte[] bytes = World.Utf8(record);
        new TwoSlotFile(store, "life.0", "life.1", 2560).TryUpdate(bytes, Math.Min(bytes.Length, 2560));
    }

    private static IEnumerable<(string Name, int Count)> Named(Totals totals) => Enumerable.Range(0, totals.Count).Select(i => (totals.GetName(i), totals.GetTotal(i)));

    [Fact]
    public void Power_that_fails_in_the_middle_of_a_write_leaves_the_row_as_it_was_or_one_longer()
    {
        for (int cut = 0; cut < 120; cut++)
        {
            _store.Files.Clear();
            Boots(3);
            _store.CutAfterBytes = cut;
            Boot();
            _store.CutAfterBytes = null;

            Assert.InRange(Boot().FailedBoots, 3, 4);
        }
    }

    [Fact]
    public void Storage_that_fails_costs_what_is_remembered_and_nothing_else()
    {
        _store.FailsWrites = true;
        for (int i = 0; i < 10; i++)
        {
            LifeRecord life = Boot();
            life.Record("main loop", new IOException());
            life.SetStable();
            Assert.Equal((false, 1), (life.IsSafeMode, life.Faults));
        }
    }

    [Fact]
    public void What_ends_a_boot_is_its_last_fault_whatever_else_fails_until_then()
    {
        LifeRecord life = Boot();
        life.RecordFatal("main loop", "stalled");
        life.Record("main loop", new IOException());
        life.PlanRestart();

        LifeRecord next = Boot();
        Assert.Equal((2, "main loop: stalled"), (next.Faults, next.LastFault));
    }

    [Fact]
    public void What_records_faults_is_never_the_next()
    {
        LifeRecord life = Boot();
        _store.ThrowsOnWrite = true;
        life.Record("main loop", new IOException());
        life.RecordFatal("main loop", "stalled");

        Assert.Equal((2, "main loop: stalled"), (life.Faults, life.LastFault));
    }

    private LifeRecord Boot(string identity = "0.1.0/1")
    {
        var life = new LifeRecord(_store);
        life.Begin(identity);
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

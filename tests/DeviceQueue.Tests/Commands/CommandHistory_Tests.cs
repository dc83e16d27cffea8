using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Outputs;
using DeviceQueue.Storage;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Text;
using DeviceQueue.Time;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Commands;

public sealed class CommandHistory_Tests
{
    private const int KeepMs = 90_000;
    private const int Begin = 0;
    private const int End = 1;

    private static readonly DateTime Start = new(2026, 11, 21, 2, 47, 0, DateTimeKind.Utc);

    private readonly MemoryStore _store = new();
    private readonly VirtualClock _clock = new() { StartUtc = Start };
    private readonly FakePins _pins = new();

    [Fact]
    public void A_repeat_after_a_reboot_is_a_duplicate()
    {
        Node first = Boot();
        first.Toggle("m1");
        Node second = Boot();
        second.Toggle("m1");

        Assert.Equal("duplicate", second.Status);
        Assert.Equal("succeeded", second.Queue.Answer.GetProperty("text").GetString());
        Assert.Single(_pins.Written);
    }

    [Theory]
    [InlineData(Begin)]
    [InlineData(End)]
    public void Power_cut_at_every_byte_of_a_record_never_lets_a_command_be_carried_out_twice(int write)
    {
        for (int cut = 0; cut < 400; cut++)
        {
            _store.Files.Clear();
            _pins.Written.Clear();
            Boot().Toggle("before");
            int carriedOut = _pins.Written.Count;
            if (write == Begin)
            {
                _store.StepsToPowerCut = cut;
            }
            else
            {
                _pins.OnWrite = () => _store.StepsToPowerCut = cut;
            }

            Boot().Toggle("m1");
            _pins.OnWrite = null;
            _store.StepsToPowerCut = null;
            bool wasCarriedOut = _pins.Written.Count > carriedOut;

            Node rebooted = Boot();
            rebooted.Dispatcher.Poll(0);
            bool isAnswered = rebooted.Queue.Sent.Count == 1;
            if (isAnswered)
            {
                string? code = rebooted.Queue.Answer.GetProperty("code").GetString();
                Assert.Contains(rebooted.Status + "/" + code, new[] { "failed/interrupted", "succeeded/" });
                Assert.Equal("c-m1", rebooted.Queue.Sent[0].CorrelationId);
            }

            rebooted.Toggle("m1");
            Assert.Equal(wasCarriedOut || isAnswered, rebooted.Status == "duplicate");
            Assert.InRange(_pins.Written.Count, carriedOut, carriedOut + 1);
            Assert.Equal("duplicate", Boot().Toggle("before"));
        }
    }

    [Fact]
    public void An_interrupted_command_is_answered_once()
    {
        _pins.OnWrite = () => _store.StepsToPowerCut = 0;
        Boot().Toggle("m1");
        _pins.OnWrite = null;
        _store.StepsToPowerCut = null;

        Node second = Boot();
        second.Dispatcher.Poll(0);
        Node third = Boot();
        third.Dispatcher.Poll(0);

        Assert.Single(second.Queue.Sent);
        Assert.Empty(third.Queue.Sent);
    }

    [Fact]
    public void With_a_failing_storage_nothing_that_changes_something_is_carried_out()
    {
        _store.FailsWrites = true;
        Node node = Boot();

        Assert.Equal("failed", node.Toggle("m1"));
        Assert.Equal("not_recorded", node.Queue.Answer.GetProperty("code").GetString());
        Assert.Empty(_pins.Written);
        Assert.Equal("succeeded", node.Do("device.ping", "{}", "m2"));
    }

    [Fact]
    public void A_live_command_is_not_forgotten_for_others_and_an_old_one_makes_room()
    {
        Node node = Boot();
        for (int i = 0; i < CommandHistory.MaxCommands; i++)
        {
            Assert.Equal("succeeded", node.Toggle($"m{i}"));
        }

        Assert.Equal("rejected", node.Toggle("one more"));
        Assert.Equal("busy", node.Queue.Answer.GetProperty("code").GetString());
        _clock.NowMs += KeepMs + 1;
        Assert.Equal("succeeded", node.Toggle("one more"));
    }

    [Fact]
    public void Without_a_key_the_last_64_are_remembered_and_nobody_can_fill_the_places()
    {
        Node node = Boot(hasKey: false);
        for (int i = 0; i < 2 * CommandHistory.MaxCommands; i++)
        {
            Assert.Equal("succeeded", node.Toggle($"m{i}"));
        }

        for (int i = CommandHistory.MaxCommands; i < 2 * CommandHistory.MaxCommands; i++)
        {
            Assert.Equal("duplicate", node.Toggle($"m{i}"));
        }
    }

    [Fact]
    public void What_is_refused_or_changes_nothing_is_not_written()
    {
        Node node = Boot();
        int writes = _store.Writes;
        for (int i = 0; i < 100; i++)
        {
            node.Do("no.such", "{}", $"junk{i}");
            node.Do("output.toggle", "[", $"bad{i}");
            node.Do("output.get", "{}", $"get{i % 50}");
        }

        Assert.Equal(writes, _store.Writes);
    }

    /// <summary>Files of 854d854: 64 commands, the last answered on a link that gave no acknowledgement.</summary>
    [Fact]
    public void An_update_of_the_firmware_forgets_no_command()
    {
        string folder = Path.Combine(Repository.Root, "tests", "DeviceQueue.Tests", "Commands", "StoredBy854d854");
        foreach (string name in (string[])["commands.0", "commands.1"])
        {
            _store.Files[name] = File.ReadAllBytes(Path.Combine(folder, name));
        }

        _clock.NowMs = 20_000; // after the last of them
        Node updated = Boot();
        updated.Dispatcher.Poll(_clock.NowMs);
        Assert.Equal(
            ("succeeded", "the-last"), (updated.Status, updated.Queue.Answer.GetProperty("command_id").GetString()));
        Assert.Equal(
            ("c", "output.toggle.response"), (updated.Queue.Sent[0].CorrelationId, updated.Queue.Sent[0].MessageType));
        for (int i = 0; i < CommandHistory.MaxCommands - 1; i++)
        {
            Assert.Equal("duplicate", updated.Toggle("toggle-" + i));
        }

        Assert.Equal("rejected", updated.Toggle("new")); // each of the 64 could still be repeated
        _clock.NowMs += KeepMs;
        Assert.Equal("succeeded", updated.Toggle("new"));
        Node rebooted = Boot();
        rebooted.Dispatcher.Poll(_clock.NowMs);
        Assert.Equal(
            ["duplicate", "duplicate", "duplicate"], new[] { "toggle-62", "the-last", "new" }.Select(rebooted.Toggle));
        Assert.Single(_pins.Written);
    }

    [Fact]
    public void A_history_of_a_far_future_locks_no_output()
    {
        DateTime now = _clock.StartUtc!.Value;
        _clock.StartUtc = new DateTime(2106, 2, 7, 0, 0, 0, DateTimeKind.Utc);
        Node future = Boot();
        for (int i = 0; i < CommandHistory.MaxCommands; i++)
        {
            future.Do(
                "output.toggle", """{"name":"relay1"}""", $"m{i}", _clock.StartUtc.Value.AddMilliseconds(_clock.NowMs));
        }

        _clock.StartUtc = now;
        _store.Files.Remove("utc.0");
        _store.Files.Remove("utc.1");

        Assert.Equal("succeeded", Boot().Toggle("one more"));
    }

    [Fact]
    public void Whatever_the_files_hold_the_device_starts_and_takes_commands()
    {
        // 854d854 writes a command as a hash of 8 bytes, its time (4) and what became of it, then the texts of one that
        // is unanswered.
        byte[] old = [2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 2, 0, (byte)'m', (byte)'1', 0x60, 0xEA, 0, 0];
        byte[] one = [3, 1, 1, 2, 3, 4, 5, 0, 0, 0, 0, 2, 0, (byte)'m', (byte)'1', 1, 0, (byte)'c', 0, 0];
        byte[] full = [3, 64, .. Enumerable.Repeat((byte)0xFF, 64 * 9), 0xFF, 0xFF];
        var records = Gen.OneOf(
            Gen.Elements(old, one, full, [], [3], [2, 255], [3, 64], [3, 0, 0, 0, 0, 0, 0, 0]),
            Fuzz.Mutated(old),
            Fuzz.Mutated(one),
            Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf());

        Fuzz.ForAll(records, record =>
        {
            _store.Files.Clear();
            var file = new TwoSlotFile(_store, "commands.0", "commands.1", 4096);
            record.CopyTo(file.Buffer, TwoSlotFile.HeaderBytes);
            Assert.True(file.TryWrite(record.Length));

            Node node = Boot();
            node.Dispatcher.Poll(_clock.NowMs);
            if (node.Toggle("new") == "rejected")
            {
                _clock.NowMs += KeepMs; // it is none of this firmware
                Assert.Equal("succeeded", node.Toggle("new"));
            }

            Assert.Equal("duplicate", Boot().Toggle("new"));
        });
    }

    [Theory]
    [InlineData("commands.", false)]
    [InlineData("commands.", true)]
    [InlineData("commands.0", false)]
    [InlineData("commands.1", true)]
    public void While_the_history_cannot_be_read_no_command_that_may_be_in_it_is_carried_out_again(
        string name, bool isUntold)
    {
        Assert.Equal("succeeded", Boot().Toggle("m1"));
        Assert.Equal("succeeded", Boot().Toggle("m2"));
        _store.UntoldName = isUntold ? name : null;
        _store.UnreadName = isUntold ? null : name;
        Node node = Boot();
        node.Dispatcher.Poll(_clock.NowMs);
        int writes = _store.Writes;
        long endMs = _clock.NowMs + KeepMs;
        while (_clock.NowMs < endMs - 1000)
        {
            Assert.NotEqual("succeeded", node.Toggle("m1"));
            Assert.NotEqual("succeeded", node.Toggle("m2"));
            Assert.Equal("succeeded", node.Do("device.ping", "{}", "p" + _clock.NowMs));
        }

        Assert.Equal((2, writes), (_pins.Written.Count, _store.Writes));
        _store.UntoldName = null;
        _store.UnreadName = null;
        Assert.Equal("duplicate", Boot().Toggle("m1"));
        Assert.Equal("duplicate", Boot().Toggle("m2"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_history_that_cannot_be_read_holds_up_commands_until_none_in_it_could_be_repeated(bool hasKey)
    {
        Boot(hasKey).Toggle("m1");
        Boot(hasKey).Toggle("m2");
        _store.UnreadName = "commands.1";
        Node node = Boot(hasKey);
        Assert.Equal("rejected", node.Toggle("m3"));
        Assert.Equal("busy", node.Queue.Answer.GetProperty("code").GetString());
        Assert.Contains("cannot be read", node.Queue.Answer.GetProperty("text").GetString());
        _clock.NowMs += KeepMs;
        Assert.Equal("succeeded", node.Toggle("m3"));
        Assert.Equal("succeeded", node.Toggle("m4"));

        _store.UnreadName = null;
        Node next = Boot(hasKey);
        Assert.Equal("duplicate", next.Toggle("m3"));
        Assert.Equal("duplicate", next.Toggle("m4"));
        Assert.Equal("succeeded", next.Toggle("m5"));
    }

    private Node Boot(bool hasKey = true) => new(this, hasKey);

    private sealed class Node
    {
        private readonly CommandHistory_Tests _test;

        public Node(CommandHistory_Tests test, bool hasKey)
        {
            _test = test;
            OutputBank outputs = new([new OutputSettings("relay1", 13, true, false)], test._pins);
            FakeCatalog commands = new(
                new OutputSwitchCommand(outputs, true), new OutputGetCommand(outputs), new PingCommand());
            TrustedClock clock = new(test._clock, test._store, DateTime.MinValue);
            CommandVerifier verifier = new("bar1", null, 60_000, clock);
            CommandHistory history = new(test._store, clock, KeepMs, hasKey);
            Dispatcher = new CommandDispatcher(
                Queue,
                commands,
                verifier,
                history,
                new CommandAnswer(
                    new JsonWriter(),
                    new byte[CommandAnswer.MinScratchBytes],
                    new MessageEnvelope(),
                    "response",
                    new Counts(DropReason.Names)))
            {
                Logger = new MemoryLogger(),
            };
        }

        public FakeQueue Queue { get; } = new();

        public CommandDispatcher Dispatcher { get; }

        public string? Status => Queue.Answer.GetProperty("status").GetString();

        public string? Toggle(string id) => Do("output.toggle", """{"name":"relay1"}""", id);

        public string? Do(string type, string arguments, string id, DateTime? sent = null)
        {
            sent ??= Start.AddMilliseconds(_test._clock.NowMs);
            Queue.Inbox.Enqueue(
                new MessageEnvelope("c-" + id, type, arguments) { MessageId = id, SentTime = sent.Value });
            Dispatcher.Poll(_test._clock.NowMs += 1000);
            return Status;
        }
    }
}

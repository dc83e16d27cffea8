using DeviceQueue.Commanding;
using DeviceQueue.Messaging;
using DeviceQueue.Platform;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Commanding;

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

    private Node Boot(bool hasKey = true) => new(this, hasKey);

    private sealed class Node
    {
        private readonly CommandHistory_Tests _test;

        public Node(CommandHistory_Tests test, bool hasKey)
        {
            _test = test;
            OutputBank outputs = new([new OutputSettings("relay1", 13, true, false)], test._pins);
            Command[] commands = [new OutputSwitchCommand(outputs, true), new OutputGetCommand(outputs), new PingCommand()];
            TrustedClock clock = new(test._clock, test._store, DateTime.MinValue);
            CommandVerifier verifier = new("bar1", null, 60_000, clock);
            CommandHistory history = new(test._store, clock, KeepMs, hasKey);
            Dispatcher = new CommandDispatcher(Queue, "response", commands, verifier, history, new MemoryLogger(), new byte[1536]);
        }

        public FakeQueue Queue { get; } = new();

        public CommandDispatcher Dispatcher { get; }

        public string? Status => Queue.Answer.GetProperty("status").GetString();

        public string? Toggle(string id) => Do("output.toggle", """{"name":"relay1"}""", id);

        public string? Do(string type, string arguments, string id)
        {
            DateTime sent = Start.AddMilliseconds(_test._clock.NowMs);
            Queue.Inbox.Enqueue(new MessageEnvelope("c-" + id, type, arguments) { MessageId = id, SentTime = sent });
            Dispatcher.Poll(_test._clock.NowMs += 1000);
            return Status;
        }
    }
}

using System.Text;
using System.Text.Json;
using DeviceQueue.Commands;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Outputs;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Text;
using DeviceQueue.Time;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Commands;

public sealed class CommandDispatcher_Tests
{
    private const string NewId = "(new)";
    private const string Relay1 = "{\"name\":\"relay1\"}";
    private const string ResponseTopic = "sensor/bar1/response";

    private readonly FakeQueue _queue = new();
    private readonly FakePins _pins = new();
    private readonly MemoryLogger _log = new();
    private readonly MemoryStore _store = new();
    private readonly VirtualClock _clock = new();
    private readonly OutputBank _outputs;
    private readonly Counts _drops = new(DropReason.Names);
    private readonly CommandDispatcher _dispatcher;
    private long _nowMs;
    private int _lastId;

    public CommandDispatcher_Tests()
    {
        _outputs = new OutputBank(
            [new OutputSettings("relay1", 13, true, false), new OutputSettings("relay2", 14, false, false)], _pins);
        _dispatcher = Make(_outputs);
    }

    [Theory]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true}", "{\"name\":\"relay1\",\"on\":true}", "13:True")]
    [InlineData(
        "output.set", " { \"on\" : true , \"name\" : \"relay2\" } ", "{\"name\":\"relay2\",\"on\":true}", "14:False")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":false}", "{\"name\":\"relay1\",\"on\":false}", "13:False")]
    [InlineData("output.toggle", "{\"name\":\"relay1\"}", "{\"name\":\"relay1\",\"on\":true}", "13:True")]
    [InlineData("output.get", "{\"name\":\"relay2\"}", "{\"name\":\"relay2\",\"on\":false}", "")]
    [InlineData(
        "output.get", "{}", "{\"outputs\":[{\"name\":\"relay1\",\"on\":false},{\"name\":\"relay2\","
            + "\"on\":false}]}", "")]
    [InlineData(
        "output.get", "", "{\"outputs\":[{\"name\":\"relay1\",\"on\":false},{\"name\":\"relay2\",\"on\":false}]}", "")]
    [InlineData("device.ping", "{}", "", "")]
    [InlineData("device.ping", null, "", "")]
    public void Carries_out_a_command_and_answers_with_its_result(
        string type, string? arguments, string result, string written)
    {
        Do(type, arguments);

        Assert.Equal("succeeded", Status);
        Assert.Equal(
            result,
            _queue.Answer.GetProperty("result").ValueKind == JsonValueKind.Null
                ? ""
                : _queue.Answer.GetProperty("result").GetRawText());
        Assert.Equal(written, string.Join(' ', _pins.Written.Select(write => write.Pin + ":" + write.IsHigh)));
    }

    [Fact]
    public void Answers_exactly_as_the_contract_says()
    {
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}", id: "m1", correlationId: "c1");

        MessageEnvelope answer = Assert.Single(_queue.Sent);
        Assert.Equal(
            (ResponseTopic, "output.set.response", "c1"), (answer.Topic, answer.MessageType, answer.CorrelationId));
        Assert.Null(answer.MessageId); // the queue gives it one of its own
        Assert.Equal(
            "{\"command_id\":\"m1\",\"status\":\"succeeded\",\"code\":null,\"text\":null,"
                + "\"result\":{\"name\":\"relay1\",\"on\":true}}",
            answer.GetMessageAsString());
    }

    [Theory]
    [InlineData("output.explode", "{}", "unknown_command")]
    [InlineData("OUTPUT.SET", "{}", "unknown_command")]
    [InlineData(null, "{}", "unknown_command")]
    [InlineData("output.set", "{\"name\":\"relay9\",\"on\":true}", "unknown_output")]
    [InlineData("output.get", "{\"name\":\"relay9\"}", "unknown_output")]
    [InlineData("output.set", "{\"name\":\"relay1\"}", "bad_arguments")]
    [InlineData("output.set", "{\"on\":true}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":13,\"on\":true}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":1}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":\"true\"}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true,\"ms\":5}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true,\"on\":false}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true}x", "bad_arguments")]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true", "bad_arguments")]
    [InlineData("output.set", "{\"name\":{\"a\":1},\"on\":true}", "bad_arguments")]
    [InlineData("output.set", "{\"name\":[[[[[[[[[[]]]]]]]]]],\"on\":true}", "bad_arguments")]
    [InlineData("output.set", "[]", "bad_arguments")]
    [InlineData("output.set", "true", "bad_arguments")]
    [InlineData("output.set", "\0", "bad_arguments")]
    [InlineData(
        "output.toggle", "{\"name\":\"relay1\",\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
            + "\"h\":1}", "bad_arguments")]
    [InlineData("device.ping", "{\"a\":1}", "bad_arguments")]
    public void Rejects_what_it_cannot_carry_out_and_says_why(string? type, string arguments, string code)
    {
        Do(type, arguments);

        AssertRejected(code);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void Rejects_a_message_id_that_cannot_be_told_apart(string? id)
    {
        Do("output.toggle", "{\"name\":\"relay1\"}", id);

        AssertRejected("bad_envelope");
        Assert.Equal(JsonValueKind.Null, _queue.Answer.GetProperty("command_id").ValueKind);
    }

    [Fact]
    public void Rejects_a_retained_command_however_good()
    {
        _queue.Inbox.Enqueue(
            new MessageEnvelope(
                "c1", "output.toggle", "{\"name\":\"relay1\"}")
            { MessageId = "m1", IsRetained = true });
        _dispatcher.Poll(_nowMs);

        AssertRejected("retained");
    }

    [Fact]
    public void Answers_a_repeat_and_does_not_carry_it_out_again()
    {
        Do("output.toggle", "{\"name\":\"relay1\"}", "m1", "c1");
        Do("output.toggle", "{\"name\":\"relay1\"}", "m1", "c2");

        Assert.Single(_pins.Written);
        Assert.Equal(("duplicate", "succeeded"), (Status, _queue.Answer.GetProperty("text").GetString()));
        Assert.Equal(
            ("c2", "m1"), (_queue.Sent[^1].CorrelationId, _queue.Answer.GetProperty("command_id").GetString()));
        Assert.Equal(1, Rejected("duplicate"));
    }

    [Fact]
    public void Remembers_64_commands_that_change_something_whatever_is_asked_beside()
    {
        Do("output.toggle", Relay1, "first");
        for (int i = 0; i < 63; i++)
        {
            Do("output.toggle", Relay1);
            Do("device.ping", "{}");
        }

        Do("output.toggle", Relay1, "first");
        Assert.Equal("duplicate", Status);
        Do("output.toggle", Relay1);
        Do("output.toggle", Relay1, "first");
        Assert.Equal("succeeded", Status);
        Assert.Equal(66, _pins.Written.Count);
    }

    [Fact]
    public void Remembers_the_last_few_commands_that_change_nothing()
    {
        Do("device.ping", "{}", "first");
        for (int i = 1; i < CommandHistory.MaxReads; i++)
        {
            Do("device.ping", "{}");
        }

        Do("device.ping", "{}", "first");
        Assert.Equal(("duplicate", "succeeded"), (Status, _queue.Answer.GetProperty("text").GetString()));
        Do("device.ping", "{}");
        Do("device.ping", "{}", "first");
        Assert.Equal("succeeded", Status);
    }

    [Fact]
    public void A_rejected_command_may_be_sent_again_with_its_id()
    {
        Do("output.set", "{\"name\":\"relay1\"}", "m1");
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}", "m1");

        Assert.Equal("succeeded", Status);
    }

    [Fact]
    public void Says_failed_when_a_pin_cannot_be_driven_and_says_so_again_to_a_repeat()
    {
        _pins.Fails = true;
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}", "m1");

        Assert.Equal(("failed", "internal_error"), (Status, _queue.Answer.GetProperty("code").GetString()));
        Assert.Equal(JsonValueKind.Null, _queue.Answer.GetProperty("result").ValueKind);
        Assert.False(_outputs.IsOn(0));
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}", "m1");
        Assert.Equal(("duplicate", "failed"), (Status, _queue.Answer.GetProperty("text").GetString()));
    }

    [Fact]
    public void Answers_at_most_one_rejected_command_a_second_and_counts_all()
    {
        for (int ms = 0; ms < 10000; ms += 100)
        {
            _nowMs = ms;
            Do("nonsense", "{}", advanceMs: 0);
        }

        Assert.Equal(10, _queue.Sent.Count);
        Assert.Equal(100, Rejected("unknown_command"));
        Do("device.ping", "{}", advanceMs: 0);
        Assert.Equal("succeeded", Status);
    }

    [Fact]
    public void Takes_a_few_commands_at_a_time_and_says_that_there_are_more()
    {
        for (int i = 0; i < CommandDispatcher.MaxCommandsPerPoll + 1; i++)
        {
            _queue.Inbox.Enqueue(new MessageEnvelope(null, "device.ping", "{}") { MessageId = "m" + i });
        }

        Assert.Equal(_nowMs, _dispatcher.Poll(_nowMs));
        Assert.Equal(CommandDispatcher.MaxCommandsPerPoll, _queue.Sent.Count);
        Assert.Equal(long.MaxValue, _dispatcher.Poll(_nowMs));
        Assert.Equal(CommandDispatcher.MaxCommandsPerPoll + 1, _queue.Sent.Count);
    }

    [Fact]
    public void Carries_out_a_command_whose_answer_finds_no_room_and_counts_the_answer()
    {
        _queue.IsFull = true;
        Do("output.toggle", "{\"name\":\"relay1\"}", "m1");
        _queue.IsFull = false;
        Do("output.toggle", "{\"name\":\"relay1\"}", "m1");

        Assert.Equal(1, _drops[DropReason.Answers]);
        Assert.Equal("duplicate", Status);
        Assert.Single(_pins.Written);
    }

    [Fact]
    public void Leaves_a_result_out_that_makes_the_answer_too_large_for_the_queue_and_says_so()
    {
        _queue.MaxBytes = 135;
        Do("output.get", "{}");

        Assert.Equal(("succeeded", "too_large"), (Status, _queue.Answer.GetProperty("code").GetString()));
        Assert.Equal(JsonValueKind.Null, _queue.Answer.GetProperty("result").ValueKind);
        Assert.Equal(0, _drops[DropReason.Answers]);
    }

    [Fact]
    public void Answers_at_most_one_repeat_a_second_and_counts_all()
    {
        Do("output.toggle", "{\"name\":\"relay1\"}", "m1");
        for (int i = 0; i < 100; i++)
        {
            Do("output.toggle", "{\"name\":\"relay1\"}", "m1", advanceMs: 100);
        }

        Assert.Equal(1 + 10, _queue.Sent.Count);
        Assert.Equal(100, Rejected("duplicate"));
        Assert.Single(_pins.Written);
    }

    [Fact]
    public void Takes_the_next_command_when_the_answer_to_a_change_is_delivered_or_has_had_its_time()
    {
        Outbox answers = _dispatcher.Outbox = new Outbox(World.Read(""), new AutoResetEvent(false));
        answers.TryAdd(ResponseTopic, [1], 1, 1, false);
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}");
        long endMs = _nowMs + CommandDispatcher.DeliveryTimeoutMs;
        Do("output.set", "{\"name\":\"relay2\",\"on\":true}");
        Assert.Equal((endMs, 1), (_dispatcher.Poll(_nowMs), _pins.Written.Count));
        Deliver(answers);
        _dispatcher.Poll(_nowMs);
        Assert.Equal(2, _pins.Written.Count);

        answers.TryAdd(ResponseTopic, [1], 1, 1, false);
        Do("output.set", "{\"name\":\"relay1\",\"on\":false}", advanceMs: CommandDispatcher.DeliveryTimeoutMs);
        Do("device.ping", "{}", advanceMs: CommandDispatcher.DeliveryTimeoutMs);
        Assert.Equal(4, _queue.Sent.Count);
    }

    [Fact]
    public void Refuses_a_further_change_while_an_answer_is_on_its_way_because_one_answer_alone_survives_a_power_cut()
    {
        _dispatcher.Outbox = new Outbox(World.Read(""), new AutoResetEvent(false));
        _dispatcher.Outbox.TryAdd(ResponseTopic, [1], 1, 1, false);
        Do("output.set", "{\"name\":\"relay1\",\"on\":true}", "m1", "c1");
        Do("output.set", "{\"name\":\"relay2\",\"on\":true}", advanceMs: CommandDispatcher.DeliveryTimeoutMs);
        Assert.Equal(
            ("rejected", "busy", 1), (Status, _queue.Answer.GetProperty("code").GetString(), _pins.Written.Count));

        CommandDispatcher rebooted = Make(new OutputBank([], _pins));
        rebooted.Poll(0);
        Assert.Equal(
            ("succeeded", "m1", "c1"),
            (Status, _queue.Answer.GetProperty("command_id").GetString(), _queue.Sent[^1].CorrelationId));
    }

    [Fact]
    public void Leaves_a_result_out_that_stands_in_the_way_of_the_text_and_says_so()
    {
        CommandDispatcher dispatcher = Make(new WordyCommand(900));
        _queue.Inbox.Enqueue(new MessageEnvelope("c", "wordy", "{}") { MessageId = "m1" });
        dispatcher.Poll(0);

        Assert.Equal(("succeeded", "too_large"), (Status, _queue.Answer.GetProperty("code").GetString()));
        Assert.Equal(JsonValueKind.Null, _queue.Answer.GetProperty("result").ValueKind);
    }

    [Fact]
    public void Writes_text_and_result_when_there_is_room_for_both()
    {
        CommandDispatcher dispatcher = Make(new WordyCommand(300));
        _queue.Inbox.Enqueue(new MessageEnvelope("c", "wordy", "{}") { MessageId = "m1" });
        dispatcher.Poll(0);

        Assert.Equal(new string('\u0001', CommandAnswer.MaxTextLength), _queue.Answer.GetProperty("text").GetString());
        Assert.Equal(new string('r', 300), _queue.Answer.GetProperty("result").GetString());
    }

    [Fact]
    public void Answers_are_whole_JSON_whatever_ids_types_and_arguments_hold()
    {
        var text = Gen.OneOf(
            ArbMap.Default.GeneratorFor<string>(),
            Gen.Elements(
                "\"",
                "\\",
                "\u0122",
                "\ud800",
                "\0",
                "é€😀",
                new string('"', 200),
                new string('\u0001', 300),
                "relay1"));
        var arguments = Gen.OneOf(
            text.Select(t => JsonSerializer.Serialize(new { name = t, on = true })),
            text.Select(t => "{\"" + t + "\":" + t + "}"),
            text);

        Fuzz.ForAll(
            from id in text
            from type in Gen.OneOf(
                text,
                Gen.Elements("output.set", "output.get"))
            from body in arguments
            select (id, type, body), command =>
        {
            Do(command.type, command.body, command.id, command.id);
            Assert.Contains(Status, new[] { "succeeded", "rejected", "duplicate" });
            Assert.Equal(command.id, _queue.Sent[^1].CorrelationId);
        });
    }

    [Fact]
    public void Answers_are_whole_JSON_whatever_outputs_are_called()
    {
        var names = Gen.OneOf(
            ArbMap.Default.GeneratorFor<string>().Where(name => name is not null),
            Gen.Elements("\u0122", "é€😀", "\"\\\n"));

        Fuzz.ForAll(names.ArrayOf(), all =>
        {
            CommandDispatcher dispatcher = Make(
                new OutputBank([.. all.Select((name, i) => new OutputSettings(name, i, true, false))], _pins));
            _queue.Inbox.Enqueue(new MessageEnvelope(null, "output.get", "{}") { MessageId = "m1" });
            dispatcher.Poll(0);
            JsonElement result = _queue.Answer.GetProperty("result");
            if (result.ValueKind != JsonValueKind.Null)
            {
                string wellFormed(string name) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name));
                Assert.Equal(
                    all.Select(wellFormed),
                    result.GetProperty("outputs")
                        .EnumerateArray()
                        .Select(output => output.GetProperty("name").GetString()));
            }
        });
    }

    private string? Status => _queue.Answer.GetProperty("status").GetString();

    private CommandDispatcher Make(OutputBank outputs)
    {
        return Make(
            new OutputSwitchCommand(outputs, false),
            new OutputSwitchCommand(outputs, true),
            new OutputGetCommand(outputs),
            new PingCommand());
    }

    private CommandDispatcher Make(params Command[] commands)
    {
        TrustedClock clock = new(_clock, _store, DateTime.MinValue);
        CommandHistory history = new(_store, clock, 90000, false);
        CommandAnswer answer = new(
            new JsonWriter(),
            new byte[CommandAnswer.MinScratchBytes],
            new MessageEnvelope(),
            ResponseTopic,
            _drops);
        return new CommandDispatcher(
            _queue, new FakeCatalog(commands), new CommandVerifier("bar1", null, 60000, clock), history, answer)
        {
            Logger = _log,
        };
    }

    private static void Deliver(Outbox answers)
    {
        Assert.True(answers.TryTake(0, new PublishRequest()));
        answers.OnHandedOver(1);
        Assert.True(answers.OnPublished(1, true, 0));
    }

    private void Do(
        string? type, string? arguments, string? id = NewId, string? correlationId = null, int advanceMs = 1000)
    {
        _nowMs += advanceMs;
        _queue.Inbox.Enqueue(
            new MessageEnvelope(correlationId, type, arguments) { MessageId = id == NewId ? "id" + ++_lastId : id });
        _dispatcher.Poll(_nowMs);
    }

    private void AssertRejected(string code)
    {
        Assert.Equal(("rejected", code), (Status, _queue.Answer.GetProperty("code").GetString()));
        Assert.NotEqual(JsonValueKind.Null, _queue.Answer.GetProperty("text").ValueKind);
        Assert.Equal((1, 1), (_dispatcher.Rejections.Total, Rejected(code)));
        Assert.Empty(_pins.Written);
    }

    /// <summary>Answers with the text that takes the most room, and a result.</summary>
    private sealed class WordyCommand(int resultLength) : Command("wordy", false)
    {
        public override bool Prepare(CommandArguments arguments, CommandAnswer answer) => true;

        public override void Execute(CommandAnswer answer)
        {
            answer.Text = new string('\u0001', CommandAnswer.MaxTextLength);
            answer.Result.WriteText(new string('r', resultLength));
        }
    }

    private int Rejected(string code) => _dispatcher.Rejections[_dispatcher.Rejections.Find(code)];
}

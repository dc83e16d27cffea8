using DeviceQueue.Settings;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Commands;

/// <summary>
/// The power goes at every byte that a command has written, from its receipt to its answer's delivery, and the command
/// comes again after the boot.
/// </summary>
public sealed class PowerCut_Tests
{
    private const int LongestRecordBytes = 12_000;

    [Theory]
    [InlineData("output.set", "{\"name\":\"relay1\",\"on\":true}")]
    [InlineData("output.toggle", "{\"name\":\"relay1\"}")]
    [InlineData("output.pulse", "{\"name\":\"relay1\",\"ms\":60000}")]
    [InlineData("config.set", "{\"interval_ms\":30000,\"max_step\":3}")]
    [InlineData("device.reboot", "{}")]
    [InlineData("device.wipe", "{\"confirm\":\"bar1\"}")]
    public void Whenever_the_power_goes_a_command_is_carried_out_at_most_once_and_answered_from_its_record_on(
        string type, string arguments)
    {
        int answeredLate = 0;
        int total = MeasureBytes(type, arguments);
        Assert.InRange(total, 100, LongestRecordBytes);
        for (int bytes = 0; bytes <= total; bytes += 3)
        {
            var run = new Run(type, arguments);
            run.CutAfter(bytes);
            answeredLate += run.ComeBack();
        }

        Assert.True(answeredLate > 0, "some cut must have been between the record and the answer");
    }

    [Theory]
    [InlineData("output.toggle", "{\"name\":\"relay1\"}")]
    [InlineData("device.reboot", "{}")]
    public void An_answer_that_never_arrived_is_given_after_the_boot(string type, string arguments)
    {
        var run = new Run(type, arguments);
        run.Node.Broker.PubackMs = null;
        run.Send(run.Node);
        run.Node.World.RunFor(6000);
        Assert.Equal(1, run.CountExecutions(run.Node));

        Assert.Equal(1, run.ComeBack());
    }

    private static int MeasureBytes(string type, string arguments)
    {
        var run = new Run(type, arguments);
        run.CutAfter(1_000_000);
        return 1_000_000 - run.Node.Store.StepsToPowerCut!.Value;
    }

    private sealed class Run
    {
        private readonly MemoryStore _store = new();
        private readonly FakePins _pins = new();
        private readonly string _type;
        private readonly string _arguments;
        private DateTime _sent;

        public Run(string type, string arguments)
        {
            _type = type;
            _arguments = arguments;
            Node = Boot();
            Node.World.RunFor(500);
            Assert.Equal(
                "succeeded", Tests.Node.Status(Node.Do("output.set", "{\"name\":\"relay1\",\"on\":false}", "before")));
            _pins.Written.Clear();
        }

        public Node Node { get; }

        private bool CanCount => _type != "config.set";

        public void CutAfter(int bytes)
        {
            _store.StepsToPowerCut = bytes;
            _pins.IsDead = () => _store.IsOff;
            Node.Broker.Publishing = (_, _) => Node.Broker.IsBlackHole |= _store.IsOff;
            Send(Node);
            for (int i = 0; i < 300 && !_store.IsOff; i++)
            {
                Node.World.RunFor(10);
            }
        }

        public void Send(Node node)
        {
            _sent = _sent == default ? node.World.Clock.StartUtc!.Value.AddMilliseconds(node.World.Clock.NowMs) : _sent;
            node.Command(_type, _arguments, "m1", _sent);
        }

        /// <summary>Boots, and sends the command again; says how many answers came without that.</summary>
        public int ComeBack()
        {
            int executions = CountExecutions(Node);
            bool wasRecorded = executions > 0 || Node.On("response").Length > 1;
            _store.StepsToPowerCut = null;
            _pins.IsDead = null;
            _pins.Written.Clear();
            Node second = Boot();
            second.World.RunFor(1000);
            int unasked = second.On("response").Length;
            Assert.InRange(unasked, wasRecorded && Node.On("response").Length == 1 ? 1 : 0, 1);
            if (unasked == 1)
            {
                Assert.Contains(
                    Tests.Node.Status(second.Answer()) + "/" + Tests.Node.Code(second.Answer()),
                    new[] { "failed/interrupted", "succeeded/" });
                Assert.Equal("m1", second.Answer().GetProperty("command_id").GetString());
            }

            Send(second);
            second.World.RunFor(5000);
            bool isRepeat = unasked == 1 || wasRecorded;
            Assert.Equal(isRepeat ? "duplicate" : "succeeded", Tests.Node.Status(second.Answer()));
            Assert.Equal(isRepeat ? 0 : CanCount ? 1 : 0, CountExecutions(second));
            Assert.InRange(executions, 0, 1);
            AssertWholeSettings();
            return unasked;
        }

        /// <summary>
        /// A wipe shows in the settings that are gone, a change of the settings has its own check, the others show in
        /// pins and restarts.
        /// </summary>
        public int CountExecutions(Node node)
        {
            return _type == "device.wipe"
                ? (_store.Files.ContainsKey(SettingsLoader.FileName) ? 0 : 1)
                : _pins.Written.Count(write => write.IsHigh) + node.Restarts.Count;
        }

        private void AssertWholeSettings()
        {
            if (_type == "config.set")
            {
                var loader = new SettingsLoader(_store, null);
                loader.Load("x");
                DeviceSettings device = loader.Device;
                Assert.Contains((device.IntervalMs, device.MaxStep), new[] { (60000, 0.0), (30000, 3.0) });
            }
        }

        private Node Boot()
        {
            var node = new Node(Tests.Node.WithKey, _store, null, _pins);
            node.World.Open();
            node.World.RunFor(1000);
            return node;
        }
    }
}

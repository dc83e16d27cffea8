using System.Globalization;
using System.Text.Json;
using DeviceQueue.Tests.Mqtt;

namespace DeviceQueue.Tests.Sleep;

/// <summary>
/// A sleeping device in the field, at five minutes with hourly connects: the broker is away for up to three days at
/// random, the power goes at random moments, the timer is off by three percent, and commands come all the while. One
/// seed repeats a run. <c>tools/test sleep 365</c> makes it a year.
/// </summary>
public sealed class Month_Tests
{
    private const int WakesADay = 288;
    private const int PulsePin = 13; // relay1
    private const int StalePin = 14; // relay2: switched by commands that are too old alone
    private const int MaxBlocksADay = 600;
    private const int SettlingWakes = 40; // the next attempt may be an hour away, and one that brings the rest another
    private const string Config = Node.WithKey + "device.connect_every=12;options.outbox_max_bytes=61440;"
        + "device.outputs.1.name=relay2;device.outputs.1.pin=14;";

    private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(121);
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, DateTime> _commands = []; // when each for relay1 was sent
    private readonly List<string> _repeats = [];
    private readonly HashSet<string> _cutOff = []; // commands of starts that a power cut ended
    private readonly SleepingBoard _board = new(Config) { Drift = 0.03 };
    private readonly List<DateTime> _answeredUtc = [];
    private readonly Random _random = new(ReadNumber("DEVICEQUEUE_SLEEP_SEED", 14));
    private readonly ReadingLedger _ledger;
    private int _delivered;
    private long _blocks;

    public Month_Tests()
    {
        _ledger = new ReadingLedger(_board);
        _board.Pins.IsDead = () => _board.Store.IsOff;
        Action<FakeLink, string> publishing = _board.Broker.Publishing;
        _board.Broker.Publishing = (link, topic) =>
        {
            publishing(link, topic);
            if (topic == "sensor/bar1/response" && link.IsOpen)
            {
                _answeredUtc.Add(_board.WorldUtc);
            }
        };
    }

    [Fact]
    public void Every_reading_arrives_or_is_counted_and_no_command_is_carried_out_twice_or_late()
    {
        int wakes = WakesADay * ReadNumber("DEVICEQUEUE_SLEEP_DAYS", 30);
        int brokerBackAt = 0;
        int mostBlocks = 0;
        _board.PowerOn();
        RunOrRestart();
        for (int i = 0; i < wakes; i++)
        {
            if (_board.Broker.IsUp && _random.Next(5 * WakesADay) == 0)
            {
                _board.Broker.IsUp = false;
                brokerBackAt = i + _random.Next(3 * WakesADay);
            }

            _board.Broker.IsUp |= i >= brokerBackAt;
            SendCommands();
            Wake();
            mostBlocks = i % WakesADay == WakesADay - 1 ? Math.Max(mostBlocks, CountBlocks()) : mostBlocks;
        }

        _board.Broker.IsUp = true;
        for (int i = 0; i < SettlingWakes || (_ledger.IsWaiting && i < 2 * SettlingWakes); i++)
        {
            _board.PassSleep();
            _board.StartAwake();
            RunOrRestart();
        }

        Say(mostBlocks);
        _ledger.AssertComplete();
        _ledger.AssertNumbers();
        AssertCommands();
        Assert.InRange(mostBlocks, WakesADay, MaxBlocksADay);
    }

    private static int ReadNumber(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

    private void Say(int mostBlocks) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"{_ledger.Measured} measured: {_ledger.Arrived} arrived, {_ledger.Again} of them again after a power cut, "
        + $"{_ledger.Dropped} dropped, {_ledger.CutOff} lost in {_ledger.Cuts} power cuts, {_ledger.Retaken} measured "
        + $"again at once; counted: {_ledger.Counted} dropped, {_ledger.Forgotten} of them in counts that the power "
        + $"took, {_ledger.Torn} torn; {_commands.Count} commands; {_board.ShortWakes} short wake-ups, "
        + $"{_board.WholeWakes} with the node; {mostBlocks} blocks on the worst day");

    private void AssertCommands()
    {
        Arrival[] responses = _board.Node.On("response");
        Assert.Equal(responses.Length, _answeredUtc.Count);
        Dictionary<string, List<(string Status, DateTime AtUtc)>> answers = [];
        for (int i = 0; i < responses.Length; i++)
        {
            JsonElement answer = _board.Node.Answer(responses[i]);
            string id = answer.GetProperty("command_id").GetString()!;
            string status = Node.Status(answer)! + (Node.Code(answer) is { } code ? " " + code : "");
            answers.TryAdd(id, []);
            answers[id].Add((status, _answeredUtc[i]));
        }

        Dictionary<string, DateTime> deliveredUtc = _board.Delivered.GroupBy(command => command.Id)
            .ToDictionary(copies => copies.Key, copies => copies.First().Utc);
        int done = 0;
        int unknown = 0;
        int lost = 0;
        foreach ((string id, DateTime sentUtc) in _commands)
        {
            List<(string Status, DateTime AtUtc)> got = answers.GetValueOrDefault(id, []);
            int succeeded = got.Count(answer => answer.Status == "succeeded");
            done += succeeded > 0 ? 1 : 0;
            if (_cutOff.Contains(id))
            {
                unknown += succeeded == 0 ? 1 : 0;
                continue;
            }

            // What is too old is not always answered, and a crowd of commands may find no room.
            bool isLate = deliveredUtc[id] - sentUtc > Ttl - ClockError;
            lost += succeeded == 0 && !isLate ? 1 : 0;
            Assert.All(
                got.Where(answer => answer.Status == "succeeded"),
                answer => Assert.InRange(answer.AtUtc - sentUtc, TimeSpan.Zero, Ttl + ClockError));
        }

        int pulses = _board.Pins.Written.Count(write => write == (PulsePin, true));
        Assert.InRange(pulses, done, done + unknown); // each once
        Assert.InRange(lost, 0, _ledger.CountedCommands);
        Assert.True(done > _commands.Count / 2, $"{done} of {_commands.Count}");
        Assert.All(
            _repeats.Where(id => !_cutOff.Contains(id) && answers.ContainsKey(id)),
            id => Assert.InRange(answers[id].Count(answer => answer.Status == "succeeded"), 0, 1));
        Assert.Contains(_repeats, id => answers.GetValueOrDefault(id, []).Any(answer => answer.Status == "duplicate"));
        Assert.DoesNotContain((StalePin, true), _board.Pins.Written);
    }

    private void SendCommands()
    {
        if (_random.Next(40) == 0)
        {
            string id = _board.Command("output.pulse", """{"name":"relay1","ms":20}""");
            _commands[id] = _board.WorldUtc;
            if (_random.Next(4) == 0)
            {
                _board.Command("output.pulse", """{"name":"relay1","ms":20}""", id, _board.WorldUtc);
                _repeats.Add(id);
            }
        }

        if (_random.Next(400) == 0)
        {
            DateTime sent = _board.WorldUtc.AddHours(-3);
            _board.Command("output.pulse", """{"name":"relay2","ms":20}""", sent: sent);
        }
    }

    // A sleep and the start that follows; the power may go while it is asleep, at any byte that it writes, or at any
    // moment of a start with the node.
    private void Wake()
    {
        _board.Store.StepsToPowerCut = _random.Next(200) == 0 ? _random.Next(600) : null;
        if (_random.Next(600) == 0)
        {
            Restart();
        }

        _board.PassSleep();
        _board.StartAwake();
        if (!_board.IsAsleep && !_board.Store.IsOff && _random.Next(50) == 0)
        {
            long cutMs = _board.Clock.NowMs + _random.Next(2500);
            _board.Node.World.At(cutMs, () => _board.Store.StepsToPowerCut = -1);
        }

        RunOrRestart();
    }

    private void RunOrRestart()
    {
        if (!_board.IsAsleep && !_board.Store.IsOff)
        {
            _board.RunUntilAsleep();
        }

        if (_board.Store.IsOff)
        {
            Restart();
        }
        else
        {
            _ledger.CloseStart();
            _delivered = _board.Delivered.Count;
        }
    }

    private void Restart()
    {
        _cutOff.UnionWith(_board.Delivered.Skip(_delivered).Select(command => command.Id));
        _board.Store.StepsToPowerCut = null;
        _ledger.CloseCut();
        _board.PowerOn();
        _board.RunUntilAsleep();
        _ledger.CloseStart();
        _delivered = _board.Delivered.Count;
    }

    private int CountBlocks()
    {
        long before = _blocks;
        _blocks = _board.Store.Wear.Blocks;
        return (int)(_blocks - before);
    }
}

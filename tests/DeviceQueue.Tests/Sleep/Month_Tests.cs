using System.Globalization;
using System.Text.Json;

namespace DeviceQueue.Tests.Sleep;

/// <summary>
/// A sleeping device in the field, at five minutes with hourly connects: the broker is away for up to three days at
/// random, the power goes at random moments, the timer is off by three percent, and commands come all the while. One
/// seed repeats a run. DEVICEQUEUE_SLEEP_DAYS=365 makes it a year.
/// </summary>
public sealed class Month_Tests
{
    private const int WakesADay = 288;
    private const int PulsePin = 13; // relay1
    private const int StalePin = 14; // relay2: switched by commands that are too old alone
    private const string Config = Node.WithKey + "device.connect_every=12;options.outbox_max_bytes=61440;"
        + "device.outputs.1.name=relay2;device.outputs.1.pin=14;";

    private readonly Dictionary<long, int> _bootOf = []; // of each measurement, by what it measured
    private readonly List<string> _commands = [];
    private readonly SleepingBoard _board = new(Config) { Drift = 0.03 };
    private readonly Random _random = new(14);
    private long _measured;
    private int _cuts;
    private int _forgotten;
    private int _boot = 1;

    [Fact]
    public void Every_reading_arrives_or_is_counted_and_no_command_is_carried_out_twice_or_late()
    {
        string? days = Environment.GetEnvironmentVariable("DEVICEQUEUE_SLEEP_DAYS");
        int wakes = WakesADay * int.Parse(days ?? "30", CultureInfo.InvariantCulture);
        int brokerBackAt = 0;
        _board.Sensor.Reading = Measure;
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
            _board.Store.StepsToPowerCut = _random.Next(300) == 0 ? _random.Next(1200) : null;
            if (_random.Next(600) == 0)
            {
                Restart(); // while it is asleep
            }

            _board.PassSleep();
            _board.StartAwake();
            RunOrRestart();
        }

        _board.Broker.IsUp = true;
        _board.Store.StepsToPowerCut = null;
        _board.Wake(40);

        AssertReadings(wakes);
        AssertCommands();
    }

    private void AssertReadings(int wakes)
    {
        var arrived = _board.Broker.Arrivals
            .Where(arrival => arrival.Topic == "sensor/bar1/temperature" && !arrival.IsRepeat)
            .Select(arrival => Node.Json(arrival))
            .Select(reading => (Id: IdOf(reading), Seq: reading.GetProperty("seq").GetInt64()))
            .ToArray();
        int counted = _board.Node.Journal.Dropped.Total;
        int[] missing =
        [
            .. arrived.GroupBy(reading => _bootOf[reading.Id]).Select(boot => CountMissing([.. boot])),
        ];
        int again = arrived.Length - arrived.Select(reading => reading.Seq).Distinct().Count();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{_measured} measured, {arrived.Length} readings arrived, {again} of them again, {missing.Sum()} did not, "
            + $"{counted} counted, {_forgotten} in counts that the power took, {_cuts} power cuts, "
            + $"{_commands.Count} commands, {_board.ShortWakes} short wake-ups, {_board.WholeWakes} with the node");

        Assert.InRange(missing.Length, 1, _cuts + 1); // the readings of a boot may have had no room
        Assert.InRange(missing.Sum(), 0, counted + _forgotten);
        Assert.InRange(arrived.Length, wakes - counted - _forgotten - (2 * _cuts), wakes + (10 * _cuts) + 50);
        Assert.True(again <= 12 * _cuts, "readings come again only after a power cut");
    }

    /// <summary>
    /// Counts the numbers that did not arrive of a boot, which its sleeps do not end; the numbers go up with what was
    /// measured.
    /// </summary>
    private static int CountMissing((long Id, long Seq)[] boot)
    {
        (long Id, long Seq)[] ordered = [.. boot.Distinct().OrderBy(reading => reading.Id)];
        Assert.Equal(ordered.Select(reading => reading.Seq).Order(), ordered.Select(reading => reading.Seq));
        Assert.Equal(ordered.Length, ordered.Select(reading => reading.Seq).Distinct().Count());
        return (int)(ordered[^1].Seq - ordered[0].Seq) + 1 - ordered.Length;
    }

    private void AssertCommands()
    {
        JsonElement[] answers =
        [
            .. Enumerable.Range(0, _board.Node.On("response").Length).Select(_board.Node.Answer),
        ];
        string[] done =
        [
            .. answers.Where(answer => Node.Status(answer) == "succeeded")
                .Select(answer => answer.GetProperty("command_id").GetString()!),
        ];
        int pulses = _board.Pins.Written.Count(write => write == (PulsePin, true));

        Assert.Equal(done.Length, done.Distinct().Count());
        Assert.InRange(pulses, done.Length, done.Length + _cuts);
        Assert.True(done.Length > _commands.Count / 2, $"{done.Length} of {_commands.Count}");
        Assert.DoesNotContain((StalePin, true), _board.Pins.Written);
    }

    private static long IdOf(JsonElement reading) =>
        (long)Math.Round(reading.GetProperty("pressure").GetDouble() * 100)
        + ((long)Math.Round((reading.GetProperty("temperature").GetDouble() - 20) * 100) * 100_000);

    // A measurement is known by what it measured.
    private void Measure()
    {
        _bootOf[_measured] = _boot;
        _board.Sensor.PressureHPa = _measured % 100_000 / 100.0;
        _board.Sensor.TemperatureC = 20 + (_measured / 100_000 / 100.0);
        _measured++;
    }

    private void SendCommands()
    {
        if (_random.Next(40) == 0)
        {
            _commands.Add(_board.Command("output.pulse", """{"name":"relay1","ms":20}"""));
        }

        if (_random.Next(400) == 0)
        {
            DateTime sent = _board.WorldUtc.AddHours(-3);
            _board.Command("output.pulse", """{"name":"relay2","ms":20}""", sent: sent);
        }
    }

    private void RunOrRestart()
    {
        if (!_board.IsAsleep)
        {
            _board.RunUntilAsleep();
        }

        if (_board.Store.IsOff)
        {
            Restart();
        }
    }

    private void Restart()
    {
        _cuts++;
        _boot++;
        _board.Store.StepsToPowerCut = null;
        int counted = _board.Node.Journal.Dropped.Total;
        _board.PowerOn();
        _forgotten += Math.Max(0, counted - _board.Node.Journal.Dropped.Total);
        _board.RunUntilAsleep();
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Readings;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Configuration;
using DeviceQueue.Tests.Settings;
using DeviceQueue.Tests.Storage;
using DeviceQueue.Time;

namespace DeviceQueue.Tests.Readings;

public sealed class Sampler_Tests
{
    private readonly VirtualClock _clock = new();
    private readonly MemoryLogger _log = new();
    private readonly FakeSensor _sensor = new();
    private readonly Sampler _sampler;

    public Sampler_Tests()
    {
        _sampler = new Sampler(_sensor, new SamplingSchedule(0, 1000), Trusted(), _log);
    }

    [Fact]
    public void Reads_only_when_it_is_time_and_dates_the_reading()
    {
        _sensor.Reading = () => _clock.NowMs += 10;

        Assert.True(Sample());
        Assert.False(_sampler.TrySample(_clock.NowMs));
        Assert.Equal((1, 1000), (_sensor.Reads, _sampler.DueMs));
        Assert.Equal(
            (10, true, _clock.StartUtc!.Value.AddMilliseconds(10)),
            (_sampler.Reading.TakenMs, _sampler.Reading.HasUtc, _sampler.Reading.TakenUtc));
    }

    [Fact]
    public void Says_a_fault_once_when_it_begins_and_once_when_it_ends_and_counts_each()
    {
        Assert.True(Sample());
        foreach (SensorState state in
            new[] { SensorState.NoAnswer, SensorState.NoAnswer, SensorState.NoAnswer, SensorState.OutOfRange })
        {
            _sensor.State = state;
            Assert.False(Sample());
            Assert.Equal(state, _sampler.State);
        }

        _sensor.State = SensorState.Ok;
        Assert.True(Sample());
        Assert.True(Sample());

        Assert.Equal(
            [
                "sensor: BME280 at 0x76",
                "sensor fault: no_answer",
                "sensor fault: out_of_range",
                "sensor: BME280 at 0x76",
            ],
            _log.Lines);
        Assert.Equal(4, _sampler.Faults);
    }

    [Fact]
    public void Takes_an_exception_for_a_fault()
    {
        _sensor.Throws = true;
        Assert.False(Sample());
        Assert.False(Sample());

        Assert.Equal((SensorState.NoAnswer, 2), (_sampler.State, _sampler.Faults));
        Assert.Equal(2, _log.Errors.Count());
        _sensor.Throws = false;
        Assert.True(Sample());
    }

    [Theory]
    [InlineData(SensorState.Ok, "ok")]
    [InlineData(SensorState.NotFound, "not_found")]
    [InlineData(SensorState.NoAnswer, "no_answer")]
    [InlineData(SensorState.Reset, "reset")]
    [InlineData(SensorState.OutOfRange, "out_of_range")]
    [InlineData(SensorState.Step, "step")]
    [InlineData(SensorState.WrongChip, "wrong_chip")]
    public void Names_each_state_in_one_word(SensorState state, string name)
    {
        Assert.Equal(name, Sampler.NameOf(state));
    }

    [Fact]
    public void A_year_at_60_s_ends_where_it_should_however_long_each_reading_takes()
    {
        const int MinuteMs = 60000;
        const int Minutes = 365 * 24 * 60;
        var lateness = new Random(1);
        var sampler = new Sampler(_sensor, new SamplingSchedule(0, MinuteMs), Trusted(), _log);
        _sensor.Reading = () => _clock.NowMs += lateness.Next(5000);
        int published = 0;
        for (int i = 0; i < Minutes; i++)
        {
            _clock.NowMs = sampler.DueMs + lateness.Next(1000);
            published += sampler.TrySample(_clock.NowMs) ? 1 : 0;
            Assert.False(sampler.TrySample(_clock.NowMs));
        }

        Assert.Equal((Minutes, Minutes, (long)Minutes * MinuteMs), (published, _sensor.Reads, sampler.DueMs));
    }

    [Fact]
    public void Publishes_a_change_of_at_least_report_delta_and_one_each_report_at_least_ms()
    {
        Apply("device.report_delta=0.5;device.report_at_least_ms=10000");

        Assert.Equal("20.00 20.50 19.99", Published(20, 20.3, 20.49, 20.5, 20.1, 20.9, 20.4, 19.99));
        Assert.Equal(["17000", "27000"], PublishedAt(Enumerable.Repeat(19.6, 25))); // the one before was at 7000
    }

    [Theory]
    [InlineData(1000, 1000)]
    [InlineData(3500, 3000)]
    [InlineData(4000, 4000)]
    public void Never_lets_more_than_report_at_least_ms_pass_between_two(int atLeastMs, int apartMs)
    {
        Apply("device.report_delta=100;device.report_at_least_ms=" + atLeastMs);

        Assert.Equal(
            ["0", apartMs.ToString(), (2 * apartMs).ToString()], PublishedAt(Enumerable.Repeat(20.0, 12)).Take(3));
    }

    [Fact]
    public void A_change_of_a_tenth_is_a_tenth_though_it_is_less_in_binary()
    {
        Apply("device.report_delta=0.1");

        Assert.True(21.47 - 21.37 < 0.1);
        Assert.Equal("21.37 21.47 21.37", Published(21.37, 21.47, 21.37));
    }

    [Fact]
    public void Publishes_the_first_reading_after_a_fault_whatever_it_is()
    {
        Apply("device.report_delta=5");
        Assert.Equal("20.00", Published(20, 20.1));
        _sensor.State = SensorState.NoAnswer;
        Assert.Equal(string.Empty, Published(20.1));
        _sensor.State = SensorState.Ok;

        Assert.Equal("20.20", Published(20.2, 20.3));
    }

    [Fact]
    public void A_step_larger_than_max_step_needs_a_second_reading()
    {
        Apply("device.max_step=5");

        Assert.Equal("20.00 25.00 25.10", Published(20, 25, 60, 25.1));
        Assert.Equal("34.00 34.00", Published(33, 34, 34));
        Assert.Equal(
            [
                "sensor: BME280 at 0x76",
                "sensor fault: step",
                "sensor: BME280 at 0x76",
                "sensor fault: step",
                "sensor: BME280 at 0x76",
            ],
            _log.Lines);
        Assert.Equal(2, _sampler.Faults);
    }

    [Fact]
    public void Two_far_readings_that_are_far_from_each_other_confirm_nothing()
    {
        Apply("device.max_step=5");

        Assert.Equal("20.00 -30.00", Published(20, 60, -30, 60, -30, -30));
    }

    [Fact]
    public void A_fault_between_two_far_readings_takes_the_confirmation_away()
    {
        Apply("device.max_step=5");
        Assert.Equal("20.00", Published(20, 60));
        _sensor.State = SensorState.NoAnswer;
        Assert.Equal(string.Empty, Published(60));
        _sensor.State = SensorState.Ok;

        Assert.Equal("60.00", Published(60, 60));
    }

    [Fact]
    public void The_offset_is_added_and_a_new_one_is_no_step_but_a_change()
    {
        Apply("device.temperature_offset=-1.5");
        Assert.Equal("18.50", Published(20));
        Apply("device.temperature_offset=10;device.max_step=2;device.report_delta=5");

        Assert.Equal("30.00", Published(20, 20));
    }

    [Theory]
    [InlineData(0, 45.1)]
    [InlineData(-1.5, 49.51)] // Magnus formula: 23.326 hPa at 20 °C, 21.247 hPa at 18.5 °C
    [InlineData(-10, 85.81)]
    [InlineData(10, 24.85)]
    [InlineData(-20, 100)] // no more than the air can hold
    public void The_humidity_is_that_of_the_same_water_at_the_corrected_temperature(double offset, double percent)
    {
        Apply("device.temperature_offset=" + offset);
        Assert.Single(Published(20).Split(' '));

        Assert.Equal(percent, _sampler.Reading.Get(Quantity.Humidity), 0.005);
    }

    [Fact]
    public void The_humidity_that_is_not_measured_is_not_corrected()
    {
        _sensor.HasHumidity = false;
        Apply("device.temperature_offset=-1.5");

        Assert.Equal("18.50", Published(20));
        Assert.False(_sampler.Reading.Has(Quantity.Humidity));
    }

    [Fact]
    public void A_sensor_of_temperature_and_humidity_is_read_corrected_and_doubted_as_one_with_pressure()
    {
        _sensor.HasPressure = false;
        Apply("device.temperature_offset=-1.5;device.max_step=5;device.report_delta=0.5");

        Assert.Equal("18.50 19.00 26.50", Published(20, 20.4, 20.5, 28, 28));
        Assert.Equal(
            [Quantity.Temperature, Quantity.Humidity],
            Enumerable.Range(0, Quantity.Count).Where(_sampler.Reading.Has));
        Assert.Equal(49.24, _sampler.Reading.Get(Quantity.Humidity), 0.005); // 37.71 hPa at 28 °C, 34.54 at 26.5 °C
        Assert.Equal(1, _sampler.Faults);
    }

    [Fact]
    public void A_quantity_that_the_sensor_measures_no_longer_is_not_in_the_reading()
    {
        Assert.True(Sample());
        Assert.True(_sampler.Reading.Has(Quantity.Pressure));
        _sensor.HasPressure = false;
        Assert.True(Sample());

        Assert.False(_sampler.Reading.Has(Quantity.Pressure));
    }

    [Fact]
    public void Says_which_chip_answers_in_the_sensors_place()
    {
        _sensor.State = SensorState.WrongChip;
        _sensor.Description = "0x61 at 0x76";
        Assert.False(Sample());

        Assert.Equal(["sensor fault: wrong_chip 0x61 at 0x76"], _log.Lines);
    }

    [Fact]
    public void A_reading_beside_the_schedule_leaves_it_as_it_was()
    {
        Apply("device.temperature_offset=1;device.report_delta=1");
        Assert.Equal("21.00", Published(20));
        _clock.NowMs = 400;
        _sensor.TemperatureC = 25;

        Assert.True(_sampler.TryRead());
        Assert.Equal(26, _sampler.Reading.Get(Quantity.Temperature));
        Assert.Equal((400, 1000), (_sampler.Reading.TakenMs, _sampler.DueMs));
        Assert.Equal("26.00", Published(25));
        _sensor.State = SensorState.NotFound;
        Assert.False(_sampler.TryRead());
        Assert.Equal(SensorState.NotFound, _sampler.State);
    }

    /// <summary>Samples one measured value after the other and gives those that are to be published.</summary>
    private string Published(params double[] measured) =>
        string.Join(' ', Published(measured, () => _sampler.Reading.Get(Quantity.Temperature).ToString("F2")));

    private string[] PublishedAt(IEnumerable<double> measured) =>
        Published(measured, () => _sampler.Reading.TakenMs.ToString());

    private string[] Published(IEnumerable<double> measured, Func<string> what)
    {
        List<string> published = [];
        foreach (double celsius in measured)
        {
            _sensor.TemperatureC = celsius;
            if (Sample())
            {
                published.Add(what());
            }
        }

        return [.. published];
    }

    private void Apply(string config)
    {
        var problems = new ConfigProblems();
        DeviceSettings settings = DeviceConfig.Read(ConfigParams.FromString(config), null, "bar1", problems)!;
        Assert.Empty(problems.Errors());
        _sampler.Apply(settings.TemperatureOffset, settings.MaxStep, settings.ReportDelta, settings.ReportAtLeastMs);
    }

    private TrustedClock Trusted() => new(_clock, new MemoryStore(), FirmwareDefaults.BuildDate);

    private bool Sample()
    {
        _clock.NowMs = Math.Max(_clock.NowMs, _sampler.DueMs);
        return _sampler.TrySample(_clock.NowMs);
    }
}

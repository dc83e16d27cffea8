using DeviceQueue.Sensing;
using DeviceQueue.Tests.Components;
using DeviceQueue.Tests.Platform;

namespace DeviceQueue.Tests.Sensing;

public sealed class Sampler_Tests
{
    private readonly VirtualClock _clock = new();
    private readonly MemoryLogger _log = new();
    private readonly FakeSensor _sensor = new();
    private readonly Sampler _sampler;

    public Sampler_Tests()
    {
        _sampler = new Sampler(_sensor, new SamplingSchedule(0, 1000), _clock, _log);
    }

    [Fact]
    public void Reads_only_when_it_is_time_and_dates_the_reading()
    {
        _sensor.Reading = () => _clock.NowMs += 10;

        Assert.True(Sample());
        Assert.False(_sampler.TrySample(_clock.NowMs));
        Assert.Equal((1, 1000), (_sensor.Reads, _sampler.DueMs));
        Assert.Equal((10, true, _clock.StartUtc!.Value.AddMilliseconds(10)), (_sampler.Reading.TakenMs, _sampler.Reading.HasUtc, _sampler.Reading.TakenUtc));
    }

    [Fact]
    public void Says_a_fault_once_when_it_begins_and_once_when_it_ends_and_counts_each()
    {
        Assert.True(Sample());
        foreach (SensorState state in new[] { SensorState.NoAnswer, SensorState.NoAnswer, SensorState.NoAnswer, SensorState.OutOfRange })
        {
            _sensor.State = state;
            Assert.False(Sample());
            Assert.Equal(state, _sampler.State);
        }

        _sensor.State = SensorState.Ok;
        Assert.True(Sample());
        Assert.True(Sample());

        Assert.Equal(["sensor: BME280 at 0x76", "sensor fault: no_answer", "sensor fault: out_of_range", "sensor: BME280 at 0x76"], _log.Lines);
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
    public void Names_each_state_in_one_word(SensorState state, string name)
    {
        Assert.Equal(name, Sampler.NameOf(state));
    }

    private bool Sample()
    {
        _clock.NowMs = Math.Max(_clock.NowMs, _sampler.DueMs);
        return _sampler.TrySample(_clock.NowMs);
    }
}

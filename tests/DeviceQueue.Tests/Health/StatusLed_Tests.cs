using DeviceQueue.Health;
using DeviceQueue.Settings;
using DeviceQueue.Tests.Commands;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Health;

public sealed class StatusLed_Tests
{
    private readonly FakePins _pins = new();
    private readonly Journal _life = new(new MemoryStore());

    [Theory]
    [InlineData(DeviceState.NoConfiguration, "0+ 250- 500+ 750- 1000+ 1250- 1500+ 1750- 2000+")]
    [InlineData(DeviceState.SafeMode, "0+ 1000- 2000+")]
    [InlineData(DeviceState.NoWifi, "0+ 200- 2000+")]
    [InlineData(DeviceState.NoBroker, "0+ 200- 400+ 600- 2000+")]
    [InlineData(DeviceState.SensorFault, "0+ 200- 400+ 600- 800+ 1000- 2000+")]
    [InlineData(DeviceState.NoCommands, "0+ 200- 400+ 600- 800+ 1000- 1200+ 1400- 2000+")]
    [InlineData(DeviceState.Well, "0+ 50-")]
    public void Each_state_has_a_pattern_of_its_own(DeviceState state, string pattern)
    {
        var led = new StatusLed(_pins, 4, _life);

        Assert.Equal(pattern, Watch(led, state, 0, 2000));
    }

    [Fact]
    public void A_new_state_shows_at_once()
    {
        var led = new StatusLed(_pins, 4, _life);
        Watch(led, DeviceState.Well, 0, 1000);

        Assert.Equal("1000+ 1200- 1400+", Watch(led, DeviceState.NoBroker, 1000, 1500));
    }

    [Fact]
    public void Without_an_LED_nothing_is_ever_due()
    {
        Assert.Equal(long.MaxValue, new StatusLed(_pins, DeviceSettings.NoPin, _life).Poll(DeviceState.Well, 0));
        _pins.Unopenable = 4;
        Assert.Equal(long.MaxValue, new StatusLed(_pins, 4, _life).Poll(DeviceState.Well, 0));
        Assert.Empty(_pins.Written);
    }

    [Fact]
    public void A_pin_that_cannot_be_driven_is_recorded_once_and_lit_again_when_it_can()
    {
        var led = new StatusLed(_pins, 4, _life);
        _pins.Fails = true;
        Assert.Empty(Watch(led, DeviceState.NoWifi, 0, 5000));
        Assert.Equal(
            (1, "status LED: InvalidOperationException: the pin \"is\" gone"), (_life.Faults, _life.LastFault));

        _pins.Fails = false;
        Assert.Equal("6000+ 6200- 8000+", Watch(led, DeviceState.NoWifi, 6000, 8000));
    }

    private string Watch(StatusLed led, DeviceState state, long fromMs, long toMs)
    {
        var seen = new List<string>();
        for (long now = fromMs; now <= toMs;)
        {
            int before = _pins.Written.Count;
            long due = led.Poll(state, now);
            seen.AddRange(_pins.Written.Skip(before).Select(write => now + (write.IsHigh ? "+" : "-")));
            Assert.True(due > now);
            now = due;
        }

        return string.Join(' ', seen);
    }
}

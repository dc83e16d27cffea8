using DeviceQueue.Outputs;
using DeviceQueue.Tests.Commands;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Outputs;

public sealed class OutputBank_Tests
{
    private readonly FakePins _pins = new();
    private readonly VirtualClock _clock = new();

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    [InlineData(false, false, true)]
    [InlineData(false, true, false)]
    public void Opens_each_pin_at_the_level_of_its_safe_state(bool isActiveHigh, bool isSafeOn, bool isHigh)
    {
        OutputBank outputs = new([new OutputSettings("relay1", 13, isActiveHigh, isSafeOn)], _pins);

        Assert.Equal([(13, isHigh)], _pins.Opened);
        Assert.Empty(_pins.Written);
        Assert.Equal(isSafeOn, outputs.IsOn(0));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Drives_the_level_that_on_is_for_the_output(bool isActiveHigh)
    {
        OutputBank outputs = new([new OutputSettings("relay1", 13, isActiveHigh, false)], _pins);
        outputs.Set(0, true);
        outputs.Set(0, false);

        Assert.Equal([(13, isActiveHigh), (13, !isActiveHigh)], _pins.Written);
    }

    [Fact]
    public void A_change_waits_to_be_told_and_nothing_else_does()
    {
        AutoResetEvent changed = new(false);
        OutputBank outputs = new(
            [new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)],
            _pins)
        { Changed = changed };
        Assert.True(outputs.IsUntold(0) && outputs.IsUntold(1)); // how they started
        outputs.SetTold(0, false);
        outputs.SetTold(1, false);
        outputs.Set(0, false);
        Assert.False(changed.WaitOne(0));

        outputs.Set(1, true);
        Assert.True(changed.WaitOne(0));
        Assert.Equal((false, true), (outputs.IsUntold(0), outputs.IsUntold(1)));
        outputs.SetTold(1, true);
        outputs.Set(1, true);
        Assert.False(outputs.IsUntold(1));
    }

    [Fact]
    public void A_state_that_changed_again_while_it_was_told_is_told_again()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false)], _pins);
        outputs.Set(0, true);
        outputs.Set(0, false);
        outputs.SetTold(0, true);

        Assert.True(outputs.IsUntold(0));
    }

    [Fact]
    public void Keeps_the_old_state_when_the_pin_cannot_be_driven()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false)], _pins);
        outputs.SetTold(0, false);
        _pins.Fails = true;

        Assert.Throws<InvalidOperationException>(() => outputs.Set(0, true));
        Assert.Equal((false, false), (outputs.IsOn(0), outputs.IsUntold(0)));
    }

    [Fact]
    public void Finds_outputs_by_their_exact_name()
    {
        OutputBank outputs = new(
            [new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);

        Assert.Equal((2, 1, -1, -1), (outputs.Count, outputs.Find("b"), outputs.Find("B"), outputs.Find("14")));
        Assert.Equal("b", outputs.GetName(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pulse_takes_an_output_out_of_its_safe_state_and_ends_in_it(bool isSafeOn)
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, isSafeOn)], _pins);
        outputs.Pulse(0, 500, _clock);
        Assert.Equal((true, !isSafeOn, 500), (outputs.IsPulsing, outputs.IsOn(0), outputs.EndPulses(499)));

        Assert.Equal((long.MaxValue, false, isSafeOn), (outputs.EndPulses(500), outputs.IsPulsing, outputs.IsOn(0)));
        Assert.Equal([(13, !isSafeOn), (13, isSafeOn)], _pins.Written);
    }

    [Fact]
    public void A_pulse_is_measured_from_when_the_pin_has_switched()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false)], _pins);
        _pins.OnWrite = () => _clock.NowMs += 800;
        outputs.Pulse(0, 500, _clock);

        Assert.Equal((1300, true), (outputs.EndPulses(1299), outputs.IsOn(0)));
        outputs.EndPulses(1300);
        Assert.False(outputs.IsOn(0));
    }

    [Fact]
    public void A_second_pulse_ends_at_its_own_time_and_a_switch_ends_the_pulse()
    {
        OutputBank outputs = new(
            [new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);
        outputs.Pulse(0, 500, _clock);
        outputs.Pulse(0, 200, _clock);
        outputs.Pulse(1, 300, _clock);
        Assert.Equal(200, outputs.EndPulses(100));
        outputs.Set(1, true);
        Assert.Equal(long.MaxValue, outputs.EndPulses(200));
        outputs.EndPulses(1000);

        Assert.Equal([(13, true), (13, true), (14, true), (14, true), (13, false)], _pins.Written);
        Assert.True(outputs.IsOn(1));
        Assert.False(outputs.IsSafe);
    }

    [Fact]
    public void A_pulse_whose_end_the_pin_refuses_is_ended_as_soon_as_it_can_be_and_holds_up_no_other()
    {
        OutputBank outputs = new(
            [new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);
        outputs.Pulse(0, 500, _clock);
        outputs.Pulse(1, 500, _clock);
        _pins.Fails = true;
        Assert.Equal(500 + OutputBank.RetryMs, outputs.EndPulses(500));
        Assert.Equal((true, true, false), (outputs.TakeFailure(0), outputs.TakeFailure(1), outputs.TakeFailure(0)));
        _pins.Fails = false;

        Assert.Equal((long.MaxValue, true), (outputs.EndPulses(500 + OutputBank.RetryMs), outputs.IsSafe));
    }

    [Fact]
    public void All_outputs_go_to_their_safe_states_at_once_and_what_is_safe_is_not_touched()
    {
        OutputBank outputs = new(
            [
                new OutputSettings("a", 13, true, false),
                new OutputSettings("b", 14, true, true),
                new OutputSettings("c", 15, true, false),
            ],
            _pins);
        outputs.Set(0, true);
        outputs.Pulse(1, 500, _clock);
        _pins.Written.Clear();
        outputs.MakeSafe(100);

        Assert.Equal([(13, false), (14, true)], _pins.Written);
        Assert.Equal((true, false), (outputs.IsSafe, outputs.IsPulsing));
    }
}

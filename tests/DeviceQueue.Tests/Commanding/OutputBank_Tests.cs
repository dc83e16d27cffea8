using DeviceQueue.Commanding;
using DeviceQueue.Settings;

namespace DeviceQueue.Tests.Commanding;

public sealed class OutputBank_Tests
{
    private readonly FakePins _pins = new();

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
    public void Tells_of_changes_and_of_nothing_else()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);
        var changes = new List<(int, bool)>();
        outputs.Changed += i => changes.Add((i, outputs.IsOn(i)));
        outputs.Set(1, true);
        outputs.Set(1, true);
        outputs.Set(0, false);
        outputs.Set(1, false);

        Assert.Equal([(1, true), (1, false)], changes);
        Assert.Equal(4, _pins.Written.Count);
    }

    [Fact]
    public void Keeps_the_old_state_when_the_pin_cannot_be_driven()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false)], _pins);
        outputs.Changed += _ => Assert.Fail("nothing changed");
        _pins.Fails = true;

        Assert.Throws<InvalidOperationException>(() => outputs.Set(0, true));
        Assert.False(outputs.IsOn(0));
    }

    [Fact]
    public void Finds_outputs_by_their_exact_name()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);

        Assert.Equal((2, 1, -1, -1), (outputs.Count, outputs.Find("b"), outputs.Find("B"), outputs.Find("14")));
        Assert.Equal("b", outputs.GetName(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pulse_takes_an_output_out_of_its_safe_state_and_ends_in_it(bool isSafeOn)
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, isSafeOn)], _pins);
        outputs.Pulse(0, 500);
        Assert.Equal((true, !isSafeOn, 500), (outputs.IsPulsing, outputs.IsOn(0), outputs.Poll(499)));

        Assert.Equal((long.MaxValue, false, isSafeOn), (outputs.Poll(500), outputs.IsPulsing, outputs.IsOn(0)));
        Assert.Equal([(13, !isSafeOn), (13, isSafeOn)], _pins.Written);
    }

    [Fact]
    public void A_second_pulse_ends_at_its_own_time_and_a_switch_ends_the_pulse()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);
        var changes = new List<(int, bool)>();
        outputs.Changed += i => changes.Add((i, outputs.IsOn(i)));
        outputs.Pulse(0, 500);
        outputs.Pulse(0, 200);
        outputs.Pulse(1, 300);
        Assert.Equal(200, outputs.Poll(100));
        outputs.Set(1, true);
        Assert.Equal(long.MaxValue, outputs.Poll(200));
        outputs.Poll(1000);

        Assert.Equal([(0, true), (1, true), (0, false)], changes);
        Assert.True(outputs.IsOn(1));
        Assert.False(outputs.IsSafe);
    }

    [Fact]
    public void A_pulse_whose_end_the_pin_refuses_is_ended_as_soon_as_it_can_be_and_holds_up_no_other()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, false)], _pins);
        var failed = new List<int>();
        outputs.Failed += failed.Add;
        outputs.Pulse(0, 500);
        outputs.Pulse(1, 500);
        _pins.Fails = true;
        Assert.Equal(500 + OutputBank.RetryMs, outputs.Poll(500));
        Assert.Equal([0, 1], failed);
        _pins.Fails = false;

        Assert.Equal((long.MaxValue, true), (outputs.Poll(500 + OutputBank.RetryMs), outputs.IsSafe));
    }

    [Fact]
    public void All_outputs_go_to_their_safe_states_at_once_and_what_is_safe_is_not_touched()
    {
        OutputBank outputs = new([new OutputSettings("a", 13, true, false), new OutputSettings("b", 14, true, true), new OutputSettings("c", 15, true, false)], _pins);
        outputs.Set(0, true);
        outputs.Pulse(1, 500);
        _pins.Written.Clear();
        outputs.MakeSafe(100);

        Assert.Equal([(13, false), (14, true)], _pins.Written);
        Assert.Equal((true, false), (outputs.IsSafe, outputs.IsPulsing));
    }
}

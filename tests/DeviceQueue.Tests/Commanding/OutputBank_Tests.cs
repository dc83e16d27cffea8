using DeviceQueue.Commanding;
using DeviceQueue.Configuring;

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
}

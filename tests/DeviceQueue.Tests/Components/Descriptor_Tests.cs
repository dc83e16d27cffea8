using DeviceQueue.Components;

namespace DeviceQueue.Tests.Components;

public sealed class Descriptor_Tests
{
    [Theory]
    [InlineData("*:logger:*:*:1.0", "pip-services:logger:console:default:1.0", true)]
    [InlineData("*:logger:*:*:1.0", "pip-services:counters:console:default:1.0", false)]
    [InlineData("*:logger:*:*:1.0", "pip-services:logger:console:default:2.0", false)]
    [InlineData("pip-services:message-queue:mqtt:*:1.0", "pip-services:message-queue:mqtt:readings:1.0", true)]
    [InlineData("pip-services:message-queue:mqtt:*:1.0", "pip-services:message-queue:memory:readings:1.0", false)]
    [InlineData("a:b:c:d:e", "a:b:c:d:*", true)]
    [InlineData("a:b:c:d:e", "x:b:c:d:e", false)]
    public void Matches_part_by_part_with_wildcards_on_either_side(string one, string other, bool matches)
    {
        Assert.Equal(matches, Descriptor.FromString(one).Matches(Descriptor.FromString(other)));
        Assert.Equal(matches, Descriptor.FromString(other).Matches(Descriptor.FromString(one)));
    }

    [Fact]
    public void Writes_what_it_reads_and_takes_nothing_for_anything()
    {
        Assert.Equal("a:b:c:d:1.0", Descriptor.FromString("a:b:c:d:1.0").ToString());
        Assert.Equal("*:b:*:*:*", new Descriptor(null, "b", "", null, null).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a:b:c:d")]
    [InlineData("a:b:c:d:e:f")]
    public void Refuses_what_has_not_five_parts(string text) =>
        Assert.Throws<ArgumentException>(() => Descriptor.FromString(text));
}

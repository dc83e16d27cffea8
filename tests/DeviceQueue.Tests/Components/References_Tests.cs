using DeviceQueue.Components;

namespace DeviceQueue.Tests.Components;

public sealed class References_Tests
{
    private static readonly Descriptor Logger = Descriptor.FromString("test:logger:memory:default:1.0");

    [Fact]
    public void Finds_by_wildcards_the_one_that_came_last()
    {
        var first = new MemoryLogger();
        var second = new MemoryLogger();
        var references = References.FromTuples(
            Logger, first, Descriptor.FromString("test:logger:memory:other:1.0"), second);

        Assert.Same(second, references.GetOptional(Locators.Logger));
        Assert.Same(first, references.GetOptional(Logger));
        Assert.Null(references.GetOptional(Locators.Counters));
    }

    [Fact]
    public void Refuses_what_is_incomplete_or_too_much()
    {
        Assert.Throws<ArgumentException>(() => References.FromTuples(Logger));
        Assert.Throws<ArgumentException>(() => References.FromTuples("*:logger:*:*:1.0", new MemoryLogger()));
        Assert.Throws<ArgumentException>(() => References.FromTuples(Logger, null!));
        var references = new References();
        for (int i = 0; i < References.MaxComponents; i++)
        {
            references.Put(Logger, this);
        }

        Assert.Throws<ArgumentException>(() => references.Put(Logger, this));
    }
}

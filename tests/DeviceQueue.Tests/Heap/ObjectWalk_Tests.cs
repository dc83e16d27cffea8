using DeviceQueue.Benchmarks.Heap;
using DeviceQueue.Messaging;

namespace DeviceQueue.Tests.Heap;

public sealed class ObjectWalk_Tests
{
    [Fact]
    public void What_an_object_holds_is_weighed_with_it()
    {
        int empty = Weigh(new MessageEnvelope());

        Assert.Equal(120, Weigh(new MessageEnvelope(null, null, new byte[100])) - empty);
        Assert.Equal(24, Weigh(new MessageEnvelope { Topic = new string('c', 10) }) - empty);
    }

    [Fact]
    public void What_is_shared_is_counted_once()
    {
        byte[] payload = new byte[100];
        MessageEnvelope one = new(null, null, payload);
        MessageEnvelope other = new(null, null, payload);

        Assert.Equal(Weigh(one), Weigh(one, one));
        Assert.Equal((2 * Weigh(one)) - 120, Weigh(one, other));
    }

    [Fact]
    public void What_static_fields_hold_is_named_by_their_type() => Assert.Contains(
        ObjectWalk.Weigh([], typeof(DeviceNode).Assembly),
        owner => owner.Key.StartsWith(HeapAccount.StaticPrefix, StringComparison.Ordinal) && owner.Value > 0);

    private static int Weigh(params MessageEnvelope[] roots) =>
        ObjectWalk.Weigh(roots, typeof(DeviceNode).Assembly)[typeof(MessageEnvelope).FullName!];
}

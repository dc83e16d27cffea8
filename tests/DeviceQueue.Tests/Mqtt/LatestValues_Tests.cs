using DeviceQueue.Mqtt;

namespace DeviceQueue.Tests.Mqtt;

public sealed class LatestValues_Tests
{
    private const long NowMs = 1000;

    private readonly LatestValues _values = new(new AutoResetEvent(false));
    private readonly PublishRequest _request = new();

    [Fact]
    public void A_value_that_there_is_no_memory_to_write_holds_up_no_other_and_is_tried_again_later()
    {
        Writer writer = new() { HasMemory = false };
        _values.Set(_values.Add("announcement", true), writer);
        _values.Set(_values.Add("status", true), "online"u8.ToArray());
        _values.OnLinkUp();

        Assert.True(_values.TryTake(NowMs, _request));
        Assert.Equal("status", _request.Topic);
        _values.OnHandedOver(1);
        _values.OnPublished(1, true, NowMs);
        Assert.True(_values.IsSaid);
        Assert.False(_values.TryTake(NowMs, _request));

        writer.HasMemory = true;
        Assert.False(_values.TryTake(NowMs + RetryPolicy.FirstDelayMs - 1, _request));
        Assert.True(_values.TryTake(NowMs + RetryPolicy.FirstDelayMs, _request));
        Assert.Equal("announcement", _request.Topic);
    }

    private sealed class Writer : IValueWriter
    {
        public bool HasMemory { get; set; }

        public bool TryWrite(int handle, PublishRequest request)
        {
            request.Payload = HasMemory ? [1] : throw new OutOfMemoryException();
            return true;
        }
    }
}

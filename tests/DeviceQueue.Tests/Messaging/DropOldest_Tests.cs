using System.Text;
using DeviceQueue.Diagnostics;
using DeviceQueue.Messaging;
using DeviceQueue.Mqtt;
using DeviceQueue.Tests.Storage;

namespace DeviceQueue.Tests.Messaging;

/// <summary>The policy drop_oldest counts each message that it lets go, with no fault and no reboot.</summary>
public sealed class DropOldest_Tests
{
    private readonly MemoryStore _store = new();
    private readonly Outbox _outbox;
    private readonly PublishRequest _request = new();
    private int _taken;
    private int _id;

    public DropOldest_Tests()
    {
        _outbox = new Outbox(
            World.Read(
                "options.qos=1;options.outbox=out;options.outbox_flush_ms=0;options.overflow=drop_oldest;"
                + "options.max_messages=2;options.max_bytes=4096;options.max_message_size=1000;"
                + "options.outbox_max_bytes=8192"),
            new AutoResetEvent(false),
            _store);
        _outbox.OnLinkUp();
    }

    [Fact]
    public void Each_message_that_a_full_file_lets_go_is_counted()
    {
        Add(4, 900);
        Add(2, 100); // at the end of the first segment
        Add(6, 600); // nearly the whole of the second, and last
        Acknowledge(4); // what is left of the first segment is in memory, and small
        Assert.True(_outbox.TryTake(1000, _request)); // the link has one of the two, and answers no more
        _outbox.OnHandedOver(++_id);
        for (int i = 0; i < 30; i++)
        {
            Add(1, 600);
        }

        int dropped = _outbox.Drops[DropReason.Overflow] + _outbox.Drops[DropReason.Unconfirmed];
        int inFile = StoredOutbox.ReadAll(new MemoryStore { Files = _store.Files.ToDictionary() }).Length;

        Assert.Equal(_taken - 4, dropped + inFile);
        Assert.Equal(inFile, _outbox.Count);
    }

    private void Add(int count, int length)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(
                _outbox.TryAdd("t", Encoding.ASCII.GetBytes((_taken++ + " ").PadRight(length, '.')), length, 1, false));
            Assert.True(_outbox.Flush());
        }
    }

    private void Acknowledge(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(_outbox.TryTake(1000, _request));
            _outbox.OnHandedOver(++_id);
            _outbox.OnPublished(_id, true, 1000);
        }

        Assert.True(_outbox.Flush());
    }
}

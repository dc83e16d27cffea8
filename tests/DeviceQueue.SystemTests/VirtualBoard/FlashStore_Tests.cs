using DeviceQueue.NanoFramework;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class FlashStore_Tests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_file_is_what_was_written_last_and_survives_a_power_cut()
    {
        _bench.Run(() =>
        {
            FlashStore store = new();
            Assert.Equal(-1, store.GetSize("a.bin"));
            Assert.False(store.TryRead("a.bin", new byte[4], out _));
            Assert.True(store.TryWrite("a.bin", [1, 2, 3, 4, 5], 5));
            Assert.True(store.TryWrite("a.bin", [6, 7, 8, 9], 3));
            Assert.True(store.TryDelete("never-was"));
        });
        _bench.Run(() =>
        {
            FlashStore store = new();
            Assert.Equal(3, store.GetSize("a.bin"));
            byte[] buffer = new byte[2];
            Assert.True(store.TryRead("a.bin", buffer, out int count));
            Assert.Equal(2, count);
            Assert.Equal([6, 7], buffer);
            buffer = new byte[10];
            Assert.True(store.TryRead("a.bin", buffer, out count));
            Assert.Equal(3, count);

            Assert.True(store.TryDelete("a.bin"));
            Assert.Equal(-1, store.GetSize("a.bin"));
        });
        Assert.Equal(2, _bench.Board.Storage.WriteCount);
        Assert.Equal(8, _bench.Board.Storage.BytesWritten);
    }

    [Fact]
    public void What_is_added_stands_behind_what_was_there_and_parts_are_read()
    {
        _bench.Run(() =>
        {
            FlashStore store = new();
            Assert.True(store.TryAppend("a.0", [9, 1, 2, 9], 1, 2));
            Assert.True(store.TryAppend("a.0", [3, 4], 0, 2));
            _bench.Board.Storage.Full = true;
            Assert.False(store.TryAppend("a.0", [5], 0, 1));
        });
        _bench.Run(() =>
        {
            FlashStore store = new();
            byte[] buffer = new byte[4];
            Assert.True(store.TryReadAt("a.0", 1, buffer, 0, 3));
            Assert.Equal([2, 3, 4, 0], buffer);
            Assert.False(store.TryReadAt("a.0", 2, buffer, 0, 3));
            Assert.False(store.TryReadAt("b.0", 0, buffer, 0, 1));
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("Upper")]
    [InlineData("a name of more than thirty-two chars")]
    public void A_name_that_is_none_is_no_file(string name)
    {
        _bench.Run(() =>
        {
            FlashStore store = new();
            Assert.False(store.TryWrite(name, [1], 1));
            Assert.False(store.TryRead(name, new byte[1], out _));
            Assert.Equal(-1, store.GetSize(name));
            Assert.False(store.TryDelete(name));
        });
    }

    [Fact]
    public void Full_storage_refuses_and_the_old_content_is_gone()
    {
        _bench.Run(() =>
        {
            FlashStore store = new();
            store.TryWrite("a", [1, 2], 2);
            _bench.Board.Storage.Full = true;
            Assert.False(store.TryWrite("a", [3, 4], 2));
            Assert.Equal(0, store.GetSize("a"));

            _bench.Board.Storage.Full = false;
            Assert.True(store.TryWrite("a", [3, 4], 2));
        });
    }

    [Fact]
    public void Failing_storage_refuses_and_keeps_what_it_has()
    {
        _bench.Run(() =>
        {
            FlashStore store = new();
            store.TryWrite("a", [1, 2], 2);
            _bench.Board.Storage.FailWrites = true;
            Assert.False(store.TryWrite("a", [3], 1));
            Assert.False(store.TryDelete("a"));
            Assert.Equal(2, store.GetSize("a"));
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_power_cut_leaves_what_was_written_until_then(int bytes)
    {
        ManualResetEvent lost = new(false);
        _bench.Board.PowerLost += () => lost.Set();
        bool returned = false;
        _bench.Board.PowerOn(() =>
        {
            FlashStore store = new();
            store.TryWrite("a", [9, 9, 9, 9, 9, 9], 6);
            _bench.Board.Storage.CutPowerAfterBytes(bytes);
            store.TryWrite("a", [1, 2, 3, 4, 5], 5);
            returned = true;
        });
        Bench.Await(lost);

        Assert.False(_bench.Board.IsOn);
        Assert.False(returned);
        Assert.Equal(bytes, _bench.Run(() => new FlashStore().GetSize("a")));
        Assert.True(_bench.Run(() => new FlashStore().TryWrite("a", [1, 2, 3, 4, 5], 5)));
    }
}

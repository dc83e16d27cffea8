using System.Text;
using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

public sealed class TwoSlotFile_Tests
{
    private const int MaxBytes = 40;

    private readonly MemoryStore _store = new();

    [Fact]
    public void Has_nothing_at_first()
    {
        Assert.Null(Read());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("0123456789012345678901234567890123456789")]
    public void Reads_what_was_written(string text)
    {
        Assert.True(Write("before"));
        Assert.True(Write(text));

        Assert.Equal(text, Read());
    }

    [Fact]
    public void Gives_no_record_that_is_longer_than_the_buffer()
    {
        Write("12345");

        Assert.False(new TwoSlotFile(_store, "a", "b", 4).TryRead(out int count));
        Assert.Equal(0, count);
    }

    [Fact]
    public void Writes_one_record_after_the_other_in_turns_without_reading_again()
    {
        Write("before");
        TwoSlotFile file = Open();
        Assert.True(file.TryRead(out _));
        for (byte i = 0; i < 5; i++)
        {
            file.Buffer[TwoSlotFile.HeaderBytes] = i;
            Assert.True(file.TryWrite(1));

            Assert.Equal(((char)i).ToString(), Read());
            Assert.Equal(i % 2 == 0 ? "b" : "a", _store.LastWritten);
        }
    }

    [Fact]
    public void Goes_on_over_the_older_record_after_a_write_that_failed()
    {
        Write("before");
        TwoSlotFile file = Open();
        Assert.True(file.TryRead(out _));
        file.Buffer[TwoSlotFile.HeaderBytes] = (byte)'x';
        _store.CutAfterBytes = 7;
        Assert.False(file.TryWrite(1));
        Assert.Equal("before", Read());

        Assert.True(file.TryWrite(1));
        Assert.Equal("x", Read());
    }

    [Fact]
    public void Has_the_old_or_the_new_record_wherever_the_power_fails()
    {
        for (int before = 1; before <= 3; before++)
        {
            int length = TwoSlotFile.HeaderBytes + "the new one".Length;
            for (int cut = 0; cut <= length; cut++)
            {
                _store.Files.Clear();
                for (int i = 1; i <= before; i++)
                {
                    Write("old " + i);
                }

                _store.CutAfterBytes = cut;
                Assert.False(Write("the new one"));

                Assert.Equal(cut < length ? "old " + before : "the new one", Read());
                Assert.True(Write("after"));
                Assert.Equal("after", Read());
            }
        }
    }

    [Fact]
    public void Never_takes_a_damaged_record()
    {
        Write("old");
        Write("new");
        foreach (string name in new[] { "a", "b" })
        {
            byte[] good = _store.Files[name];
            for (int bit = 0; bit < good.Length * 8; bit++)
            {
                byte[] bad = [.. good];
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                _store.Files[name] = bad;

                Assert.Equal(name == "a" ? "new" : "old", Read());
            }

            _store.Files[name] = [.. good, 0];
            Assert.Equal(name == "a" ? "new" : "old", Read());
            _store.Files[name] = good;
        }
    }

    [Fact]
    public void Knows_the_newer_record_also_when_the_sequence_wraps()
    {
        Write("last");
        byte[] file = _store.Files["a"];
        file.AsSpan(8, 4).Fill(0xFF);
        uint crc = Crc32.Append(Crc32.Compute(file, 0, 16), file, 20, file.Length - 20);
        BitConverter.TryWriteBytes(file.AsSpan(16), crc);
        Assert.Equal("last", Read());

        Write("first");
        Assert.Equal("first", Read());
        Write("second");
        Assert.Equal("second", Read());
    }

    [Fact]
    public void Says_when_the_storage_fails_and_keeps_what_it_had()
    {
        Write("old");
        _store.FailsWrites = true;

        Assert.False(Write("new"));
        Assert.Equal("old", Read());
    }

    [Fact]
    public void Leaves_nothing_when_it_is_deleted()
    {
        Write("one");
        Write("two");

        Assert.True(Open().TryDelete());
        Assert.Empty(_store.Files);
        Assert.Null(Read());
    }

    private TwoSlotFile Open() => new(_store, "a", "b", MaxBytes);

    private bool Write(string text) => Open().Put(Encoding.UTF8.GetBytes(text));

    private string? Read()
    {
        TwoSlotFile file = Open();
        return file.TryRead(out int count)
            ? Encoding.UTF8.GetString(file.Buffer, TwoSlotFile.HeaderBytes, count)
            : null;
    }
}

using System.Collections;
using DeviceQueue.Benchmarks.Heap;

namespace DeviceQueue.Tests.Heap;

/// <summary>The sizes against what was measured on the interpreter.</summary>
public sealed class Sizes_Tests
{
    [Theory]
    [InlineData(0, 12)]
    [InlineData(1, 24)]
    [InlineData(9, 120)]
    public void An_object_takes_a_block_and_one_for_each_field(int fields, int bytes) =>
        Assert.Equal(bytes, Sizes.Object(fields));

    [Theory]
    [InlineData(4096, 1, 4116)]
    [InlineData(1, 1, 24)]
    [InlineData(24, 12, 312)]
    public void An_array_takes_20_bytes_and_its_elements_in_whole_blocks(int length, int size, int bytes) =>
        Assert.Equal(bytes, Sizes.Array(length, size));

    [Fact]
    public void Elements_have_the_size_of_their_type_and_references_that_of_a_block()
    {
        Assert.Equal(24, Sizes.Array(new bool[4]));
        Assert.Equal(36, Sizes.Array(new int[4]));
        Assert.Equal(60, Sizes.Array(new long[4]));
        Assert.Equal(72, Sizes.Array(new string[4]));
    }

    [Fact]
    public void A_text_takes_its_UTF8_bytes_and_an_end() => Assert.Equal(24, Sizes.String("relay1ü"));

    [Fact]
    public void A_Hashtable_with_40_entries_takes_about_3_KB()
    {
        Hashtable table = [];
        for (int i = 0; i < 40; i++)
        {
            table["key" + i] = "value";
        }

        Assert.InRange(Sizes.Hashtable(table), 2_900, 3_200);
    }

    [Fact]
    public void An_ArrayList_grows_by_half() =>
        Assert.Equal(36 + 96, Sizes.ArrayList(new ArrayList { 1, 2, 3, 4, 5 }));
}

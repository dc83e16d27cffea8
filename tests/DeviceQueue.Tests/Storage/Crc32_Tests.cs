using System.Text;
using DeviceQueue.Storage;

namespace DeviceQueue.Tests.Storage;

public sealed class Crc32_Tests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void Gives_the_published_check_values(string text, uint expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);

        Assert.Equal(expected, Crc32.Compute(bytes, 0, bytes.Length));
    }

    [Fact]
    public void Goes_on_over_parts_as_over_the_whole()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("xx123456789yy");

        for (int cut = 2; cut <= 11; cut++)
        {
            Assert.Equal(0xCBF43926u, Crc32.Append(Crc32.Compute(bytes, 2, cut - 2), bytes, cut, 11 - cut));
        }
    }
}

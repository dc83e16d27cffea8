using System.Text;
using DeviceQueue.Text;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Text;

public sealed class NumberText_Tests
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("-0", 0L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    public void Reads_whole_numbers(string text, long expected)
    {
        Assert.True(NumberText.TryParseInt64(Encoding.UTF8.GetBytes(text), 0, text.Length, out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("007")]
    [InlineData("-01")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.0")]
    [InlineData("1,000")]
    [InlineData("0x10")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("99999999999999999999")]
    public void Refuses_other_texts_as_whole_numbers(string text)
    {
        Assert.False(NumberText.TryParseInt64(Encoding.UTF8.GetBytes(text), 0, text.Length, out _));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("21.47", 21.47)]
    [InlineData("-40", -40)]
    [InlineData("0.1", 0.1)]
    [InlineData("1006.53", 1006.53)]
    [InlineData("1e3", 1000)]
    [InlineData("1E-3", 0.001)]
    [InlineData("123456789012345", 123456789012345)]
    [InlineData("100000000000000000000000000", 1e26)]
    [InlineData("0.0000000000000000000000000001", 1e-28)]
    [InlineData("1e-400", 0)]
    [InlineData("0e999999", 0)]
    public void Reads_numbers(string text, double expected)
    {
        Assert.True(NumberText.TryParseDouble(Encoding.UTF8.GetBytes(text), 0, text.Length, out double value));
        Assert.Equal(expected, value, Math.Abs(expected) * 1e-15);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("05")]
    [InlineData("-00.5")]
    [InlineData("5.")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1.5.5")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1,5")]
    [InlineData("1e309")]
    [InlineData("1e999999999999")]
    public void Refuses_other_texts_as_numbers(string text)
    {
        Assert.False(NumberText.TryParseDouble(Encoding.UTF8.GetBytes(text), 0, text.Length, out _));
    }

    [Fact]
    public void Reads_numbers_of_up_to_fifteen_digits_to_the_last_bit()
    {
        var numbers = from digits in Gen.Choose(0, int.MaxValue)
                      from decimals in Gen.Choose(0, 9)
                      select (decimal)digits / (decimal)Math.Pow(10, decimals);
        Fuzz.ForAll(numbers, number =>
        {
            byte[] text = Encoding.ASCII.GetBytes(number.ToString());

            Assert.True(NumberText.TryParseDouble(text, 0, text.Length, out double value));
            Assert.Equal((double)number, value);
        });
    }
}

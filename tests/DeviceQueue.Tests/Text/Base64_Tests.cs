using System.Text;
using DeviceQueue.Text;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Text;

public sealed class Base64_Tests
{
    // RFC 4648, section 10.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "Zg==")]
    [InlineData("fo", "Zm8=")]
    [InlineData("foo", "Zm9v")]
    [InlineData("foob", "Zm9vYg==")]
    [InlineData("fooba", "Zm9vYmE=")]
    [InlineData("foobar", "Zm9vYmFy")]
    public void Gives_the_test_vectors_of_the_standard(string text, string expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);

        Assert.Equal(expected, Encode(bytes));
        Assert.Equal(bytes, Decode(expected));
    }

    [Theory]
    [InlineData("Zg")]
    [InlineData("Zg=")]
    [InlineData("Z===")]
    [InlineData("====")]
    [InlineData("Zg==Zg==")]
    [InlineData("=Zg=")]
    [InlineData("Zm9v\n")]
    [InlineData("Zm 9")]
    [InlineData("Zm9-")]
    [InlineData("Zh==")]
    [InlineData("Zm9=")]
    public void Refuses_what_is_not_canonical(string text)
    {
        Assert.Null(Decode(text));
    }

    [Fact]
    public void Agrees_with_the_desktop_on_all_bytes()
    {
        Fuzz.ForAll(ArbMap.Default.GeneratorFor<byte[]>(), bytes =>
        {
            string text = Encode(bytes);

            Assert.Equal(Convert.ToBase64String(bytes), text);
            Assert.Equal(bytes, Decode(text));
        });
    }

    [Fact]
    public void Every_text_it_takes_is_the_text_it_gives()
    {
        Fuzz.ForAll(Fuzz.Mutated("Zm9vYg==", "Zm9vYmE=", "AAECAwQF+/8="), bytes =>
        {
            string text = Encoding.Latin1.GetString(bytes);
            byte[]? decoded = Decode(text);

            Assert.True(decoded is null || Encode(decoded) == text, text);
        });
    }

    [Fact]
    public void Does_not_write_what_does_not_fit()
    {
        Assert.Equal(-1, Base64.Encode([1, 2, 3, 4], 0, 4, new byte[9], 2));
        Assert.False(Base64.Decode("Zm9v"u8.ToArray(), 0, 4, new byte[2]));
    }

    private static string Encode(byte[] bytes)
    {
        byte[] target = new byte[Base64.GetEncodedLength(bytes.Length) + 1];
        int length = Base64.Encode(bytes, 0, bytes.Length, target, 1);
        return Encoding.ASCII.GetString(target, 1, length);
    }

    private static byte[]? Decode(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        byte[] target = new byte[Math.Max(0, Base64.GetDecodedLength(bytes, 0, bytes.Length))];
        return Base64.Decode(bytes, 0, bytes.Length, target) ? target : null;
    }
}

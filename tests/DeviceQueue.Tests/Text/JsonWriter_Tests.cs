using System.Text;
using System.Text.Json;
using DeviceQueue.Text;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Text;

public sealed class JsonWriter_Tests
{
    private readonly JsonWriter _writer = new();
    private readonly byte[] _buffer = new byte[4096];

    [Fact]
    public void Writes_objects_and_arrays_without_spaces()
    {
        Assert.Equal("""{"a":[1,true,false,null,{},[]],"b":{"c":"x","d":-5}}""", Write(w =>
        {
            w.BeginObject();
            w.Name("a");
            w.BeginArray();
            w.WriteNumber(1);
            w.WriteBoolean(true);
            w.WriteBoolean(false);
            w.WriteNull();
            w.BeginObject();
            w.EndObject();
            w.BeginArray();
            w.EndArray();
            w.EndArray();
            w.Name("b");
            w.BeginObject();
            w.Name("c");
            w.WriteText("x");
            w.Name("d");
            w.WriteRaw("-5");
            w.EndObject();
            w.EndObject();
        }));
    }

    [Fact]
    public void Starts_at_the_place_it_is_given()
    {
        _writer.Reset(_buffer, 100);
        _writer.WriteNumber(42);

        Assert.Equal(2, _writer.Length);
        Assert.Equal("42", Encoding.UTF8.GetString(_buffer, 100, 2));
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("", "\"\"")]
    [InlineData(null, "null")]
    [InlineData("\"\\/\b\f\n\r\t\u0000\u001f\u007f", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\"")]
    [InlineData("21 °C 🌡", "\"21 °C 🌡\"")]
    public void Escapes_what_must_be_escaped(string? text, string expected)
    {
        Assert.Equal(expected, Write(w => w.WriteText(text)));
    }

    [Fact]
    public void Writes_a_lone_surrogate_as_a_replacement_character()
    {
        Assert.Equal("\"a\uFFFDb\uFFFD\uFFFD\"", Write(w => w.WriteText("a\ud800b\udc00\udc00")));
    }

    [Fact]
    public void Writes_bytes_as_text_and_replaces_what_is_not_utf8()
    {
        byte[] bytes = [.. "°\""u8, 0xC3, .. "x"u8, 0xED, 0xA0, 0x80, 0x0A];

        Assert.Equal("\"°\\\"\uFFFDx\uFFFD\uFFFD\uFFFD\\n\"", Write(w => w.WriteText(bytes, 0, bytes.Length)));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-1, "-1")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    [InlineData(long.MinValue, "-9223372036854775808")]
    public void Writes_whole_numbers(long value, string expected)
    {
        Assert.Equal(expected, Write(w => w.WriteNumber(value)));
    }

    [Theory]
    [InlineData(21.47, 2, "21.47")]
    [InlineData(21.4, 2, "21.40")]
    [InlineData(-0.5, 0, "-1")]
    [InlineData(0.5, 0, "1")]
    [InlineData(-0.004, 2, "0.00")]
    [InlineData(-0.006, 2, "-0.01")]
    [InlineData(99.999, 2, "100.00")]
    [InlineData(1006.534, 2, "1006.53")]
    [InlineData(0.05, 1, "0.1")]
    [InlineData(4503599627370497.5, 0, "4503599627370498")]
    [InlineData(0.000000001, 9, "0.000000001")]
    [InlineData(double.NaN, 2, "null")]
    [InlineData(double.PositiveInfinity, 2, "null")]
    [InlineData(double.NegativeInfinity, 2, "null")]
    [InlineData(1e300, 2, "null")]
    public void Writes_fixed_decimals_as_a_number_or_a_text(double value, int decimals, string expected)
    {
        Assert.Equal(expected, Write(w => w.WriteFixed(value, decimals)));
        Assert.Equal(expected == "null" ? expected : $"\"{expected}\"", Write(w => w.WriteFixedText(value, decimals)));
    }

    [Fact]
    public void Rounds_as_the_desktop_does_away_from_halves()
    {
        Fuzz.ForAll(Gen.Choose(-8_500_000, 8_500_000), thousandths =>
        {
            double value = thousandths / 1000.0;
            if (thousandths % 10 is 5 or -5)
            {
                return;
            }

            string expected = value.ToString("F2");
            Assert.Equal(expected == "-0.00" ? "\"0.00\"" : $"\"{expected}\"", Write(w => w.WriteFixedText(value, 2)));
        });
    }

    [Fact]
    public void Writes_times_and_base64()
    {
        Assert.Equal(
            "\"2026-11-21T02:47:00.123Z\"",
            Write(w => w.WriteTime(new DateTime(2026, 11, 21, 2, 47, 0, 123, DateTimeKind.Utc))));
        Assert.Equal("null", Write(w => w.WriteTime(DateTime.MinValue)));
        Assert.Equal("\"AQI=\"", Write(w => w.WriteBase64([1, 2, 3], 2)));
        Assert.Equal("\"\"", Write(w => w.WriteBase64([], 0)));
        Assert.Equal("null", Write(w => w.WriteBase64(null, 0)));
    }

    [Fact]
    public void Says_when_something_does_not_fit_and_stays_within_the_buffer()
    {
        void WriteAll(JsonWriter w)
        {
            w.BeginObject();
            w.Name("a");
            w.WriteText("x\n°");
            w.Name("b");
            w.WriteFixedText(-21.5, 2);
            w.Name("c");
            w.WriteTime(DateTime.UnixEpoch);
            w.Name("d");
            w.WriteBase64([1, 2, 3], 3);
            w.Name("e");
            w.WriteText([0x41, 0xC2, 0xB0], 0, 3);
            w.EndObject();
        }

        int needed = Encoding.UTF8.GetByteCount(Write(WriteAll));
        for (int size = 0; size <= needed; size++)
        {
            byte[] small = new byte[size];
            _writer.Reset(small, 0);
            WriteAll(_writer);

            Assert.Equal(size < needed, _writer.IsOverflow);
            Assert.InRange(_writer.Length, 0, size);
        }
    }

    [Fact]
    public void Is_read_back_by_other_readers_and_by_ours()
    {
        Fuzz.ForAll(ArbMap.Default.GeneratorFor<string>(), text =>
        {
            string expected = text?.Replace("\0", string.Empty) ?? string.Empty;
            string json = Write(w => w.WriteText(expected));
            byte[] bytes = Encoding.UTF8.GetBytes(json);
            var reader = new JsonReader(1);
            reader.Reset(bytes, 0, bytes.Length);
            reader.Read();

            string wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(expected));
            Assert.Equal(wellFormed, JsonSerializer.Deserialize<string>(json));
            Assert.Equal(wellFormed, reader.GetText());
        });
    }

    private string Write(Action<JsonWriter> action)
    {
        _writer.Reset(_buffer, 0);
        action(_writer);
        Assert.False(_writer.IsOverflow);
        return Encoding.UTF8.GetString(_buffer, 0, _writer.Length);
    }
}

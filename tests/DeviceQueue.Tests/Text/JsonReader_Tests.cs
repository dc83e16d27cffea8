using System.Text;
using System.Text.Json;
using DeviceQueue.Text;

namespace DeviceQueue.Tests.Text;

public sealed class JsonReader_Tests
{
    private readonly JsonReader _reader = new(8);

    [Fact]
    public void Reads_every_kind_of_token_in_order()
    {
        Start(""" {"a":[1,"x",true,false,null,{}],"b":{"c":-2.5e3},"d":[]} """);

        JsonToken[] expected =
        [
            JsonToken.BeginObject, JsonToken.Name, JsonToken.BeginArray, JsonToken.Number, JsonToken.Text,
            JsonToken.True, JsonToken.False,
            JsonToken.Null, JsonToken.BeginObject, JsonToken.EndObject, JsonToken.EndArray, JsonToken.Name,
            JsonToken.BeginObject, JsonToken.Name,
            JsonToken.Number, JsonToken.EndObject, JsonToken.Name, JsonToken.BeginArray, JsonToken.EndArray,
            JsonToken.EndObject, JsonToken.End,
        ];
        Assert.All(expected, token => Assert.Equal(token, _reader.Read()));
        Assert.Equal(JsonToken.End, _reader.Read());
    }

    [Fact]
    public void Reads_only_the_part_of_the_array_it_was_given()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("}}{\"a\":1}}}");
        _reader.Reset(bytes, 2, 7);

        Assert.Equal(JsonToken.End, ReadToEnd());
    }

    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData("\"\"", "")]
    [InlineData("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t")]
    [InlineData("\"\\u0041\\u00e9\\u20AC\"", "Aé€")]
    [InlineData("\"\\ud83c\\udf21 21 °C 🌡\"", "🌡 21 °C 🌡")]
    public void Decodes_texts(string json, string expected)
    {
        Start(json);
        _reader.Read();
        byte[] copy = new byte[64];
        int length = _reader.CopyText(copy, 3);

        Assert.Equal(expected, _reader.GetText());
        Assert.Equal(expected, Encoding.UTF8.GetString(copy, 3, length));
        Assert.Equal(length, _reader.GetTextLength());
        Assert.True(_reader.ValueEquals(expected));
        Assert.False(_reader.ValueEquals(expected + "x"));
        Assert.Equal(JsonToken.End, _reader.Read());
    }

    [Fact]
    public void Copies_a_text_only_where_all_of_it_fits()
    {
        Start("\"12345\"");
        _reader.Read();

        Assert.Equal(5, _reader.CopyText(new byte[6], 1));
        Assert.Equal(-1, _reader.CopyText(new byte[5], 1));
    }

    [Fact]
    public void Compares_names_letter_by_letter()
    {
        Start("{\"message_id\":1}");
        _reader.Read();
        _reader.Read();

        Assert.True(_reader.ValueEquals("message_id"));
        Assert.False(_reader.ValueEquals("message_i"));
        Assert.False(_reader.ValueEquals("message_ix"));
        Assert.False(_reader.ValueEquals("Message_id"));
        Assert.False(_reader.ValueEquals(string.Empty));
    }

    [Theory]
    [InlineData("", "it ends too early", 0)]
    [InlineData("  ", "it ends too early", 2)]
    [InlineData("{", "it ends too early", 1)]
    [InlineData("[1,", "it ends too early", 3)]
    [InlineData("[1,]", "a value is expected", 3)]
    [InlineData("[1 2]", "a comma or ] is expected", 3)]
    [InlineData("{\"a\" 1}", "a colon is expected", 5)]
    [InlineData("{\"a\":1,}", "a name in quotation marks is expected", 7)]
    [InlineData("{a:1}", "a name in quotation marks is expected", 1)]
    [InlineData("{\"a\":1]", "a comma or } is expected", 6)]
    [InlineData("{} x", "something follows the value", 3)]
    [InlineData("{}\0", "something follows the value", 2)]
    [InlineData("1 2", "something follows the value", 2)]
    [InlineData("01", "something follows the value", 1)]
    [InlineData("-", "a number is incomplete", 1)]
    [InlineData("1.", "a number is incomplete", 2)]
    [InlineData("1e+", "a number is incomplete", 3)]
    [InlineData("+1", "a value is expected", 0)]
    [InlineData(".5", "a value is expected", 0)]
    [InlineData("nul", "a value is expected", 0)]
    [InlineData("True", "a value is expected", 0)]
    [InlineData("NaN", "a value is expected", 0)]
    [InlineData("'a'", "a value is expected", 0)]
    [InlineData("// a comment", "a value is expected", 0)]
    [InlineData("\"a", "it ends inside a text", 2)]
    [InlineData("\"a\nb\"", "a control character stands in a text", 2)]
    [InlineData("\"\\x\"", "an escape is wrong", 1)]
    [InlineData("\"\\u12g4\"", "an escape is wrong", 1)]
    [InlineData("\"a\\u0000\"", "an escape is wrong", 2)]
    [InlineData("\"\\ud800\"", "an escape is wrong", 1)]
    [InlineData("\"\\ud800\\u0041\"", "an escape is wrong", 1)]
    [InlineData("\"\\udc00\\ud800\"", "an escape is wrong", 1)]
    [InlineData("\"\\", "an escape is wrong", 1)]
    public void Says_what_is_wrong_and_where(string json, string error, int offset)
    {
        Start(json);

        Assert.Equal(JsonToken.Error, ReadToEnd());
        Assert.Equal((error, offset), (_reader.Error, _reader.ErrorOffset));
        Assert.Equal(JsonToken.Error, _reader.Read());
    }

    [Theory]
    [InlineData(new byte[] { 0x80 })]
    [InlineData(new byte[] { 0xC1, 0xBF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xE0, 0x9F, 0xBF })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xF0, 0x8F, 0xBF, 0xBF })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    [InlineData(new byte[] { 0xF5, 0x80, 0x80, 0x80 })]
    [InlineData(new byte[] { 0xFF })]
    public void Refuses_what_is_not_utf8(byte[] bytes)
    {
        byte[] json = [(byte)'"', .. bytes, (byte)'"'];
        _reader.Reset(json, 0, json.Length);

        Assert.Equal(JsonToken.Error, ReadToEnd());
        Assert.Equal("it is not UTF-8", _reader.Error);
    }

    [Fact]
    public void Nests_as_deep_as_it_was_told_and_no_deeper()
    {
        Start(new string('[', 8) + new string(']', 8));
        Assert.Equal(JsonToken.End, ReadToEnd());

        Start(new string('[', 9) + new string(']', 9));
        Assert.Equal(JsonToken.Error, ReadToEnd());
        Assert.True(_reader.IsTooDeep);
    }

    [Fact]
    public void Keeps_objects_and_arrays_apart_at_the_greatest_depth()
    {
        var reader = new JsonReader(JsonReader.MaxDepth);
        string open = string.Concat(Enumerable.Repeat("[{\"a\":", 16));
        byte[] json = Encoding.UTF8.GetBytes(open + "1" + string.Concat(Enumerable.Repeat("}]", 16)));
        reader.Reset(json, 0, json.Length);

        JsonToken token;
        do
        {
            token = reader.Read();
        }
        while (token is not (JsonToken.End or JsonToken.Error));

        Assert.Equal(JsonToken.End, token);
    }

    [Fact]
    public void Skips_a_value_with_all_that_is_in_it()
    {
        Start("""{"a":{"b":[1,{"c":"}"}]},"d":[[]],"e":5,"f":6}""");
        _reader.Read();
        foreach (string name in new[] { "a", "d", "e" })
        {
            _reader.Read();
            Assert.True(_reader.ValueEquals(name));
            Assert.True(_reader.Skip());
        }

        Assert.Equal(JsonToken.Name, _reader.Read());
        Assert.True(_reader.ValueEquals("f"));
    }

    [Fact]
    public void Skip_stops_at_an_error()
    {
        Start("""{"a":{"b":[1,}}""");
        _reader.Read();
        _reader.Read();

        Assert.False(_reader.Skip());
    }

    [Fact]
    public void Allocates_nothing_but_what_GetText_returns()
    {
        byte[] json = Encoding.UTF8.GetBytes("""{"a":[1,-2.5,"x\u00e9",true,null],"b":{"c":"text"}}""");
        Walk(json);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 100; i++)
        {
            Walk(json);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Accepts_exactly_what_another_strict_reader_accepts()
    {
        Fuzz.ForAll(
            Fuzz.Mutated(
                """{"message_id":"a","n":-12.5e+3,"x":[true,false,null,{"y":"\u00e9\n"}],"z":"é€🌡"}""",
                """[[1,2,3],{"a":{"b":[]}},"\ud83c\udf21",0,-0.0,1E5]""",
                " { \"a\" :\t1 ,\r\n \"b\" : [ ] } "),
            bytes =>
            {
                _reader.Reset(bytes, 0, bytes.Length);
                Assert.Equal(IsJson(bytes), ReadToEnd() == JsonToken.End);
            });
    }

    // System.Text.Json checks texts only when they are asked for; a NUL is refused by ours alone.
    private static bool IsJson(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            return HasGoodTexts(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool HasGoodTexts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => !element.GetString()!.Contains('\0'),
        JsonValueKind.Array => element.EnumerateArray().All(HasGoodTexts),
        JsonValueKind.Object => element.EnumerateObject().All(p => !p.Name.Contains('\0') && HasGoodTexts(p.Value)),
        _ => true,
    };

    private void Start(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        _reader.Reset(bytes, 0, bytes.Length);
    }

    private JsonToken ReadToEnd()
    {
        while (_reader.Read() is not (JsonToken.End or JsonToken.Error))
        {
        }

        return _reader.Token;
    }

    private void Walk(byte[] json)
    {
        _reader.Reset(json, 0, json.Length);
        while (_reader.Read() != JsonToken.End)
        {
            _reader.ValueEquals("text");
        }
    }
}

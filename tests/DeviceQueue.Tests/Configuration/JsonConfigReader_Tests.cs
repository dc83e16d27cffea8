using DeviceQueue.Components;
using DeviceQueue.Configuration;

namespace DeviceQueue.Tests.Configuration;

public sealed class JsonConfigReader_Tests
{
    private readonly ConfigProblems _problems = new();

    [Fact]
    public void Flattens_objects_and_arrays_to_dotted_keys()
    {
        ConfigParams? config = Problems.ReadJson("""
            {
              "device": { "id": "bar1", "interval_ms": 30000, "report_delta": 0.5, "discovery": true,
                "command_key": null,
                "outputs": [ { "name": "relay1", "pin": 16 }, { "name": "fan", "pin": 17 } ] },
              "connection.host": "broker",
              "empty": {}, "none": []
            }
            """, _problems);

        Assert.Equal(
            "device.id=bar1;device.interval_ms=30000;device.report_delta=0.5;device.discovery=true;"
            + "device.outputs.0.name=relay1;device.outputs.0.pin=16;device.outputs.1.name=fan;device.outputs.1.pin=17;"
            + "connection.host=broker",
            config?.ToString());
        Assert.Equal(0, _problems.ErrorCount);
    }

    [Theory]
    [InlineData("", "line 1, column 1: it ends too early")]
    [InlineData("[]", "line 1, column 1: an object is expected")]
    [InlineData("{\n  \"a\": 1,\n}", "line 3, column 1: a name in quotation marks is expected")]
    [InlineData("{\r\n  \"é\": 01\r\n}", "line 2, column 9: a comma or } is expected")]
    [InlineData("{\"a\":1,\n \"a\":2}", "line 2, column 6: a stands there twice")]
    [InlineData("{\"a\":null,\"a\":2}", "line 1, column 15: a stands there twice")]
    [InlineData("{\"d\":{\"a\":1},\"d\":{\"b\":1}}", "line 1, column 18: d stands there twice")]
    [InlineData("{\"d.a\":1,\"d\":{\"a\":1}}", "line 1, column 19: d.a stands there twice")]
    [InlineData("{\"d\":[1],\"d.0\":1}", "line 1, column 16: d.0 stands there twice")]
    [InlineData("{\"\":1}", "line 1, column 2: an empty name")]
    [InlineData("{\"a\":[[[[[[[[1]]]]]]]]}", "line 1, column 13: it is nested too deep")]
    [InlineData("{\"a\":\"\\u0000\"}", "line 1, column 7: an escape is wrong")]
    public void Says_in_which_line_and_column_it_is_wrong(string json, string error)
    {
        Assert.Null(Problems.ReadJson(json, _problems));
        Assert.Equal("devicequeue.json, " + error, Assert.Single(_problems.Errors()));
    }

    [Fact]
    public void Passes_over_a_byte_order_mark()
    {
        Assert.Equal("a=1", Problems.ReadJson("\uFEFF{\"a\":1}", _problems)?.ToString());
        Assert.Null(Problems.ReadJson("\uFEFF{\"a\"}", _problems));
        Assert.Contains("line 1, column 5", Assert.Single(_problems.Errors()));
    }

    [Fact]
    public void Bounds_keys_values_and_entries()
    {
        string many = "{"
            + string.Join(",", Enumerable.Range(0, JsonConfigReader.MaxEntries).Select(i => $"\"k{i}\":1")) + "}";
        Assert.Equal(JsonConfigReader.MaxEntries, Problems.ReadJson(many, _problems)?.Count);

        Assert.Null(Problems.ReadJson(many.Replace("}", ",\"x\":1}"), _problems));
        Assert.Null(Problems.ReadJson($$"""{"{{new string('k', JsonConfigReader.MaxKeyBytes + 1)}}":1}""", _problems));
        Assert.Null(
            Problems.ReadJson($$"""{"kkkk":{"{{new string('k', JsonConfigReader.MaxKeyBytes)}}":1} }""", _problems));
        Assert.Null(
            Problems.ReadJson($$"""{"k":"{{new string('v', JsonConfigReader.MaxValueBytes + 1)}}"}""", _problems));
        Assert.Equal(4, _problems.ErrorCount);
    }

    [Fact]
    public void Survives_any_bytes_and_says_why_it_gives_nothing()
    {
        Fuzz.ForAll(
            Fuzz.Mutated(
                """{"device":{"id":"bar1","outputs":[{"name":"r","pin":16}]},"a":null,"b":"""
                + """[1,[2,{"c":true}]],"will.topic":"x\u00e9"}"""),
            bytes =>
            {
                var problems = new ConfigProblems();
                ConfigParams? config = Problems.ReadJson(bytes, problems);
                Assert.Equal(config is null ? 1 : 0, problems.ErrorCount);
            });
    }
}

using System.Globalization;
using DeviceQueue.Components;

namespace DeviceQueue.Tests.Components;

public sealed class ConfigParams_Tests
{
    [Fact]
    public void Takes_values_of_other_types_by_their_text()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        var withCommas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        withCommas.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = withCommas;
        var config = ConfigParams.FromTuples(
            "connection.port", 1883, "options.retain", true, "device.report_delta", 0.25, "topic", "t");
        CultureInfo.CurrentCulture = before;

        Assert.Equal("connection.port=1883;options.retain=True;device.report_delta=0.25;topic=t", config.ToString());
    }

    [Fact]
    public void Takes_tuples_in_order()
    {
        var config = ConfigParams.FromTuples(
            "topic", "mytopic", "connection.host", "localhost", "connection.port", "1883", "none", null);

        Assert.Equal(["topic", "connection.host", "connection.port"], Keys(config));
        Assert.Equal("localhost", config.Get("connection.host"));
        Assert.Null(config.Get("none"));
        Assert.Null(config.Get("Topic"));
        Assert.Equal("x", config.Get("none", "x"));
    }

    [Theory]
    [InlineData("k=v;k2=v2", "k=v;k2=v2")]
    [InlineData(" k = v ;; k2=a=b; bare ;=x;", "k=v;k2=a=b")]
    [InlineData("k=", "k=")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Reads_and_writes_a_line(string? line, string expected)
    {
        Assert.Equal(expected, ConfigParams.FromString(line).ToString());
    }

    [Fact]
    public void Takes_a_key_away_with_a_null()
    {
        var config = ConfigParams.FromString("a=1;b=2;c=3");
        config.Set("b", null);
        config.Set("never", null);
        config.Set("a", "4");

        Assert.Equal("a=4;c=3", config.ToString());
        Assert.False(config.Contains("b"));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("-5", -5)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("2147483648", null)]
    [InlineData("5.0", null)]
    [InlineData("5s", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Gives_whole_numbers_or_says_that_it_is_none(string? text, int? expected)
    {
        bool isValid = ConfigParams.FromTuples("k", text).TryGetInteger("k", out int value);

        Assert.Equal(expected, isValid ? value : null);
    }

    [Fact]
    public void Keeps_own_values_over_defaults_and_takes_the_other_s_when_overridden()
    {
        var own = ConfigParams.FromString("a=1;b=2");
        var other = ConfigParams.FromString("b=3;c=4");

        Assert.Equal("a=1;b=2;c=4", own.SetDefaults(other).ToString());
        Assert.Equal("a=1;b=3;c=4", own.Override(other).ToString());
        Assert.Equal("a=1;b=2", own.ToString());
    }

    [Fact]
    public void Gives_and_takes_sections()
    {
        var config = ConfigParams.FromString(
            "topic=t;connection.host=h;connections.host=x;connection.port=1;device.outputs.0.name=r");

        Assert.Equal(["connection", "connections", "device"], config.GetSectionNames());
        Assert.Equal("host=h;port=1", config.GetSection("connection").ToString());
        Assert.Equal("name=r", config.GetSection("device.outputs.0").ToString());
        Assert.Equal(0, config.GetSection("none").Count);

        config.AddSection("connection", ConfigParams.FromString("port=2;uri=u"));
        Assert.Equal("host=h;port=2;uri=u", config.GetSection("connection").ToString());
    }

    [Fact]
    public void Holds_as_many_keys_as_it_promises_and_no_more()
    {
        var config = new ConfigParams();
        for (int i = 0; i < ConfigParams.MaxKeys; i++)
        {
            config.Set("k" + i, "v");
        }

        Assert.Throws<InvalidOperationException>(() => config.Set("one more", "v"));
        config.Set("k7", "other");
        Assert.Equal(ConfigParams.MaxKeys, config.Count);
        Assert.Throws<ArgumentException>(() => config.Set(string.Empty, "v"));
    }

    private static string[] Keys(ConfigParams config) => [.. Enumerable.Range(0, config.Count).Select(config.GetKey)];
}

using DeviceQueue.Configuration;

namespace DeviceQueue.Tests.Configuration;

public sealed class ConfigProblems_Tests
{
    private readonly ConfigProblems _problems = new();

    [Fact]
    public void Names_key_value_and_what_is_allowed()
    {
        _problems.AddError("device.interval_ms", "5", "a whole number from 1000 to 86400000 is allowed");
        _problems.AddError("connection.host", null, "a device needs a broker");

        Assert.Equal(
            [
                "device.interval_ms is \"5\": a whole number from 1000 to 86400000 is allowed",
                "connection.host is missing: a device needs a broker",
            ],
            _problems.Errors());
    }

    [Theory]
    [InlineData("credential.password")]
    [InlineData("credentials.3.password")]
    [InlineData("device.command_key")]
    [InlineData("device.command_keys")]
    [InlineData("connection.uri")]
    [InlineData("connections.0.uri")]
    [InlineData("Device.Password")]
    public void Never_shows_a_secret(string key)
    {
        _problems.AddError(key, "s3cret", "no");

        Assert.Equal(key + " is \"(hidden)\": no", Assert.Single(_problems.Errors()));
        Assert.Equal("(hidden)", ConfigProblems.Show(key, "s3cret"));
    }

    [Fact]
    public void Keeps_texts_of_a_file_to_one_line_of_bounded_length()
    {
        _problems.AddError("a\nb", "x\r\n\u001b[31m" + new string('y', 200), "no");

        string error = Assert.Single(_problems.Errors());
        Assert.StartsWith("a?b is \"x???[31myyy", error);
        Assert.EndsWith("...\": no", error);
        Assert.InRange(error.Length, 1, 120);
    }

    [Fact]
    public void Keeps_some_and_counts_all()
    {
        for (int i = 0; i < 100; i++)
        {
            _problems.AddError("error " + i);
            _problems.AddWarning("warning " + i);
        }

        Assert.Equal((100, ConfigProblems.MaxKept), (_problems.ErrorCount, _problems.Errors().Length));
        Assert.Equal((100, ConfigProblems.MaxKept), (_problems.WarningCount, _problems.Warnings().Length));
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;
using DeviceQueue.Tests.Configuration;

namespace DeviceQueue.Tests.Components;

public sealed class WillParams_Tests
{
    private readonly ConfigProblems _problems = new();

    [Fact]
    public void Is_absent_when_the_configuration_has_none()
    {
        Assert.Null(WillParams.Read(new ConfigParams(), _problems));
        Assert.Empty(_problems.Errors());
    }

    [Theory]
    [InlineData("will.topic=a/b", "a/b", "", 0, false)]
    [InlineData("will.topic=a/b;will.payload=offline;will.qos=1;will.retain=true", "a/b", "offline", 1, true)]
    public void Reads_what_the_broker_publishes(string line, string topic, string payload, int qos, bool retain)
    {
        var will = WillParams.Read(ConfigParams.FromString(line), _problems);

        Assert.Equal((topic, payload, qos, retain), (will.Topic, will.Payload, will.Qos, will.Retain));
    }

    [Theory]
    [InlineData("will.payload=x", "will.topic is missing: a topic without + and # is needed")]
    [InlineData("will.topic=", "will.topic is \"\": a topic without + and # is needed")]
    [InlineData("will.topic=a/+", "will.topic is \"a/+\": a topic without + and # is needed")]
    [InlineData("will.topic=#", "will.topic is \"#\": a topic without + and # is needed")]
    [InlineData("will.topic=a;will.qos=3", "will.qos is \"3\": a whole number from 0 to 2 is allowed")]
    public void Refuses_what_cannot_be(string line, string error)
    {
        Assert.Null(WillParams.Read(ConfigParams.FromString(line), _problems));
        Assert.Equal(error, Assert.Single(_problems.Errors()));
    }
}

using DeviceQueue.Components;
using DeviceQueue.Configuration;

namespace DeviceQueue.Tests.Configuration;

public sealed class CredentialParams_Tests
{
    private readonly ConfigProblems _problems = new();

    [Theory]
    [InlineData("topic=t")]
    [InlineData("credential.username=u;credential.password=p", "-:u:p")]
    [InlineData("credential.username=u", "-:u:-")]
    [InlineData("credential.store_key=k", "k:-:-")]
    [InlineData("credentials.1.username=b;credentials.0.username=a;credentials.0.password=p", "-:a:p", "-:b:-")]
    public void Reads_one_or_several(string line, params string[] expected)
    {
        var credentials = QueueConfig.ReadCredentials(ConfigParams.FromString(line), _problems);

        Assert.Equal(expected, credentials.Select(c => $"{c.StoreKey ?? "-"}:{c.Username ?? "-"}:{c.Password ?? "-"}"));
        Assert.Empty(_problems.Errors());
    }

    [Theory]
    [InlineData(
        "credential.password=s3cret", "credential.username is missing: MQTT 3.1.1 (section 3.1.2.9) has no password "
            + "without a user name")]
    [InlineData("credentials.8.username=u", "credentials has too many entries: at most 8 are allowed")]
    public void Refuses_what_cannot_be(string line, string error)
    {
        QueueConfig.ReadCredentials(ConfigParams.FromString(line), _problems);

        Assert.Equal(error, Assert.Single(_problems.Errors()));
    }

    [Fact]
    public void Warns_of_what_has_no_effect()
    {
        QueueConfig.ReadCredentials(
            ConfigParams.FromString("credentials.0.username=a;credential.username=b"), _problems);

        Assert.Equal("credential has no effect beside credentials", Assert.Single(_problems.Warnings()));
    }
}

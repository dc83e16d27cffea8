using DeviceQueue.Components;
using DeviceQueue.Mqtt;
using FsCheck.Fluent;

namespace DeviceQueue.Tests.Mqtt;

/// <summary>The examples are those of MQTT 3.1.1, section 4.7.</summary>
public sealed class TopicFilter_Tests
{
    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player2", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+", "sport", true)]
    [InlineData("+/tennis/#", "sport/tennis/player1", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("#", "$SYS/monitor/Clients", false)]
    [InlineData("+/monitor/Clients", "$SYS/monitor/Clients", false)]
    [InlineData("$SYS/#", "$SYS/monitor/Clients", true)]
    [InlineData("$SYS/monitor/+", "$SYS/monitor/Clients", true)]
    [InlineData("ACCOUNTS", "Accounts", false)]
    [InlineData("Accounts payable", "Accounts payable", true)]
    [InlineData("finance", "/finance", false)]
    [InlineData("/finance", "finance", false)]
    [InlineData("/", "/", true)]
    public void Covers_the_topics_that_the_standard_says(string filter, string topic, bool isCovered)
    {
        Assert.Equal(isCovered, TopicFilter.Matches(filter, topic));
    }

    [Theory]
    [InlineData("sport/tennis#", false)]
    [InlineData("sport/tennis/#/ranking", false)]
    [InlineData("sport+", false)]
    [InlineData("+sport", false)]
    [InlineData("", false)]
    [InlineData("a\0b", false)]
    [InlineData("#", true)]
    [InlineData("+", true)]
    [InlineData("+/tennis/#", true)]
    [InlineData("sport/+/player1", true)]
    [InlineData("/", true)]
    public void Is_valid_when_wildcards_stand_alone_in_their_level(string filter, bool isValid)
    {
        Assert.Equal(isValid, QueueTopic.IsValid(filter));
    }

    [Theory]
    [InlineData("sensor/1/temperature", true)]
    [InlineData("/", true)]
    [InlineData("sensor/+/temperature", false)]
    [InlineData("sensor/#", false)]
    [InlineData("a\0b", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_topic_has_no_wildcard(string? topic, bool isTopic)
    {
        Assert.Equal(isTopic, TopicFilter.IsTopic(topic));
    }

    [Fact]
    public void Has_a_form_in_UTF_8()
    {
        Assert.All(
            ["a/\ud83c\udf21", "\ud83c\udf21/b", "é"],
            topic => Assert.True(TopicFilter.IsTopic(topic) && QueueTopic.IsValid(topic)));
        Assert.All(
            ["a\ud83c", "\udf21a", "\udf21\ud83c"],
            topic => Assert.False(TopicFilter.IsTopic(topic) || QueueTopic.IsValid(topic)));
    }

    [Fact]
    public void Has_a_longest_length()
    {
        Assert.True(
            TopicFilter.IsTopic(new string('a', TopicFilter.MaxLength))
                && QueueTopic.IsValid(new string('a', TopicFilter.MaxLength)));
        Assert.False(
            TopicFilter.IsTopic(new string('a', TopicFilter.MaxLength + 1))
                || QueueTopic.IsValid(new string('a', TopicFilter.MaxLength + 1)));
    }

    [Fact]
    public void Agrees_with_a_matcher_that_goes_level_by_level()
    {
        var level = Gen.Elements("", "a", "b", "ab", "$a");
        var topics = level.NonEmptyListOf().Select(levels => string.Join('/', levels)).Where(topic => topic.Length > 0);
        var filters = from levels in Gen.OneOf(level, Gen.Constant("+")).ListOf()
                      from end in Gen.Elements("#", "+", "a", "")
                      select string.Join('/', [.. levels, end]);

        Fuzz.ForAll(from filter in filters from topic in topics select (filter, topic), pair =>
        {
            if (QueueTopic.IsValid(pair.filter))
            {
                Assert.Equal(Matches(pair.filter, pair.topic), TopicFilter.Matches(pair.filter, pair.topic));
            }
        });
    }

    private static bool Matches(string filter, string topic)
    {
        return !(topic[0] == '$' && filter[0] is '+' or '#') && Matches(filter.Split('/'), topic.Split('/'));
    }

    private static bool Matches(ReadOnlySpan<string> filter, ReadOnlySpan<string> topic)
    {
        if (filter.Length == 0 || topic.Length == 0)
        {
            return filter.Length == topic.Length || (filter.Length == 1 && filter[0] == "#");
        }

        return filter[0] == "#" || ((filter[0] == "+" || filter[0] == topic[0]) && Matches(filter[1..], topic[1..]));
    }
}

using MQTTnet.Packets;

namespace Mqtt;

/// <summary>What is a topic and what a filter (MQTT 3.1.1 section 4.7).</summary>
internal static class Topics
{
    /// <summary>Gives the first of a request's topics or filters that is none.</summary>
    internal static string? FindInvalid(MqttPacket packet) => packet switch
    {
        MqttPublishPacket publish => IsTopic(publish.Topic) ? null : publish.Topic,
        MqttSubscribePacket subscribe => subscribe.TopicFilters.Find(static filter => !IsFilter(filter.Topic))?.Topic,
        MqttUnsubscribePacket unsubscribe => unsubscribe.TopicFilters.Find(static filter => !IsFilter(filter)),
        _ => null,
    };

    internal static bool IsTopic(string topic) => topic.Length > 0 && topic.AsSpan().IndexOfAny('+', '#', '\0') < 0;

    private static bool IsFilter(string filter)
    {
        string[] levels = filter.Split('/');
        bool areWhole = Array.TrueForAll(levels, static level => level is "+" or "#" or "" || IsTopic(level));
        int rest = Array.IndexOf(levels, "#");
        return filter.Length > 0 && areWhole && (rest < 0 || rest == levels.Length - 1);
    }
}

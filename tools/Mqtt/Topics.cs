namespace Mqtt;

/// <summary>What is a topic and what a filter (MQTT 3.1.1 section 4.7).</summary>
internal static class Topics
{
    internal static bool IsTopic(string topic) => topic.Length > 0 && topic.AsSpan().IndexOfAny('+', '#', '\0') < 0;

    internal static bool IsFilter(string filter)
    {
        string[] levels = filter.Split('/');
        bool areWhole = Array.TrueForAll(levels, static level => level is "+" or "#" or "" || IsTopic(level));
        int rest = Array.IndexOf(levels, "#");
        return filter.Length > 0 && areWhole && (rest < 0 || rest == levels.Length - 1);
    }
}

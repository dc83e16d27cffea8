using System.Text.Json.Nodes;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Operating;

/// <summary>Answers of devices as lines for a terminal.</summary>
internal static class AnswerText
{
    private const int MaxNameColumns = 32;

    /// <summary>Gives the status, the code, the text and the result in one line.</summary>
    public static string Line(JsonObject answer)
    {
        string status = answer["status"]?.ToString() ?? "";
        string code = answer["code"] is { } c ? $" ({c})" : "";
        string text = answer["text"] is { } t ? $": {t}" : "";
        string result = answer["result"] is { } r ? $" {r.ToJsonString()}" : "";
        return PayloadText.Clean(status + code + text + result);
    }

    /// <summary>Gives a line for each value of the result, and of a report behind it, under its dotted name.</summary>
    public static string Lines(JsonObject answer)
    {
        (string Name, string Value)[] values =
            [.. Flatten("", answer["result"]).Concat(Flatten("", answer["report"])).DistinctBy(value => value.Name)];
        int width = Math.Min(values.Select(value => value.Name.Length).DefaultIfEmpty(0).Max(), MaxNameColumns);
        return values.Length == 0
            ? Line(answer)
            : string.Join(
                Environment.NewLine,
                values.Select(value => $"{Plain.Text(value.Name).PadRight(width)}  {PayloadText.Clean(value.Value)}"));
    }

    private static IEnumerable<(string Name, string Value)> Flatten(string name, JsonNode? node)
    {
        string prefix = name.Length == 0 ? "" : name + ".";
        return node switch
        {
            JsonObject members => members.SelectMany(member => Flatten(prefix + member.Key, member.Value)),
            JsonArray items => items.SelectMany((item, i) => Flatten($"{prefix}{i}", item)),
            null => name.Length == 0 ? [] : [(name, "-")],
            _ => [(name.Length == 0 ? "result" : name, node.ToString())],
        };
    }
}

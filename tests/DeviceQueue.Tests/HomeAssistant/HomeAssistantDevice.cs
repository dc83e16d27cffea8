using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DeviceQueue.Tests.HomeAssistant;

/// <summary>
/// A device as Home Assistant understands its discovery message: what https://www.home-assistant.io/integrations/mqtt/
/// (sections "Device discovery payload" and "Supported abbreviations"), /integrations/sensor.mqtt/, /switch.mqtt/ and
/// /binary_sensor.mqtt/ require and allow; anything else fails.
/// </summary>
internal sealed partial class HomeAssistantDevice
{
    private static readonly Dictionary<string, string> Abbreviations = new()
    {
        ["dev"] = "device",
        ["o"] = "origin",
        ["cmps"] = "components",
        ["p"] = "platform",
        ["avty_t"] = "availability_topic",
        ["stat_t"] = "state_topic",
        ["cmd_t"] = "command_topic",
        ["uniq_id"] = "unique_id",
        ["dev_cla"] = "device_class",
        ["stat_cla"] = "state_class",
        ["unit_of_meas"] = "unit_of_measurement",
        ["val_tpl"] = "value_template",
        ["exp_aft"] = "expire_after",
        ["ids"] = "identifiers",
        ["mf"] = "manufacturer",
        ["sw"] = "sw_version",
    };

    private static readonly string[] Shared = ["availability_topic", "state_topic", "command_topic"];
    private static readonly string[] Common =
    [
        "unique_id",
        "name",
        "availability_topic",
        "qos",
        "device_class",
        "value_template",
    ];

    private static readonly Dictionary<string, (string[] Required, string[] Allowed)> Platforms = new()
    {
        ["sensor"] = (
            ["unique_id", "state_topic"],
            [.. Common, "state_topic", "state_class", "unit_of_measurement", "expire_after"]),
        ["binary_sensor"] = (["unique_id", "state_topic"], [.. Common, "state_topic", "expire_after"]),
        ["switch"] = (["unique_id", "command_topic"], [.. Common, "state_topic", "command_topic"]),
    };

    // https://www.home-assistant.io/integrations/sensor/#device-class
    private static readonly Dictionary<string, string[]> Units = new()
    {
        ["temperature"] = ["°C", "°F", "K"],
        ["humidity"] = ["%"],
        ["atmospheric_pressure"] = ["hPa", "mbar", "Pa", "kPa", "mmHg", "inHg", "psi"],
    };

    public HomeAssistantDevice(string json)
    {
        JsonObject root = Expand(JsonNode.Parse(json)!.AsObject());
        AssertKeys(root, ["device", "origin", "components"], [.. Shared]);
        JsonObject device = Expand(root["device"]!.AsObject());
        AssertKeys(device, ["identifiers"], ["name", "manufacturer", "sw_version"]);
        AssertKeys(Expand(root["origin"]!.AsObject()), ["name"], ["sw_version"]);
        Id = device["identifiers"]!.ToString();
        foreach ((string name, JsonNode? node) in root["components"]!.AsObject())
        {
            Assert.Matches(ObjectId(), name);
            if (node!.AsObject().Select(field => field.Key).SequenceEqual(["p"]))
            {
                // section "Device discovery payload": a part with its platform alone is removed
                Removed[name] = node["p"]!.ToString();
                continue;
            }

            Components[name] = ReadComponent(Expand(node!.AsObject()), root);
        }

        Assert.Equal(
            Components.Count, Components.Values.Select(component => component["unique_id"]).Distinct().Count());
    }

    public string Id { get; }

    /// <summary>Gets the components in full names, with what they share.</summary>
    public Dictionary<string, Dictionary<string, string>> Components { get; } = [];

    /// <summary>Gets the components that it takes back, with their platforms.</summary>
    public Dictionary<string, string> Removed { get; } = [];

    public string[] Names(string platform) =>
        [.. Components.Where(component => component.Value["platform"] == platform).Select(component => component.Key)];

    /// <summary>What a sensor shows after a message on its state topic.</summary>
    public double Value(string component, string message)
    {
        Match template = ValueTemplate().Match(Components[component]["value_template"]);
        Assert.True(template.Success);
        return double.Parse(JsonNode.Parse(message)![template.Groups[1].Value]!.ToString());
    }

    private static Dictionary<string, string> ReadComponent(JsonObject component, JsonObject root)
    {
        string? topicBase = component["~"]?.ToString();
        component.Remove("~");
        string platform = component["platform"]!.ToString();
        component.Remove("platform");
        (string[] required, string[] allowed) = Platforms[platform];
        foreach (string shared in Shared.Where(key => root.ContainsKey(key) && !component.ContainsKey(key)))
        {
            component[shared] = root[shared]!.ToString();
        }

        AssertKeys(component, required, allowed);
        var fields = component.ToDictionary(
            field => field.Key, field => ReplaceBase(field.Key, field.Value!.ToString(), topicBase));
        Assert.All(
            fields.Where(field => field.Key.EndsWith("_topic")), field => Assert.Matches(PlainTopic(), field.Value));
        if (platform == "sensor")
        {
            Assert.Contains(fields["unit_of_measurement"], Units[fields["device_class"]]);
            Assert.Equal("measurement", fields["state_class"]);
            Assert.True(int.Parse(fields["expire_after"]) > 0);
        }

        fields["platform"] = platform;
        return fields;
    }

    private static string ReplaceBase(string key, string value, string? topicBase) =>
        topicBase is not null && key.EndsWith("_topic") && value.StartsWith('~') ? topicBase + value[1..] : value;

    private static JsonObject Expand(JsonObject node) =>
        new(
            node.Select(
                field => KeyValuePair.Create(
                    Abbreviations.GetValueOrDefault(field.Key, field.Key), field.Value?.DeepClone())));

    private static void AssertKeys(JsonObject node, string[] required, string[] allowed)
    {
        Assert.All(required, key => Assert.False(string.IsNullOrEmpty(node[key]?.ToString()), key + " is required"));
        Assert.Empty(node.Select(field => field.Key).Except(required).Except(allowed));
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]+$")]
    private static partial Regex ObjectId();

    [GeneratedRegex("^[a-zA-Z0-9_/-]+$")]
    private static partial Regex PlainTopic();

    [GeneratedRegex(@"^\{\{ ?value_json\.([a-z]+) ?\}\}$")]
    private static partial Regex ValueTemplate();
}

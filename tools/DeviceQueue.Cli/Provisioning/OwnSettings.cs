using System.Text.Json.Nodes;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>The owner's part of a device's settings: what is made here is neither given nor taken away.</summary>
internal static class OwnSettings
{
    private static readonly string[] MadeHere = ["connection", "connections", "credential", "credentials", "tls"];
    private static readonly string[] MadeOfDevice = ["id", "command_key"];

    /// <summary>Puts settings over those of a device; null takes one away.</summary>
    /// <exception cref="UserException">They touch what is made here.</exception>
    public static void Apply(string id, JsonObject settings, JsonObject given)
    {
        string what = $"settings of {id}";
        RequireNested(what, given, "");
        string? made = Array.Find(MadeHere, given.ContainsKey);
        if (made == null && given.TryGetPropertyValue("device", out JsonNode? device))
        {
            JsonObject section = device as JsonObject
                ?? throw new UserException($"{what}: device is a section, an object, with the id and the command key");
            made = MadeOfDevice.Where(section.ContainsKey).Select(key => $"device.{key}").FirstOrDefault();
        }

        if (made != null)
        {
            throw new UserException($"{what}: {made} is made here and cannot be given");
        }

        JsonFile.Merge(settings, given);
    }

    /// <summary>Reads the whole as the board does, and as the next command that opens the folder does.</summary>
    /// <exception cref="UserException">It would not be read as it was made.</exception>
    public static Member Check(string id, JsonObject settings, Board board) =>
        MemberFile.Parse($"settings of {id}", JsonFile.ToBytes(settings), id, board).Member;

    // The board flattens sections to dotted keys: a name with a dot could say what stands elsewhere already.
    private static void RequireNested(string what, JsonObject given, string section)
    {
        foreach ((string name, JsonNode? value) in given)
        {
            if (name.Contains('.'))
            {
                string key = Plain.Text(section + name);
                throw new UserException($"{what}: {key} has a dot in a name: write it as sections, one in the other");
            }

            JsonObject[] inner = value switch
            {
                JsonObject one => [one],
                JsonArray many => [.. many.OfType<JsonObject>()],
                _ => [],
            };
            Array.ForEach(inner, part => RequireNested(what, part, $"{section}{name}."));
        }
    }
}

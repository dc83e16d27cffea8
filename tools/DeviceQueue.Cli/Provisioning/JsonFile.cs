using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>JSON files that people read, too.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static byte[] ToBytes(JsonObject root) => Encoding.UTF8.GetBytes(root.ToJsonString(Readable) + "\n");

    /// <exception cref="UserException">It is not there, or not one JSON object.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path), documentOptions: Strict) as JsonObject ?? throw new UserException($"{path}: a JSON object is needed");
        }
        catch (JsonException e)
        {
            throw new UserException(e.LineNumber is { } line ? $"{path}: line {line + 1}: no JSON" : $"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Puts the members of one object over those of another, objects within objects alike.</summary>
    public static void Merge(JsonObject into, JsonObject from)
    {
        foreach ((string name, JsonNode? value) in from)
        {
            if (value is JsonObject inner && into[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                into[name] = value?.DeepClone();
            }
        }
    }

    /// <summary>Finds the first value that one object has and another has not, as a dotted key, or null.</summary>
    public static string? FindMissing(JsonObject wanted, JsonObject present, string prefix = "")
    {
        foreach ((string name, JsonNode? value) in wanted)
        {
            string? missing = value is JsonObject inner && present[name] is JsonObject there
                ? FindMissing(inner, there, $"{prefix}{name}.")
                : JsonNode.DeepEquals(value, present[name]) ? null : prefix + name;
            if (missing != null)
            {
                return missing;
            }
        }

        return null;
    }
}

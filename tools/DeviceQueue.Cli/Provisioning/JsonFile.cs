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

    /// <summary>Reads a file of a board or an operator, which is UTF-8.</summary>
    /// <exception cref="UserException">It is not there, or not one JSON object.</exception>
    public static JsonObject Read(string path) => Parse(path, TextFile.ReadUtf8(path));

    /// <summary>Reads a file written by hand, in any encoding that <see cref="TextFile"/> reads.</summary>
    /// <exception cref="UserException">It is not there, or not one JSON object.</exception>
    public static JsonObject ReadForeign(string path) => Parse(path, TextFile.Read(path));

    /// <exception cref="UserException">It is not one JSON object.</exception>
    public static JsonObject Parse(string path, byte[] file)
    {
        // Editors on Windows put the mark before it.
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        ReadOnlySpan<byte> bytes = file;
        return Parse(path, Encoding.UTF8.GetString(bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes));
    }

    private static JsonObject Parse(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Strict) as JsonObject
                ?? throw new UserException($"{path}: a JSON object is needed");
        }
        catch (JsonException e)
        {
            string reason = e.LineNumber is { } line ? $"line {line + 1}: no JSON" : e.Message;
            throw new UserException($"{path}: {reason}", e);
        }
    }

    /// <summary>Puts members over those of another object, as RFC 7396 does: null takes one away.</summary>
    public static void Merge(JsonObject into, JsonObject from)
    {
        foreach ((string name, JsonNode? value) in from)
        {
            if (value == null)
            {
                into.Remove(name);
            }
            else if (value is JsonObject inner)
            {
                if (into[name] is not JsonObject existing)
                {
                    into[name] = existing = [];
                }

                Merge(existing, inner);
            }
            else
            {
                into[name] = value.DeepClone();
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

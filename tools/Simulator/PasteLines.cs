using System.Text;
using DeviceQueue.Settings;

namespace Simulator;

/// <summary>
/// A command for another terminal. Where the terminal is narrower than the command, the shell's own sign joins its
/// lines, so that it can be pasted as it stands.
/// </summary>
internal sealed record PasteLine(params IReadOnlyList<string> Parts)
{
    public override string ToString() => string.Join(' ', Parts);

    public IReadOnlyList<string> Break(int width)
    {
        string join = OperatingSystem.IsWindows() ? " `" : " \\";
        List<string> rows = [];
        foreach (string part in Parts)
        {
            if (rows.Count > 0 && rows[^1].Length + 1 + part.Length + join.Length <= width)
            {
                rows[^1] += " " + part;
            }
            else
            {
                rows.Add(rows.Count == 0 ? part : "  " + part);
            }
        }

        // A row that ends in a comma ends within a quotation, where a line break is white space of JSON.
        return [.. rows.Select((row, i) => i == rows.Count - 1 || row.EndsWith(',') ? row : row + join)];
    }
}

/// <summary>What can be pasted into another terminal; each works every time.</summary>
internal static class PasteLines
{
    public static IReadOnlyList<PasteLine> All(BrokerAddress broker, DeviceSettings device)
    {
        PasteLine watch = Watch(broker);
        if (device.Outputs.Length == 0)
        {
            return [watch];
        }

        string output = device.Outputs[0].Name;
        return device.CommandKey == null
            ? [Toggle(broker, device, output), watch, ToggleBare(broker, device.Id, output)]
            : [Toggle(broker, device, output), watch];
    }

    /// <summary>Shows all that devices say.</summary>
    private static PasteLine Watch(BrokerAddress broker) =>
        new("mosquitto_sub", broker.ClientArguments, "-t 'sensor/#'", "-v");

    private static PasteLine Toggle(BrokerAddress broker, DeviceSettings device, string output)
    {
        string program = OperatingSystem.IsWindows()
            ? "dotnet run --project tools/DeviceQueue.Cli -- send"
            : "tools/devicequeue send";
        string key = device.CommandKey == null ? "" : " --key-file …";
        string arguments = $"'{{\"name\":\"{output}\"}}'";
        return new($"{program} {device.Id} output.toggle", arguments, $"--broker {broker.Uri}{key}");
    }

    /// <summary>
    /// The same with nothing but an MQTT client: the envelope as it is, with an id that is another each second.
    /// </summary>
    private static PasteLine ToggleBare(BrokerAddress broker, string id, string output)
    {
        string message = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"name\":\"{output}\"}}"));
        string target = $"{broker.ClientArguments} -t sensor/{id}/command";
        string tail = $"\"message_type\":\"output.toggle\",\"message\":\"{message}\"}}'";
        return OperatingSystem.IsWindows()
            ? new("('{\"message_id\":\"' + (Get-Random) + '\",", tail + ") | mosquitto_pub", $"{target} -s")
            : new($"mosquitto_pub {target}", "-m '{\"message_id\":\"'$(date +%s)'\",", tail);
    }
}

using System.Text.Json.Nodes;
using DeviceQueue.Desktop;
using DeviceQueue.Settings;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>What is asked for a device; null is "as it is", or nothing for a new one.</summary>
internal sealed record DeviceRequest(string Id, BrokerUri Broker)
{
    private static readonly string[] MadeHere = ["connection", "connections", "credential", "credentials", "tls"];
    private static readonly string[] MadeOfDevice = ["id", "command_key"];

    public Board Board { get; init; } = Board.Default;

    public string? Ssid { get; init; }

    /// <summary>Gets the password of the Wi-Fi; null: it is asked for if it is needed.</summary>
    public string? WifiPassword { get; init; }

    public bool NeedsCertificate { get; init; }

    /// <summary>Gets settings for devicequeue.json beyond what is made here.</summary>
    public JsonObject? Settings { get; init; }

    /// <summary>Checks it, the settings as the board does.</summary>
    /// <exception cref="UserException">Something is not allowed.</exception>
    public void Check()
    {
        RequireName(Id, "id");
        if (Ssid != null)
        {
            Wifi.CheckSsid(Ssid);
        }

        string? forbidden = Settings == null ? null : Array.Find(MadeHere, Settings.ContainsKey)
            ?? MadeOfDevice.Where(key => Settings["device"] is JsonObject device && device.ContainsKey(key)).Select(key => $"device.{key}").FirstOrDefault();
        if (forbidden != null)
        {
            throw new UserException($"settings of {Id}: {forbidden} is made here and cannot be given");
        }

        // As the board would say it, with stand-ins for the secrets.
        byte[] trial = JsonFile.ToBytes(DeviceFiles.Settings(this, new string('0', Secrets.NewPassword().Length), new string('0', Secrets.NewCommandKey().Length)));
        FleetFolder.Check($"settings of {Id}", trial, Id);
    }

    /// <exception cref="UserException">It is no name of a device or an operator.</exception>
    public static void RequireName(string name, string what)
    {
        if (!DeviceSettings.IsName(name))
        {
            throw new UserException($"{what} '{PayloadText.Clean(name)}': 1 to {DeviceSettings.MaxNameLength} of A-Z a-z 0-9 _ - are allowed");
        }
    }
}

using System.Text.Json.Nodes;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>What is asked for a device; null is "as it is", or nothing for a new one.</summary>
internal sealed record DeviceRequest(string Id, BrokerUri? Broker)
{
    /// <summary>Gets the board; null is the default one for a new device.</summary>
    public Board? Board { get; init; }

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
        Names.Require(Id, "id");
        if (Ssid != null)
        {
            Wifi.CheckSsid(Ssid);
        }

        // With stand-ins for what is not known yet.
        DeviceRequest trial = this with { Broker = Broker ?? new BrokerUri("stand-in", 1) };
        string password = new('0', Secrets.NewPassword().Length);
        string key = new('0', Secrets.NewCommandKey().Length);
        OwnSettings.Check(Id, DeviceFiles.Settings(trial, password, key), Board ?? Board.Default);
    }
}

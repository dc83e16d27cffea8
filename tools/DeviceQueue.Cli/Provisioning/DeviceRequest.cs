using System.Text.Json.Nodes;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>What is asked for a device; null is "as it is", or nothing for a new one.</summary>
internal sealed record DeviceRequest(string Id, BrokerUri Broker)
{
    public Board Board { get; init; } = Board.Default;

    public string? Ssid { get; init; }

    /// <summary>Gets the password of the Wi-Fi; null: it is asked for if it is needed.</summary>
    public string? WifiPassword { get; init; }

    public bool NeedsCertificate { get; init; }

    /// <summary>Gets settings for devicequeue.json beyond what is made here.</summary>
    public JsonObject? Settings { get; init; }
}

using System.Text.Json.Nodes;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A device or an operator: who may come to the broker, and by what.</summary>
/// <param name="Name">The device id or the operator's name, which is the user name at the broker.</param>
/// <param name="Broker">Where the broker is found.</param>
/// <param name="Password">The password at the broker.</param>
internal sealed record Member(string Name, BrokerUri Broker, string Password)
{
    /// <summary>Gets the key that signs commands to a device; null for operators.</summary>
    public byte[]? CommandKey { get; init; }

    /// <summary>Gets the device's board.</summary>
    public Board Board { get; init; } = Board.Default;

    public bool HasCertificate { get; init; }

    /// <summary>Gets a value indicating whether the device sleeps between readings.</summary>
    public bool Sleeps { get; init; }

    /// <summary>Gets the member's settings file.</summary>
    public required JsonObject Settings { get; init; }
}

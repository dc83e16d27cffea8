namespace DeviceQueue.Cli.Provisioning;

/// <summary>What a change of a fleet did.</summary>
/// <param name="Root">The fleet's folder.</param>
/// <param name="Names">The devices and operators that were added, changed or taken away.</param>
/// <param name="IsChanged">Whether any file was.</param>
/// <param name="IsReloaded">Whether a broker on this machine was told.</param>
/// <param name="NeedsRestart">Whether mosquitto.conf is another one, which a running broker reads only when it
/// starts.</param>
internal sealed record ProvisioningResult(
    string Root,
    IReadOnlyList<string> Names,
    bool IsChanged,
    bool IsReloaded,
    bool NeedsRestart)
{
    /// <summary>Gets the device that was rotated, set or revoked, as it was; null for an operator.</summary>
    public Member? Device { get; init; }

    /// <summary>Gets a value indicating whether the device's network.json is another one, too.</summary>
    public bool HasNetwork { get; init; }

    /// <summary>Gets a value indicating whether the fleet has an operator.</summary>
    public bool HasOperator { get; init; }
}

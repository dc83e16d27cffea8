using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Simulating;

/// <summary>What is asked of a simulation.</summary>
internal sealed record SimulationRequest(int? Devices, int? IntervalMs, int? Chaos)
{
    public const int MaxDevices = 1000;

    // The firmware's own limits of device.interval_ms.
    public const int MinIntervalMs = 1_000;
    public const int MaxIntervalMs = 86_400_000;

    /// <summary>Gets when to end; infinite until Ctrl-C.</summary>
    public TimeSpan Time { get; init; } = Timeout.InfiniteTimeSpan;

    /// <exception cref="UserException">A number is not allowed.</exception>
    public void Check()
    {
        if (Devices is < 1 or > MaxDevices)
        {
            throw new UserException($"--devices {Devices}: 1 to {MaxDevices} are allowed");
        }

        if (IntervalMs is < MinIntervalMs or > MaxIntervalMs)
        {
            throw new UserException($"--interval-ms {IntervalMs}: {MinIntervalMs} to {MaxIntervalMs} are allowed");
        }
    }
}

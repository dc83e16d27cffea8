namespace DeviceQueue.Cli.Provisioning;

/// <summary>From when to when certificates hold.</summary>
internal static class Validity
{
    /// <summary>Gets a start long past: a board without a set clock goes by the day its firmware was built.</summary>
    public static DateTimeOffset Start { get; } = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Gets an end that boards in the field do not live to see; the last that X.509 writes with two digits of the year
    /// (RFC 5280, section 4.1.2.5).
    /// </summary>
    public static DateTimeOffset End { get; } = new(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);
}

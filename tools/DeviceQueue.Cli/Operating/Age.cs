namespace DeviceQueue.Cli.Operating;

/// <summary>Times ago, as short as a column.</summary>
internal static class Age
{
    public static string Show(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "now",
        { TotalSeconds: < 100 } => $"{age.TotalSeconds:F0} s",
        { TotalMinutes: < 100 } => $"{age.TotalMinutes:F0} min",
        { TotalHours: < 48 } => $"{age.TotalHours:F0} h",
        _ => $"{age.TotalDays:F0} d",
    };

    public static string Show(DateTime? time, DateTime now) => time == null ? "-" : Show(now - time.Value);
}

namespace Simulator;

/// <summary>Times as people say them.</summary>
internal static class Ago
{
    public static string Show(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{(int)time.TotalSeconds} s"
        : time.TotalMinutes < 60 ? $"{(int)time.TotalMinutes} min {time.Seconds} s"
        : $"{(int)time.TotalHours} h {time.Minutes} min";
}

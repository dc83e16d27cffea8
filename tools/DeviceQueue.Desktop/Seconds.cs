namespace DeviceQueue.Desktop;

/// <summary>Times that a command line gives in seconds.</summary>
public static class Seconds
{
    // A month, which the timers of .NET can count.
    private const double Max = 30 * 86400;

    /// <exception cref="UserException">It is no time that one can wait; the text names the option.</exception>
    public static TimeSpan Read(string option, double seconds) => seconds is > 0 and <= Max
        ? TimeSpan.FromSeconds(seconds)
        : throw new UserException(
            FormattableString.Invariant($"{option} {seconds}: more than 0 and at most {Max} seconds are allowed"));
}

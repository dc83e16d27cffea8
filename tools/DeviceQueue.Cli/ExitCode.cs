namespace DeviceQueue.Cli;

/// <summary>What the shell gets to see.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Something is wrong with what was typed, or with the fleet's folder; nothing was done.</summary>
    public const int BadInput = 1;

    /// <summary>The device answered, and did not do it; or a simulation has lost what it must not.</summary>
    public const int NotDone = 2;

    /// <summary>No answer came in time: it may be done or not.</summary>
    public const int NoAnswer = 3;

    public const int NoConnection = 4;

    public const string Help =
        "0 done, 1 bad input, 2 the device did not do it, 3 no answer, 4 no connection to the broker or the port";
}

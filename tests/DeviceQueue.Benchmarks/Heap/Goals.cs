namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// What the firmware may take, in bytes of the interpreter's heap unless the name says otherwise. A board without PSRAM
/// has some 96 KB.
/// </summary>
internal static class Goals
{
    public const int AtRest = 79_872;
    public const int WithTls = 83_968;
    public const int WithAll = 86_016;
    public const int AtThePeak = 88_064;

    /// <summary>In one piece after start, but for the payload of a message of the largest size.</summary>
    public const int LargestPiece = 1_100;

    /// <summary>By our code, the client library's aside.</summary>
    public const int ReadingAllocations = 30;
    public const int ReadingBytes = 2_560;
    public const int IlBytes = 120 * 1024;

    /// <summary>For a wake-up that does not connect: the battery pays for each.</summary>
    public const int WakeIl = 120_000;
    public const int WakeFiles = 6;
    public const int WakeWrites = 1; // the state travels with the reading
}

namespace DeviceQueue.Benchmarks.Heap;

/// <summary>
/// What in the heap is not the firmware's own: measured on the interpreter with the packages that packages.config
/// names, in bytes.
/// </summary>
internal static class Libraries
{
    /// <summary>
    /// mscorlib 4.1, M2Mqtt 3.1, System.Net 2.5, FileSystem 1.9, Bmxx80 1.9, Hardware.Esp32 1.5, some twenty others
    /// 10.9 KB; and System.Device.Adc, which was not there then: computed as our own, from its sources.
    /// </summary>
    public const int TypeTables = 25_900 + Adc;

    /// <summary>What their static fields hold, of 7.2 KB with ours.</summary>
    public const int Statics = 2_300;

    /// <summary>M2Mqtt's four and the one that raises events.</summary>
    public const int Threads = 5_400;

    /// <summary>M2Mqtt's client with what is in flight.</summary>
    public const int Client = 3_600;

    /// <summary>Sockets and addresses 0.8, what else the interpreter and its libraries hold 3.5 KB.</summary>
    public const int Others = 4_300;

    /// <summary>Five types, 36 methods, seven fields, 14 references.</summary>
    private const int Adc = 200 + (5 * 8) + (36 * 3) + (7 * 2) + (14 * 4);

    /// <summary>A pin that is open: its object, its place in the controller's table.</summary>
    public const int Pin = 180;
}

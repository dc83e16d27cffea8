using VirtualBoard;

namespace nanoFramework.Hardware.Esp32;

public class NativeMemory
{
    private const uint InternalSize = 290_000;

    public enum MemoryType
    {
        All = 0,
        Internal = 1,
        SpiRam = 2,
    }

    /// <summary>Tells what ESP-IDF has left; a module without PSRAM has none of that.</summary>
    public static void GetMemoryInfo(MemoryType memType, out uint totalSize, out uint totalFreeSize, out uint largestFreeBlock)
    {
        Board.Checkpoint();
        bool hasSome = memType != MemoryType.SpiRam;
        totalSize = hasSome ? InternalSize : 0;
        totalFreeSize = hasSome ? (uint)Board.Current.FreeNativeMemory : 0;
        largestFreeBlock = totalFreeSize;
    }
}

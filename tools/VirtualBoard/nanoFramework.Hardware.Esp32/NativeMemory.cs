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

    /// <summary>
    /// Tells what ESP-IDF has left; a module without PSRAM has none of that, and where there is some, nothing here uses
    /// it.
    /// </summary>
    public static void GetMemoryInfo(
        MemoryType memType, out uint totalSize, out uint totalFreeSize, out uint largestFreeBlock)
    {
        Board.Checkpoint();
        bool isPsram = memType == MemoryType.SpiRam;
        totalSize = isPsram ? (uint)Board.Current.PsramSize : InternalSize;
        totalFreeSize = isPsram ? totalSize : (uint)Board.Current.FreeNativeMemory;
        largestFreeBlock = totalFreeSize;
    }
}

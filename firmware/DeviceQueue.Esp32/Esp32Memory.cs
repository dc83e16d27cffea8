using DeviceQueue.Health;
using nanoFramework.Hardware.Esp32;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>The interpreter's managed heap, and what the module has beside it.</summary>
    public sealed class Esp32Memory : IMemory
    {
        /// <summary>Says whether the module has PSRAM that nanoFramework found.</summary>
        /// <returns>Whether.</returns>
        public static bool HasPsram()
        {
            NativeMemory.GetMemoryInfo(NativeMemory.MemoryType.SpiRam, out uint total, out _, out _);
            return total > 0;
        }

        /// <inheritdoc/>
        public int GetFreeBytes()
        {
            return (int)GC.Run(false);
        }
    }
}

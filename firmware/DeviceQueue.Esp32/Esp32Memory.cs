using DeviceQueue.Platform;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>The interpreter's managed heap.</summary>
    public sealed class Esp32Memory : IMemory
    {
        /// <inheritdoc/>
        public int GetFreeBytes()
        {
            return (int)GC.Run(false);
        }
    }
}

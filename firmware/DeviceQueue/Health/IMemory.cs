
namespace DeviceQueue.Health
{
    /// <summary>The managed heap as the library sees it.</summary>
    public interface IMemory
    {
        /// <summary>Counts what is free; may collect garbage first, which takes some milliseconds.</summary>
        /// <returns>Free bytes.</returns>
        int GetFreeBytes();
    }
}

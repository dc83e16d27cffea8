
namespace DeviceQueue.Mqtt
{
    /// <summary>What lies below TCP: on the board its Wi-Fi. Called by the connection's thread alone.</summary>
    public interface INetwork
    {
        /// <summary>Gets a value indicating whether the device has an address.</summary>
        bool IsReady { get; }

        /// <summary>Tries to get an address; blocks for a bounded time.</summary>
        /// <param name="timeoutMs">The longest to wait, in milliseconds.</param>
        /// <param name="detail">Why there is none, or <see langword="null"/>.</param>
        /// <returns><see langword="true"/> when there is an address.</returns>
        bool TryBringUp(int timeoutMs, out string detail);
    }
}

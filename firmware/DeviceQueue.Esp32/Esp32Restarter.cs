using DeviceQueue.Platform;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>Reboots the chip; the connection's clean disconnect hangs on <see cref="Power.OnRebootEvent"/>.</summary>
    public sealed class Esp32Restarter : IRestarter
    {
        /// <inheritdoc/>
        public void Restart()
        {
            Power.RebootDevice();
        }
    }
}

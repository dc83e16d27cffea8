using DeviceQueue.Health;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>Reboots the chip; the connection's farewell hangs on <see cref="Power.OnRebootEvent"/>.</summary>
    public sealed class Esp32Restarter : IRestarter
    {
        /// <inheritdoc/>
        public void Restart()
        {
            Power.RebootDevice();
        }
    }
}

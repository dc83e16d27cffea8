using DeviceQueue.Health;
using nanoFramework.Runtime.Native;

namespace DeviceQueue.Esp32
{
    /// <summary>Reboots the chip; <see cref="Power.OnRebootEvent"/> starts the clean disconnect.</summary>
    public sealed class Esp32Restarter : IRestarter
    {
        /// <inheritdoc/>
        public void Restart()
        {
            Power.RebootDevice();
        }
    }
}

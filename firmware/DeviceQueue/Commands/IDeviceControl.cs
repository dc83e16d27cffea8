using DeviceQueue.Settings;
using DeviceQueue.Text;

namespace DeviceQueue.Commands
{
    /// <summary>What commands do to the device as a whole.</summary>
    public interface IDeviceControl
    {
        /// <summary>Takes over changed settings while the device runs.</summary>
        /// <param name="settings">The settings, valid and stored.</param>
        void Apply(DeviceSettings settings);

        /// <summary>Asks for a health report, as soon as the command is done.</summary>
        void RequestHealth();

        /// <summary>Keeps a device that sleeps awake from now on.</summary>
        /// <param name="ms">For how long, in milliseconds.</param>
        void StayAwake(int ms);

        /// <summary>Writes when a device that sleeps wakes and connects next; of others nothing.</summary>
        void WriteNext(JsonWriter writer);

        /// <summary>Erases stored data and secrets.</summary>
        /// <returns><see langword="false"/> when the storage fails and some are left.</returns>
        bool TryErase();

        /// <summary>
        /// Asks for a restart as soon as the answer that is given now is delivered or has had its time.
        /// </summary>
        void RequestRestart();
    }
}

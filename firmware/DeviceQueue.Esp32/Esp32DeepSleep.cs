using System;
using DeviceQueue.Health;
using ChipSleep = nanoFramework.Hardware.Esp32.Sleep;

namespace DeviceQueue.Esp32
{
    /// <summary>The chip's deep sleep, which its timer ends.</summary>
    public sealed class Esp32DeepSleep : IDeepSleep
    {
        /// <summary>
        /// Gets a value indicating whether the board started because such a sleep was over, and not because of power, a
        /// reset or a reboot.
        /// </summary>
        public static bool HasWoken => ChipSleep.GetWakeupCause() == ChipSleep.WakeupCause.Timer;

        /// <inheritdoc/>
        public void Enter(long ms)
        {
            ChipSleep.EnableWakeupByTimer(new TimeSpan(ms * TimeSpan.TicksPerMillisecond));
            ChipSleep.StartDeepSleep();
        }
    }
}

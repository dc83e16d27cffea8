
namespace DeviceQueue.Health
{
    /// <summary>The board's deep sleep, which ends everything but the storage and the calendar.</summary>
    public interface IDeepSleep
    {
        /// <summary>Sleeps, then starts the firmware again. On a board it returns never.</summary>
        /// <param name="ms">How long, in milliseconds.</param>
        void Enter(long ms);
    }
}

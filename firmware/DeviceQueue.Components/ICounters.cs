
namespace DeviceQueue.Components
{
    /// <summary>
    /// Takes what components count. Implementations are safe to call from any thread and do not throw.
    /// </summary>
    public interface ICounters
    {
        /// <summary>Adds one to a counter.</summary>
        /// <param name="name">Its name, for example <c>queue.readings.sent_messages</c>.</param>
        void IncrementOne(string name);
    }
}

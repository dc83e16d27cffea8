
namespace DeviceQueue.Health
{
    /// <summary>Starts the board anew.</summary>
    public interface IRestarter
    {
        /// <summary>
        /// Starts the board anew, after <see cref="DeviceNode.PrepareRestart"/> and a clean end of the connection as
        /// far as that takes no longer than some seconds. On a board it returns never.
        /// </summary>
        void Restart();
    }
}

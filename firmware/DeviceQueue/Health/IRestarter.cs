
namespace DeviceQueue.Health
{
    /// <summary>Restarts the board.</summary>
    public interface IRestarter
    {
        /// <summary>
        /// Restarts the board, after <see cref="DeviceNode.PrepareRestart"/> and a clean end of the connection as
        /// far as that takes no longer than some seconds. On a board it returns never.
        /// </summary>
        void Restart();
    }
}

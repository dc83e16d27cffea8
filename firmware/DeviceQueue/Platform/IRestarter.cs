namespace DeviceQueue.Platform
{
    /// <summary>Starts the board anew.</summary>
    public interface IRestarter
    {
        /// <summary>Ends what runs and starts the board anew, after a clean end of the connection as far as that takes no longer than some seconds. On a board it returns never.</summary>
        void Restart();
    }
}

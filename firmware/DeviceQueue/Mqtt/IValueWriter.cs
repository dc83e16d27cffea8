
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Writes a latest value when it is sent. Called by the connection's thread alone, without a lock.
    /// </summary>
    public interface IValueWriter
    {
        /// <summary>Writes what is to be said now.</summary>
        /// <param name="handle">Which value, what <see cref="LatestValues.Add"/> returned.</param>
        /// <param name="request">Receives topic and payload; the rest is filled in.</param>
        /// <returns><see langword="false"/> when there is nothing to say.</returns>
        bool TryWrite(int handle, PublishRequest request);
    }
}

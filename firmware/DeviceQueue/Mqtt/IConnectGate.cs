
namespace DeviceQueue.Mqtt
{
    /// <summary>
    /// Says whether this is a moment to connect: on a board a connect stops every thread. Called by the connection's
    /// thread alone.
    /// </summary>
    public interface IConnectGate
    {
        /// <summary>Tells how long to wait before asking again.</summary>
        /// <param name="endpoint">Where the connect would go.</param>
        /// <param name="nowMs">The time.</param>
        /// <returns>Milliseconds; 0: now is a good moment.</returns>
        int GetHoldMs(MqttLinkOptions endpoint, long nowMs);
    }
}

using DeviceQueue.Configuration;

namespace DeviceQueue.Components
{
    /// <summary>Knows where brokers are. Called when a connection is opened.</summary>
    public interface IDiscovery
    {
        /// <summary>Looks a connection up.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <param name="key">The configuration's <c>discovery_key</c>.</param>
        /// <returns>The connection, or <see langword="null"/> when there is none under this key.</returns>
        ConnectionParams ResolveOne(string correlationId, string key);
    }
}

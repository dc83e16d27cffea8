using DeviceQueue.Configuration;

namespace DeviceQueue.Components
{
    /// <summary>Knows who a client is to a broker. Called when a connection is opened.</summary>
    public interface ICredentialStore
    {
        /// <summary>Looks credentials up.</summary>
        /// <param name="correlationId">The id that ties this to a call chain, or <see langword="null"/>.</param>
        /// <param name="key">The configuration's <c>store_key</c>.</param>
        /// <returns>The credentials, or <see langword="null"/> when there are none under this key.</returns>
        CredentialParams Lookup(string correlationId, string key);
    }
}


namespace DeviceQueue.Settings
{
    /// <summary>HMAC-SHA256 (RFC 2104, FIPS 180-4) with the device's command key, from the platform.</summary>
    public interface ICommandMac
    {
        /// <summary>Computes the code.</summary>
        /// <param name="data">The bytes.</param>
        /// <returns>32 bytes.</returns>
        byte[] Compute(byte[] data);
    }
}

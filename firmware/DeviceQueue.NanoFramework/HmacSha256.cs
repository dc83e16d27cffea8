using System.Security.Cryptography;
using DeviceQueue.Settings;

namespace DeviceQueue.NanoFramework
{
    /// <summary>The platform's HMAC-SHA256.</summary>
    public sealed class HmacSha256 : ICommandMac
    {
        private readonly byte[] _key;

        /// <summary>Initializes a new instance of the <see cref="HmacSha256"/> class.</summary>
        /// <param name="key">The key, 32 to 64 bytes.</param>
        public HmacSha256(byte[] key)
        {
            _key = key;
        }

        /// <inheritdoc/>
        public byte[] Compute(byte[] data)
        {
            return HMACSHA256.HashData(_key, data);
        }
    }
}

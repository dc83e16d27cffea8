extern alias Desktop;

using Real = Desktop::System.Security.Cryptography;

namespace System.Security.Cryptography;

/// <summary>nanoFramework's HMAC: whole buffers only.</summary>
public class HMACSHA256 : IDisposable
{
    private const int BlockSize = 64;

    private byte[] _key;

    public HMACSHA256()
        : this(Real.RandomNumberGenerator.GetBytes(BlockSize))
    {
    }

    public HMACSHA256(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        _key = [.. key];
    }

    public byte[]? Hash { get; private set; }

    public byte[] Key
    {
        get => [.. _key];
        set => _key = [.. value];
    }

    public static byte[] HashData(byte[] key, byte[] source) => Real.HMACSHA256.HashData(key, source);

    public byte[] ComputeHash(byte[] buffer)
    {
        Hash = HashData(_key, buffer);
        return Hash;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected void Dispose(bool disposing) => Array.Clear(_key);
}

using System.Buffers.Text;
using System.Security.Cryptography;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Fresh secrets from the system's generator.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    public static string NewPassword() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string NewCommandKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
}

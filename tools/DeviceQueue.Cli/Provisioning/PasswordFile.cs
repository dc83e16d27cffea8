using System.Security.Cryptography;
using System.Text;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>
/// The lines of Mosquitto's password file, as mosquitto_passwd 2.0 writes them: <c>name:$7$iterations$salt$hash</c>,
/// PBKDF2 with HMAC-SHA-512. The iterations are its default: they protect passwords that people choose, and these are
/// 256 random bits.
/// </summary>
internal static class PasswordFile
{
    private const string Scheme = "7";
    private const int Iterations = 101;
    private const int SaltBytes = 12;
    private const int HashBytes = 64;

    /// <summary>
    /// Writes a line for each name; the line of an earlier file stays if the password is still the same, so that
    /// nothing changes without need.
    /// </summary>
    public static string Write(IEnumerable<(string Name, string Password)> users, string earlier)
    {
        string[] lines = earlier.Split('\n');
        StringBuilder text = new();
        foreach ((string name, string password) in users)
        {
            string? line = Array.Find(lines, line => line.StartsWith($"{name}:", StringComparison.Ordinal));
            string kept = line != null && Matches(line, name, password)
                ? line
                : Write(name, password, RandomNumberGenerator.GetBytes(SaltBytes));
            text.Append(kept).Append('\n');
        }

        return text.ToString();
    }

    private static bool Matches(string line, string name, string password)
    {
        string[] parts = line.Split('$');
        byte[] salt = new byte[SaltBytes];
        return parts.Length == 5
            && Convert.TryFromBase64String(parts[3], salt, out int count)
            && count == SaltBytes
            && Write(name, password, salt) == line;
    }

    private static string Write(string name, string password, byte[] salt)
    {
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA512, HashBytes);
        return $"{name}:${Scheme}${Iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }
}

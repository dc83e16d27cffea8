using System.Text;
using System.Text.Json.Nodes;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A wireless network as nanoff puts it on a board; an empty password is an open network.</summary>
internal sealed record Wifi(string Ssid, string Password)
{
    // IEEE 802.11: an SSID has up to 32 bytes; WPA2: a passphrase has 8 to 63 printable ASCII characters, a key 64
    // hexadecimal digits.
    private const int MaxSsidBytes = 32;
    private const int MinPassword = 8;
    private const int MaxPassword = 63;
    private const int KeyDigits = 64;

    /// <summary>
    /// Makes the content of nanoff's <c>--networkdeployment</c> file, without the port, which its command line says.
    /// </summary>
    /// <param name="sleeps">Whether the board sleeps: with AutoConnect it would associate in each wake-up, with Enable
    /// alone only when the firmware connects.</param>
    public JsonObject Deployment(bool sleeps) => new()
    {
        ["WirelessClient"] = new JsonObject
        {
            ["Ssid"] = Ssid,
            ["Password"] = Password,
            ["Authentication"] = Password.Length == 0 ? "Open" : "WPA2",
            ["Encryption"] = Password.Length == 0 ? "None" : "WPA2_PSK2",
            ["ConfigurationOption"] = sleeps ? "Enable" : "AutoConnect",
        },
    };

    /// <exception cref="UserException">The file is not what was made, even if it is JSON.</exception>
    public static Wifi Read(string path) =>
        JsonFile.Read(path)["WirelessClient"] is JsonObject client
        && client["Ssid"] is JsonValue ssid && ssid.TryGetValue(out string? name)
        && client["Password"] is JsonValue secret && secret.TryGetValue(out string? password)
            ? new Wifi(name, password)
            : throw new UserException($"{path}: WirelessClient with the strings Ssid and Password is needed");

    /// <exception cref="UserException">The name of the network is none.</exception>
    public static void CheckSsid(string ssid)
    {
        if (Encoding.UTF8.GetByteCount(ssid) is 0 or > MaxSsidBytes || ssid.Any(char.IsControl))
        {
            throw new UserException(
                $"wifi '{Plain.Text(ssid)}': the name of a network has 1 to {MaxSsidBytes} bytes "
                + "and no control characters");
        }
    }

    /// <exception cref="UserException">The password is none for WPA2; the text does not hold it.</exception>
    public static void CheckPassword(string ssid, string password)
    {
        bool isPassphrase = password.Length is >= MinPassword and <= MaxPassword
            && password.All(c => c is >= ' ' and <= '~');
        bool isKey = password.Length == KeyDigits && password.All(char.IsAsciiHexDigit);
        if (password.Length != 0 && !isPassphrase && !isKey)
        {
            string printable = $"{MinPassword} to {MaxPassword} printable ASCII characters";
            throw new UserException($"the password of the Wi-Fi '{Plain.Text(ssid)}': {printable}, "
                + $"or {KeyDigits} hexadecimal digits, are allowed, or none for an open network");
        }
    }
}

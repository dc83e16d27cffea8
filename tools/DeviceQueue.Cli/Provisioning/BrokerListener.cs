using System.Globalization;
using System.Text.RegularExpressions;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>A port of the broker: from where it is reached, and what it demands of those who come.</summary>
internal sealed partial record BrokerListener(int Port)
{
    public const string ClientIdLine = "use_username_as_clientid true";
    public const string CertificateLine = "require_certificate true";

    private const string Loopback = " 127.0.0.1";

    public bool IsLocal { get; init; }

    public bool IsOfDevices { get; init; }

    public bool NeedsCertificate { get; init; }

    /// <summary>Gets the line that its block begins with.</summary>
    public string FirstLine => $"listener {Port}{(IsLocal ? Loopback : "")}";

    /// <summary>Reads the ports of a configuration that was made here.</summary>
    public static IReadOnlyList<BrokerListener> ReadAll(string configuration) =>
        [.. Block().Matches(configuration.ReplaceLineEndings("\n")).Select(Read).DistinctBy(listener => listener.Port)];

    private static BrokerListener Read(Match block)
    {
        string[] lines = block.Value.Split('\n');
        return new BrokerListener(int.Parse(block.Groups["port"].Value, CultureInfo.InvariantCulture))
        {
            IsLocal = lines[0].EndsWith(Loopback, StringComparison.Ordinal),
            IsOfDevices = lines.Contains(ClientIdLine),
            NeedsCertificate = lines.Contains(CertificateLine),
        };
    }

    // Up to the empty line behind it.
    [GeneratedRegex("^listener (?<port>[0-9]{1,5})\\b.*\n(?:.+\n)*", RegexOptions.Multiline)]
    private static partial Regex Block();
}

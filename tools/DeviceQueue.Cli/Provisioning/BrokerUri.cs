using DeviceQueue.Connecting;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Where devices or operators find the broker; always by TLS.</summary>
internal sealed record BrokerUri(string Host, int Port)
{
    private const int MaxPort = 65535;

    /// <summary>Gets the place of the operators' listener when nobody says otherwise: beside the devices' one.</summary>
    public BrokerUri Next => new(Host, Port < MaxPort ? Port + 1 : throw new UserException($"--broker is needed: there is no port after {Port}"));

    /// <exception cref="UserException">It is no URI of a broker with TLS.</exception>
    public static BrokerUri Parse(string text) => ConnectionParams.FromUri(text) is { IsSecure: true, Username: null } connection && IsHost(connection.Host)
        ? new BrokerUri(connection.Host, connection.Port)
        : throw new UserException($"broker '{Show(text)}': mqtts://host or mqtts://host:port is allowed, without a name and a password, which are made here");

    public override string ToString() => $"mqtts://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

    // What a certificate can name, too: no empty label, none of more than 63 characters (RFC 1035, section 2.3.4).
    private static bool IsHost(string host) => Uri.CheckHostName(host) != UriHostNameType.Unknown && host.Split('.').All(label => label.Length is > 0 and <= 63);

    private static string Show(string text) => text.LastIndexOf('@') is >= 0 and int at ? $"(hidden){text[at..]}" : text;
}

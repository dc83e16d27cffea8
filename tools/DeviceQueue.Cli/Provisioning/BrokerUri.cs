using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Where devices or operators find the broker; always by TLS.</summary>
internal sealed partial record BrokerUri(string Host, int Port)
{
    private const int MaxPort = 65535;
    private const string Rule =
        "mqtts://host or mqtts://host:port is allowed, without a name and a password, which are made here";

    /// <summary>Gets the place of the operators' listener unless another is named: beside the devices'.</summary>
    public BrokerUri Next => new(Host, Port < MaxPort
        ? Port + 1
        : throw new UserException($"--broker is needed: there is no port after {Port}"));

    /// <exception cref="UserException">It is no URI of a broker with TLS.</exception>
    public static BrokerUri Parse(string text) =>
        ConnectionParams.FromUri(text) is { IsSecure: true, Username: null } connection && IsHost(connection.Host)
            ? new BrokerUri(connection.Host, connection.Port)
            : throw new UserException($"broker '{Show(text)}': {Rule}");

    public override string ToString() => $"mqtts://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}";

    // What a certificate can name, too. A name whose last label is a number is an address, or nothing.
    private static bool IsHost(string host) => host.Contains(':')
        ? IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6
            && !host.Contains('%')
        : Name().IsMatch(host) && (!LastLabelIsNumber().IsMatch(host) || IsAddress(host));

    private static bool IsAddress(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) && address.ToString() == host;

    private static string Show(string text) =>
        Plain.Text(text.LastIndexOf('@') is >= 0 and int at ? $"(hidden){text[at..]}" : text);

    // Labels of 1 to 63 characters (RFC 1035, section 2.3.4).
    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"(\A|\.)[0-9]+\z")]
    private static partial Regex LastLabelIsNumber();
}

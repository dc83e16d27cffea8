using DeviceQueue.Desktop;

namespace Simulator;

/// <summary>Where a broker is and who comes.</summary>
internal sealed record BrokerAddress(
    string Host, int Port, bool IsSecure, string? Username = null, string? Password = null)
{
    private const int DefaultPort = 1883;
    private const int DefaultSecurePort = 8883;

    public string Place => $"{Host}:{Port}";

    /// <summary>Gets it as a URI without user and password.</summary>
    public string Uri => $"{(IsSecure ? "mqtts" : "mqtt")}://{Place}";

    /// <summary>Gets what a command line of Mosquitto's clients says of it.</summary>
    public string ClientArguments =>
        $"-h {Host} -p {Port}" + (Username == null ? "" : $" -u {Username} -P '…'") + (IsSecure ? " --cafile …" : "");

    /// <exception cref="UserException">It is no URI of a broker; the text begins with its source.</exception>
    public static BrokerAddress Parse(string source, string text)
    {
        if (!System.Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("mqtt" or "mqtts")
            || uri.Host.Length == 0)
        {
            throw new UserException(
                $"{source} {text}: {BrokerKinds.Mosquitto}, {BrokerKinds.Embedded}, "
                + "mqtt://[user:password@]host[:port] or mqtts://… is allowed");
        }

        bool isSecure = uri.Scheme == "mqtts";
        string[] user = uri.UserInfo.Split(':', 2);
        return new BrokerAddress(
            uri.Host, uri.Port > 0 ? uri.Port : isSecure ? DefaultSecurePort : DefaultPort, isSecure)
        {
            Username = user[0].Length == 0 ? null : System.Uri.UnescapeDataString(user[0]),
            Password = user.Length < 2 ? null : System.Uri.UnescapeDataString(user[1]),
        };
    }
}

using DeviceQueue.Cli.Provisioning;
using DeviceQueue.Configuration;
using DeviceQueue.Desktop;
using DeviceQueue.Text;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>How an operator reaches a broker and its devices: by a fleet's folder, or by what was typed.</summary>
internal sealed record BrokerAccess(ClientOptions Client)
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Gets the fleet; null when the broker alone is known.</summary>
    public FleetFolder? Fleet { get; init; }

    /// <summary>Gets the key that was typed; null when there is none, or each device has its own.</summary>
    public byte[]? Key { get; init; }

    public static BrokerAccess OfFleet(FleetFolder fleet, string? operatorName)
    {
        Member person = fleet.FindOperator(operatorName);
        return new BrokerAccess(new ClientOptions
        {
            Host = person.Broker.Host,
            Port = person.Broker.Port,
            Username = person.Name,
            Password = person.Password,
            Tls = new TlsOptions
            {
                Authorities = File.ReadAllBytes(
                    fleet.FullPath(FleetFolder.OperatorPath(person.Name), FleetFolder.AuthorityCertificate)),
            },
        })
        {
            Fleet = fleet,
        };
    }

    /// <exception cref="UserException">It is no URI of a broker.</exception>
    public static BrokerAccess Of(string uri)
    {
        // The text may hold a password.
        int at = uri.LastIndexOf('@');
        string shown = Plain.Text(at >= 0 ? $"(hidden){uri[at..]}" : uri);
        ConnectionParams place = ConnectionParams.FromUri(uri) ?? throw new UserException(
            $"--broker '{shown}': mqtt://[user:password@]host[:port] or mqtts://… is allowed");
        return new BrokerAccess(new ClientOptions
        {
            Host = place.Host,
            Port = place.Port,
            Username = place.Username,
            Password = place.Password,
            Tls = place.IsSecure ? new TlsOptions() : null,
        });
    }

    /// <summary>Says why there is no connection.</summary>
    public static string Describe(ClientOptions options, ConnectResult result)
    {
        string person = options.Username == null ? "without a user name" : $"as {Plain.Text(options.Username)}";
        string reason = (result.Status, result.Code) switch
        {
            (ConnectStatus.Refused, 3) => "the broker is not available (CONNACK 3)",
            (ConnectStatus.Refused, 4) => "the broker knows no such user name and password (CONNACK 4)",
            (ConnectStatus.Refused, 5) => "the broker does not let this user name and password in (CONNACK 5)",
            _ => result.Text,
        };
        return $"no connection to {options.Host}:{options.Port} {person}: {reason}";
    }

    /// <summary>Checks an id, and finds the key that signs commands to the device; null when it has none.</summary>
    /// <exception cref="UserException">It is no device id, or the fleet has no such device.</exception>
    public byte[]? FindKey(string id)
    {
        if (Fleet != null)
        {
            return Fleet.FindDevice(id).CommandKey;
        }

        return PlainText.IsName(id) ? Key : throw new UserException(
            $"id '{Plain.Text(id)}': 1 to {PlainText.MaxNameLength} of A-Z a-z 0-9 _ - are allowed");
    }
}

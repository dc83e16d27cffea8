using DeviceQueue.Cli.Provisioning;
using Mosquitto;

namespace DeviceQueue.Cli.Operating;

/// <summary>How an operator comes to the broker.</summary>
internal static class OperatorClient
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public static MosquittoOptions Options(FleetFolder fleet, Member person) => new()
    {
        Host = person.Broker.Host,
        Port = person.Broker.Port,
        Username = person.Name,
        Password = person.Password,
        Tls = new MosquittoTls { CaFile = fleet.FullPath(FleetFolder.OperatorPath(person.Name), FleetFolder.AuthorityCertificate) },
    };

    public static string Describe(MosquittoOptions options, ConnectResult result) => $"no connection to {options.Host}:{options.Port} as {options.Username}: {result.Text}";
}

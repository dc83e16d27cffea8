using DeviceQueue.Cli.Provisioning;
using Mqtt;

namespace DeviceQueue.Cli.Operating;

/// <summary>How an operator comes to the broker.</summary>
internal static class OperatorClient
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public static ClientOptions Options(FleetFolder fleet, Member person) => new()
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
    };

    public static string Describe(ClientOptions options, ConnectResult result) =>
        $"no connection to {options.Host}:{options.Port} as {options.Username}: {result.Text}";
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Brokers;
using DeviceQueue.Settings;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Makes the files of a device and of an operator.</summary>
internal static class DeviceFiles
{
    private const string BoardDrive = @"I:\";

    /// <summary>Makes what a settings file says of the broker, whose name and password included.</summary>
    public static JsonObject Connection(BrokerUri broker, string name, string password, bool hasCertificate)
    {
        JsonObject tls = new() { ["ca"] = FleetFolder.AuthorityCertificate };
        if (hasCertificate)
        {
            tls["cert"] = FleetFolder.ClientCertificate;
            tls["key"] = FleetFolder.ClientKey;
        }

        return new JsonObject
        {
            ["connection"] = new JsonObject { ["protocol"] = "mqtts", ["host"] = broker.Host, ["port"] = broker.Port },
            ["credential"] = new JsonObject { ["username"] = name, ["password"] = password },
            ["tls"] = tls,
        };
    }

    public static JsonObject Settings(DeviceRequest request, string password, string commandKey)
    {
        JsonObject settings = new()
        {
            ["device"] = new JsonObject { ["id"] = request.Id, ["command_key"] = commandKey },
        };
        OwnSettings.Apply(request.Id, settings, request.Settings ?? []);
        JsonFile.Merge(settings, Connection(request.Broker!, request.Id, password, request.NeedsCertificate));
        return settings;
    }

    /// <summary>
    /// Makes all files of a new device. Its certificates are DER: the chip takes PEM only with a zero behind it, which
    /// editors and tools do not keep.
    /// </summary>
    public static Dictionary<string, byte[]> ForBoard(
        Member device, Wifi? wifi, CertificateIssuer issuer)
    {
        Dictionary<string, byte[]> files = new()
        {
            [SettingsLoader.FileName] = JsonFile.ToBytes(device.Settings),
            [FleetFolder.AuthorityCertificate] = issuer.Certificate.RawData,
        };
        if (device.HasCertificate)
        {
            AddCertificate(files, device.Name, issuer);
        }

        files.Add(FleetFolder.FileDeployment, JsonFile.ToBytes(FileDeployment([.. files.Keys])));
        if (wifi != null)
        {
            files.Add(FleetFolder.NetworkDeployment, JsonFile.ToBytes(wifi.Deployment(device.Sleeps)));
        }

        string steps = string.Join('\n', NextSteps.Flash(device.Board, wifi != null)) + "\n";
        files.Add(FleetFolder.Steps, Encoding.UTF8.GetBytes(steps));
        files.Add(FleetFolder.BoardFile, Encoding.UTF8.GetBytes(device.Board.Name + "\n"));
        return files;
    }

    /// <summary>Makes a client certificate and its key.</summary>
    public static void AddCertificate(Dictionary<string, byte[]> files, string id, CertificateIssuer issuer)
    {
        using X509Certificate2 certificate = issuer.IssueClient(id, Validity.Start, Validity.End);
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        files.Add(FleetFolder.ClientCertificate, certificate.RawData);
        files.Add(FleetFolder.ClientKey, key.ExportPkcs8PrivateKey());
    }

    public static Dictionary<string, byte[]> ForOperator(
        BrokerUri broker, string name, CertificateIssuer issuer) => new()
        {
            [FleetFolder.OperatorFile] = JsonFile.ToBytes(
            Connection(broker, name, Secrets.NewPassword(), hasCertificate: false)),
            [FleetFolder.AuthorityCertificate] = Pem(issuer.Certificate),
        };

    public static byte[] Pem(X509Certificate2 certificate) =>
        Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n");

    public static byte[] KeyPem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static JsonObject FileDeployment(IReadOnlyList<string> names) => new()
    {
        ["Files"] = new JsonArray(
            [
                .. names.Select(name => new JsonObject
                {
                    ["DestinationFilePath"] = BoardDrive + name,
                    ["SourceFilePath"] = name,
                }),
            ]),
    };
}

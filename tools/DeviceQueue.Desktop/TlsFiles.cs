using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceQueue.Mqtt;
using Mosquitto;

namespace DeviceQueue.Desktop;

/// <summary>What a link's options say of TLS as the files that libmosquitto reads while it connects.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly PemFolder _folder = new();

    internal TlsFiles(MqttLinkOptions options) => Settings = new MosquittoTls
    {
        CaFile = _folder.Write("ca.pem", options.CaCertificate ?? ReadSystemAuthorities(), "CERTIFICATE"),
        CertificateFile = _folder.Write("client.pem", options.ClientCertificate, "CERTIFICATE"),
        KeyFile = _folder.Write("client.key", options.ClientKey, "PRIVATE KEY"),
    };

    internal MosquittoTls Settings { get; }

    public void Dispose() => _folder.Dispose();

    private static byte[]? ReadSystemAuthorities()
    {
        using X509Store store = new(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        return store.Certificates.Count == 0 ? null : Encoding.ASCII.GetBytes(store.Certificates.ExportCertificatePems());
    }
}

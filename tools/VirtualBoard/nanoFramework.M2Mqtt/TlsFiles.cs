using System.Security.Cryptography.X509Certificates;
using Mosquitto;

namespace nanoFramework.M2Mqtt;

/// <summary>
/// Certificates and key as the files that libmosquitto reads at the handshake, deleted after it. libmosquitto takes the
/// protocol for the least it accepts; the chip takes it for the only one.
/// </summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly PemFolder _folder = new();

    /// <exception cref="ArgumentException">The real client knows no such protocol.</exception>
    internal TlsFiles(X509Certificate? ca, X509Certificate? client, MqttSslProtocols protocol, bool validate, DateTime? utc)
    {
        X509Certificate2? pair = client as X509Certificate2;
        Settings = new MosquittoTls
        {
            CaFile = _folder.Write("ca.pem", ca?.GetRawCertData(), "CERTIFICATE"),
            CertificateFile = _folder.Write("client.pem", client?.GetRawCertData(), "CERTIFICATE"),
            KeyFile = _folder.Write("client.key", pair?.PrivateKey, string.IsNullOrEmpty(pair?.Password) ? "PRIVATE KEY" : "ENCRYPTED PRIVATE KEY"),
            KeyPassword = pair?.Password,
            Version = protocol switch
            {
                MqttSslProtocols.None => null,
                MqttSslProtocols.TLSv1_2 => "tlsv1.2",
                MqttSslProtocols.TLSv1_3 => "tlsv1.3",
                _ => throw new ArgumentException("SSL/TLS protocol version not supported"),
            },
            Insecure = !validate,
            Time = utc,
        };
    }

    internal MosquittoTls Settings { get; }

    public void Dispose() => _folder.Dispose();
}

using Brokers;

namespace DeviceQueue.SystemTests.Battery;

/// <summary>A Mosquitto with a port for MQTT and one for TLS, with a certificate that outlasts virtual days.</summary>
internal sealed class BatteryBroker : IDisposable
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(365);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dq-battery-");
    private int _lastId;

    public BatteryBroker()
    {
        using CertificateAuthority authority = new(_folder.FullName, time: Validity);
        (string certificate, string key) = authority.Issue("127.0.0.1");
        AuthorityFile = authority.CertificateFile;
        SecurePort = MosquittoBroker.FindFreePort();
        Broker = MosquittoBroker.Start(new MosquittoBrokerOptions
        {
            LogPackets = false,
            ExtraLines = [$"listener {SecurePort} 127.0.0.1", $"certfile {certificate}", $"keyfile {key}"],
        });
    }

    public MosquittoBroker Broker { get; }

    public int SecurePort { get; }

    /// <summary>Gets the certificate that boards trust.</summary>
    public string AuthorityFile { get; }

    public string NewName() => $"battery-{Interlocked.Increment(ref _lastId)}";

    public void Dispose()
    {
        Broker.Dispose();
        _folder.Delete(recursive: true);
    }
}

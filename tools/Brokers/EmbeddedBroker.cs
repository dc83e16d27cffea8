using System.Net;
using System.Net.Sockets;
using MQTTnet.Server;

namespace Brokers;

/// <summary>
/// MQTTnet's broker in this process, for a machine without Mosquitto. Sessions and retained messages are in memory and
/// end with it. Not for tests that rest on a broker: a message at QoS 2 that is repeated before PUBREL is delivered
/// twice, and a resumed session repeats what it sent under new ids, without DUP.
/// </summary>
public sealed class EmbeddedBroker : IPrivateBroker
{
    private const int PortAttempts = 10;

    private MqttServer? _server;

    private EmbeddedBroker()
    {
    }

    public string Host => "127.0.0.1";

    public int Port { get; private set; }

    /// <summary>Starts a broker that accepts connections; port 0 picks a free one.</summary>
    /// <exception cref="InvalidOperationException">It did not start; the text says why.</exception>
    public static EmbeddedBroker Start(int port = 0)
    {
        EmbeddedBroker broker = new();
        for (int attempt = 1; !broker.TryStart(port == 0 ? MosquittoBroker.FindFreePort() : port); attempt++)
        {
            if (port != 0 || attempt == PortAttempts)
            {
                throw Taken(broker.Port);
            }
        }

        return broker;
    }

    public void Kill()
    {
        _server?.StopAsync(new MqttServerStopOptions()).GetAwaiter().GetResult();
        _server?.Dispose();
        _server = null;
    }

    public void Restart()
    {
        Kill();
        if (!TryStart(Port))
        {
            throw Taken(Port);
        }
    }

    public void Dispose() => Kill();

    private static InvalidOperationException Taken(int port) => new($"port {port} on 127.0.0.1 is in use");

    private bool TryStart(int port)
    {
        Port = port;
        MqttServerOptions options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(port)
            .WithPersistentSessions()
            .Build();
        MqttServer server = new MqttServerFactory().CreateMqttServer(options, [new ForgivingAdapter()]);
        try
        {
            server.StartAsync().GetAwaiter().GetResult();
            _server = server;
            return true;
        }
        catch (SocketException)
        {
            server.Dispose();
            return false;
        }
    }
}

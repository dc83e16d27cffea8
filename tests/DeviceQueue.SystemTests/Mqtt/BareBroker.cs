using System.Net;
using System.Net.Sockets;
using DeviceQueue.SystemTests.Mosquitto;

namespace DeviceQueue.SystemTests.Mqtt;

/// <summary>A listener that accepts its one client, and then says, byte for byte, what a test gives it.</summary>
internal sealed class BareBroker : IDisposable
{
    private static readonly byte[] Connack = [0x20, 2, 0, 0];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task<NetworkStream> _accepted;

    public BareBroker()
    {
        _listener.Start();
        _accepted = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private NetworkStream Stream => _accepted.Bounded().GetAwaiter().GetResult();

    public void Say(params byte[] bytes) => Stream.Write(bytes);

    /// <summary>Reads the next packet, of at most 127 bytes behind its head.</summary>
    public byte[] Hear()
    {
        byte[] head = new byte[2];
        Stream.ReadExactly(head);
        byte[] body = new byte[head[1]];
        Stream.ReadExactly(body);
        return [.. head, .. body];
    }

    public void Dispose()
    {
        _listener.Dispose();
        if (_accepted.IsCompletedSuccessfully)
        {
            _accepted.Result.Dispose();
        }
    }

    private async Task<NetworkStream> AcceptAsync()
    {
        NetworkStream stream = (await _listener.AcceptTcpClientAsync()).GetStream();
        stream.ReadTimeout = (int)Patience.Bound.TotalMilliseconds;
        stream.Write(Connack);
        return stream;
    }
}

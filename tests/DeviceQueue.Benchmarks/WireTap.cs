using System.Net;
using System.Net.Sockets;

namespace DeviceQueue.Benchmarks;

/// <summary>Forwards one connection to a broker and counts the bytes that its client writes.</summary>
internal sealed class WireTap : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TcpClient _broker = new();
    private long _bytes;

    public WireTap(int brokerPort)
    {
        _listener.Start();
        _ = ForwardAsync(brokerPort);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Gets how many bytes of PUBLISH packets went by.</summary>
    public long PublishBytes => Interlocked.Read(ref _bytes);

    public void Dispose()
    {
        _listener.Stop();
        _broker.Dispose();
    }

    private async Task ForwardAsync(int brokerPort)
    {
        try
        {
            using TcpClient client = await _listener.AcceptTcpClientAsync();
            await _broker.ConnectAsync(IPAddress.Loopback, brokerPort);
            Task answers = _broker.GetStream().CopyToAsync(client.GetStream());
            await CountAsync(client.GetStream());
            await answers;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // One side has closed.
        }
    }

    private async Task CountAsync(NetworkStream from)
    {
        const int Publish = 3;
        byte[] header = new byte[5];
        while (true)
        {
            int headerLength = await ReadHeaderAsync(from, header);
            byte[] packet = new byte[headerLength + BodyLength(header, headerLength)];
            header.AsSpan(0, headerLength).CopyTo(packet);
            await from.ReadExactlyAsync(packet.AsMemory(headerLength));
            Interlocked.Add(ref _bytes, packet[0] >> 4 == Publish ? packet.Length : 0);
            await _broker.GetStream().WriteAsync(packet);
        }
    }

    // MQTT 3.1.1 section 2.2.3: up to four bytes of length, the lowest seven bits first; a set top bit says that more
    // follow.
    private static async Task<int> ReadHeaderAsync(NetworkStream from, byte[] header)
    {
        int length = 0;
        do
        {
            await from.ReadExactlyAsync(header.AsMemory(length, 1));
            length++;
        }
        while (length == 1 || (header[length - 1] >= 0x80 && length < header.Length));

        return length;
    }

    private static int BodyLength(byte[] header, int headerLength)
    {
        int length = 0;
        for (int i = 1; i < headerLength; i++)
        {
            length |= (header[i] & 0x7F) << (7 * (i - 1));
        }

        return length;
    }
}

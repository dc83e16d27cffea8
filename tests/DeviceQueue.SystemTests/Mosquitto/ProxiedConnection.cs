using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DeviceQueue.SystemTests.Mosquitto;

/// <summary>One client's way through a <see cref="FaultProxy"/>.</summary>
internal sealed class ProxiedConnection(FaultProxy proxy, Socket client, Socket broker)
{
    private readonly Channel<(long Arrived, byte[] Packet)> _pubacks = Channel.CreateUnbounded<(long, byte[])>();
    private readonly SemaphoreSlim _clientWrite = new(1);

    public async Task RunAsync(int brokerPort)
    {
        try
        {
            client.NoDelay = true;
            broker.NoDelay = true;
            await broker.ConnectAsync(IPAddress.Loopback, brokerPort);
            await Task.WhenAny(
                ForwardAsync(client, proxy.FromClients, packet => SendAsync(broker, packet)),
                ForwardAsync(broker, proxy.FromBroker, ToClientAsync),
                DelayPubacksAsync());

            // What one side has ended, the other hears of once the way is free.
            await proxy.Open;
        }
        catch (SocketException)
        {
            // No broker: the client is let go below.
        }
        finally
        {
            client.Dispose();
            broker.Dispose();
        }
    }

    public void Reset()
    {
        foreach (Socket socket in (Socket[])[client, broker])
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Gone already.
            }

            socket.Dispose();
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> data)
    {
        while (data.Length > 0)
        {
            data = data[await socket.SendAsync(data)..];
        }
    }

    private async Task ForwardAsync(Socket from, PacketCounter counter, Func<byte[], Task> forward)
    {
        try
        {
            while (await ReadPacketAsync(from) is { } packet)
            {
                await proxy.Open;

                // Counted first: who has seen a packet arrive finds it counted.
                counter.Add((PacketType)(packet[0] >> 4));
                await forward(packet);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection is over.
        }
    }

    private static async Task<byte[]?> ReadPacketAsync(Socket from)
    {
        byte[] header = new byte[5];
        int length = 0;
        int size = 0;
        do
        {
            if (!await FillAsync(from, header.AsMemory(length, 1)))
            {
                return null;
            }

            if (length > 0)
            {
                size |= (header[length] & 0x7F) << (7 * (length - 1));
            }

            length++;
        }
        while (length == 1 || (header[length - 1] >= 0x80 && length < header.Length));

        byte[] packet = new byte[length + size];
        header.AsSpan(0, length).CopyTo(packet);
        return await FillAsync(from, packet.AsMemory(length)) ? packet : null;
    }

    private static async Task<bool> FillAsync(Socket from, Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int read = await from.ReceiveAsync(buffer);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
        }

        return true;
    }

    private async Task ToClientAsync(byte[] packet)
    {
        if (packet[0] >> 4 == (int)PacketType.Puback)
        {
            _pubacks.Writer.TryWrite((Stopwatch.GetTimestamp(), packet));
            return;
        }

        if (packet[0] >> 4 == (int)PacketType.Suback && proxy.RefuseSubscriptions)
        {
            // Behind the fixed header (2 bytes) and the packet id (2 bytes) stands a return code for each filter.
            packet.AsSpan(4).Fill(0x80);
        }

        await WriteToClientAsync(packet);
    }

    private async Task DelayPubacksAsync()
    {
        try
        {
            await foreach ((long arrived, byte[] packet) in _pubacks.Reader.ReadAllAsync())
            {
                // A timer may be a little early.
                while (proxy.PubackDelay - Stopwatch.GetElapsedTime(arrived) is var left && left > TimeSpan.Zero)
                {
                    await Task.Delay(left);
                }

                await proxy.Open;
                await WriteToClientAsync(packet);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection is over.
        }
    }

    private async Task WriteToClientAsync(byte[] packet)
    {
        await _clientWrite.WaitAsync();
        try
        {
            await SendAsync(client, packet);
        }
        finally
        {
            _clientWrite.Release();
        }
    }
}

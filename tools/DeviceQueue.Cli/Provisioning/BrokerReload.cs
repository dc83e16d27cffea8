using System.Net.Security;
using System.Net.Sockets;
using Brokers;

namespace DeviceQueue.Cli.Provisioning;

/// <summary>Makes a running broker of the folder read its files, and waits until it has.</summary>
internal static class BrokerReload
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>False when no broker of the folder runs on this machine.</summary>
    public static bool Try(string pidFile, IEnumerable<int> ports)
    {
        if (!RunningBroker.TryReload(pidFile))
        {
            return false;
        }

        // Mosquitto 2.0 forgets a SIGHUP that comes while it reads. It greets a client that comes after the signal only
        // when it has read: with the greeting the next run's signal is safe. A port that it does not have yet refuses.
        _ = ports.Any(IsGreeted);
        return true;
    }

    private static bool IsGreeted(int port)
    {
        try
        {
            using CancellationTokenSource end = new(Patience);
            using TcpClient client = new();
            client.ConnectAsync("127.0.0.1", port, end.Token).AsTask().GetAwaiter().GetResult();
            using SslStream tls = new(client.GetStream(), false, (_, _, _, _) => true); // nothing is said to it
            tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, end.Token)
                .GetAwaiter().GetResult();
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            return true; // it wants a certificate, and has said so
        }
    }
}

using System.Net.NetworkInformation;
using VirtualBoard;

namespace nanoFramework.Networking;

public enum NetworkHelperStatus
{
    None = 0,
    Started = 1,
    NetworkIsReady = 2,
    FailedNoNetworkInterface = 3,
    TokenExpiredWaitingIPAddress = 4,
    TokenExpiredWaitingDateTime = 5,
    ErrorConnetingToWiFiWhileScanning = 6,
    ExceptionOccurred = 7,
    Reconnecting = 8,
}

/// <summary>The helper for a wired network. An ESP32 without one never gets an address there.</summary>
public static class NetworkHelper
{
    public static ManualResetEvent NetworkReady => State.NetworkReady;

    public static NetworkHelperStatus Status => State.Status;

    public static Exception? HelperException => null;

    private static HelperState State => Board.CurrentBoot.EthernetHelper;

    public static bool SetupAndConnectNetwork(CancellationToken token = default, bool requiresDateTime = false) =>
        State.Wait(NetworkInterfaceType.Ethernet, requiresDateTime, token);
}

/// <summary>
/// What the real helpers keep in statics, and their loops: they look every 200 ms, and a default token never ends them.
/// </summary>
internal sealed class HelperState
{
    private const int FirstPlausibleYear = 2021;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private bool _isSetUp;

    public ManualResetEvent NetworkReady { get; } = new(false);

    public NetworkHelperStatus Status { get; private set; }

    public bool Wait(NetworkInterfaceType type, bool requiresDateTime, CancellationToken token)
    {
        Status = NetworkHelperStatus.Started;
        Join(type);
        if (!Poll(() => HasAddress(type), token))
        {
            Status = NetworkHelperStatus.TokenExpiredWaitingIPAddress;
            return false;
        }

        if (requiresDateTime && !Poll(HasDate, token))
        {
            Status = NetworkHelperStatus.TokenExpiredWaitingDateTime;
            return false;
        }

        Status = NetworkHelperStatus.NetworkIsReady;
        return true;
    }

    /// <summary>
    /// Follows the network in the background: <see cref="NetworkReady"/> is set with the address, and reset without.
    /// </summary>
    public void SetUp(NetworkInterfaceType type, bool requiresDateTime)
    {
        if (_isSetUp)
        {
            throw new InvalidOperationException();
        }

        _isSetUp = true;
        Status = NetworkHelperStatus.Started;
        Join(type);
        NetworkChange.NetworkAddressChanged += (_, _) => Follow(type, requiresDateTime);
        new Thread(() =>
        {
            Poll(() => HasAddress(type) && (!requiresDateTime || HasDate()), default);
            Ready();
        }).Start();
    }

    private static void Join(NetworkInterfaceType type)
    {
        if (type == NetworkInterfaceType.Wireless80211)
        {
            Board.Current.Network.Join(Board.CurrentBoot);
        }
    }

    private static bool HasAddress(NetworkInterfaceType type)
    {
        NetworkInterface station = NetworkInterface.GetAllNetworkInterfaces()[0];
        return station.NetworkInterfaceType == type && station.IPv4Address[0] != '0';
    }

    private static bool HasDate() => Board.Current.Clock.Utc.Year >= FirstPlausibleYear;

    // A token that is cancelled already wins over an address that is there.
    private static bool Poll(Func<bool> isDone, CancellationToken token)
    {
        while (!token.IsCancellationRequested)
        {
            Board.Checkpoint();
            if (isDone())
            {
                return true;
            }

            Thread.Sleep(Pause);
        }

        return false;
    }

    private void Follow(NetworkInterfaceType type, bool requiresDateTime)
    {
        if (!HasAddress(type))
        {
            NetworkReady.Reset();
            Status = NetworkHelperStatus.Reconnecting;
        }
        else if (!requiresDateTime || HasDate())
        {
            Ready();
        }
    }

    private void Ready()
    {
        NetworkReady.Set();
        Status = NetworkHelperStatus.NetworkIsReady;
    }
}

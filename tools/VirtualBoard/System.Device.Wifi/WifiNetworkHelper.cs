using System.Device.Wifi;
using System.Net.NetworkInformation;
using VirtualBoard;

namespace nanoFramework.Networking;

/// <summary>Joins the network that the board was configured with.</summary>
public static class WifiNetworkHelper
{
    public static ManualResetEvent NetworkReady => State.NetworkReady;

    public static NetworkHelperStatus Status => State.Status;

    public static Exception? HelperException => null;

    public static WifiAdapter WifiAdapter => WifiAdapter.FindAllAdapters()[0];

    private static HelperState State
    {
        get
        {
            Boot boot = Board.CurrentBoot;
            boot.Pass();
            return boot.WifiHelper;
        }
    }

    /// <summary>Follows the network in the background.</summary>
    /// <exception cref="InvalidOperationException">Called a second time.</exception>
    public static void SetupNetworkHelper(bool requiresDateTime = false) => State.SetUp(
        NetworkInterfaceType.Wireless80211, requiresDateTime);

    /// <summary>
    /// Waits for an address, and for a date if one is required, until the token is cancelled; the default token waits
    /// for ever.
    /// </summary>
    public static bool Reconnect(
        bool requiresDateTime = false, int wifiAdapterId = 0, CancellationToken token = default) =>
        State.Wait(NetworkInterfaceType.Wireless80211, requiresDateTime, token);
}

using VirtualBoard;

namespace System.Net.NetworkInformation;

public enum NetworkInterfaceType
{
    Unknown = 1,
    Ethernet = 6,
    Wireless80211 = 71,
    WirelessAP = 72,
}

/// <summary>
/// The station's interface as it was when <see cref="GetAllNetworkInterfaces"/> was called; ask again for what it is.
/// </summary>
public class NetworkInterface
{
    private readonly Board _board;

    protected NetworkInterface(int interfaceIndex)
    {
        _board = Board.Current;
        SpecificConfigId = (uint)interfaceIndex;
        IPv4Address = _board.Network.IPv4Address;
    }

    public string IPv4Address { get; }

    public bool IsDhcpEnabled => true;

    public NetworkInterfaceType NetworkInterfaceType => NetworkInterfaceType.Wireless80211;

    public uint SpecificConfigId { get; set; }

    public byte[] PhysicalAddress
    {
        get => _board.Network.MacAddress;
        set => _board.Network.MacAddress = value;
    }

    public static bool GetIsNetworkAvailable()
    {
        Board.Checkpoint();
        return Board.Current.Network.WifiAvailable;
    }

    public static NetworkInterface[] GetAllNetworkInterfaces()
    {
        Board.Checkpoint();
        return [new NetworkInterface(0)];
    }
}

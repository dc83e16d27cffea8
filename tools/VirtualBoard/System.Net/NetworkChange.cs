using VirtualBoard;

namespace System.Net.NetworkInformation;

public delegate void NetworkAddressChangedEventHandler(object sender, EventArgs e);

public delegate void NetworkAvailabilityChangedEventHandler(object sender, NetworkAvailabilityEventArgs e);

public class NetworkAvailabilityEventArgs : EventArgs
{
    internal NetworkAvailabilityEventArgs(bool isAvailable) => IsAvailable = isAvailable;

    public bool IsAvailable { get; }
}

/// <summary>Raised on the one thread for hardware events; the sender is the interface's index.</summary>
public static class NetworkChange
{
    public static event NetworkAddressChangedEventHandler NetworkAddressChanged
    {
        add => Board.CurrentBoot.NetworkEvents.AddressChanged += value;
        remove => Board.CurrentBoot.NetworkEvents.AddressChanged -= value;
    }

    public static event NetworkAvailabilityChangedEventHandler NetworkAvailabilityChanged
    {
        add => Board.CurrentBoot.NetworkEvents.AvailabilityChanged += value;
        remove => Board.CurrentBoot.NetworkEvents.AvailabilityChanged -= value;
    }
}

internal sealed class NetworkEvents
{
    public NetworkAddressChangedEventHandler? AddressChanged { get; set; }

    public NetworkAvailabilityChangedEventHandler? AvailabilityChanged { get; set; }
}

using System.Net.NetworkInformation;

namespace VirtualBoard;

/// <summary>
/// The board's radio and what it finds in the air. The native layer joins the configured network by itself whenever
/// that is there.
/// </summary>
public sealed class BoardNetwork
{
    private const string NoAddress = "0.0.0.0";

    private readonly Lock _lock = new();
    private readonly Board _board;
    private byte[] _macAddress = [0x24, 0x0A, 0xC4, 0x00, 0x00, 0x01];
    private bool _wifiAvailable = true;
    private bool _ntpReachable = true;

    internal BoardNetwork(Board board) => _board = board;

    /// <summary>Raised when the link goes: what was connected over it hears nothing more and cannot be heard.</summary>
    public event Action? LinkLost;

    /// <summary>Gets or sets the six bytes of the station's address.</summary>
    public byte[] MacAddress
    {
        get => [.. _macAddress];
        set => _macAddress = value.Length == 6
            ? [.. value]
            : throw new ArgumentException("A MAC address has 6 bytes.", nameof(value));
    }

    /// <summary>
    /// Gets or sets a value indicating whether the board is configured to join the network at each start; otherwise it
    /// does when the firmware asks for it, as a board that sleeps has it.
    /// </summary>
    public bool AutoConnect { get; set; } = true;

    /// <summary>Gets or sets the address that the network gives while the link is up.</summary>
    public string LeasedAddress { get; set; } = "192.168.4.23";

    /// <summary>Gets or sets a value indicating whether the access point is there.</summary>
    public bool WifiAvailable
    {
        get => _wifiAvailable;
        set
        {
            lock (_lock)
            {
                if (_wifiAvailable == value)
                {
                    return;
                }

                _wifiAvailable = value;
                if (_board.RunningBoot is { HasRadio: true } boot)
                {
                    FollowRadio();
                    Announce(boot);
                }
            }

            if (!value)
            {
                Board.Outside(LinkLost);
            }
        }
    }

    /// <summary>
    /// Gets or sets a value indicating whether a time server answers. The service asks again as soon as one does.
    /// </summary>
    public bool NtpReachable
    {
        get => _ntpReachable;
        set
        {
            _ntpReachable = value;
            TrySynchronize(_board.RunningBoot);
        }
    }

    /// <summary>Gets or sets the name of the one time server that answers; <see langword="null"/>: any does.</summary>
    public string? NtpServer { get; set; }

    /// <summary>Gets the station's address; 0.0.0.0 while the link is down.</summary>
    public string IPv4Address =>
        _wifiAvailable && _board.RunningBoot is { HasRadio: true } ? LeasedAddress : NoAddress;

    internal void Start(Boot boot)
    {
        if (AutoConnect)
        {
            Join(boot);
        }
    }

    /// <summary>Turns the radio on, unless it is.</summary>
    internal void Join(Boot boot)
    {
        lock (_lock)
        {
            if (boot.HasRadio || boot.HasEnded)
            {
                return;
            }

            boot.HasRadio = true;
            FollowRadio();
            if (_wifiAvailable)
            {
                Announce(boot);
            }
        }
    }

    /// <summary>The firmware asks for the time now.</summary>
    internal void TrySynchronize(Boot? boot)
    {
        if (_wifiAvailable && _ntpReachable && boot is { HasRadio: true, Sntp.IsStarted: true }
            && (NtpServer is null || NtpServer == boot.Sntp.Server1))
        {
            boot.Board.Clock.SetFromWorld();
        }
    }

    private void FollowRadio()
    {
        if (_wifiAvailable)
        {
            _board.Energy.OnAssociated();
        }
        else
        {
            _board.Energy.OnSearch();
        }
    }

    private void Announce(Boot boot)
    {
        bool isAvailable = _wifiAvailable;
        boot.Post(() =>
        {
            TrySynchronize(boot);
            boot.NetworkEvents.AvailabilityChanged?.Invoke(0, new NetworkAvailabilityEventArgs(isAvailable));
            boot.NetworkEvents.AddressChanged?.Invoke(0, EventArgs.Empty);
        });
    }
}

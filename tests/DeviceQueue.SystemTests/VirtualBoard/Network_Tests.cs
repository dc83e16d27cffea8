using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using nanoFramework.Networking;

namespace DeviceQueue.SystemTests.VirtualBoard;

public sealed class Network_Tests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void The_station_has_the_boards_address_and_the_networks()
    {
        _bench.Board.Network.MacAddress = [1, 2, 3, 4, 5, 6];
        _bench.Run(() =>
        {
            NetworkInterface station = Assert.Single(NetworkInterface.GetAllNetworkInterfaces());
            Assert.Equal(NetworkInterfaceType.Wireless80211, station.NetworkInterfaceType);
            Assert.Equal([1, 2, 3, 4, 5, 6], station.PhysicalAddress);
            Assert.Equal(_bench.Board.Network.LeasedAddress, station.IPv4Address);
            Assert.True(NetworkInterface.GetIsNetworkAvailable());

            _bench.Board.Network.WifiAvailable = false;
            Assert.Equal("0.0.0.0", NetworkInterface.GetAllNetworkInterfaces()[0].IPv4Address);
            Assert.False(NetworkInterface.GetIsNetworkAvailable());
        });
    }

    [Fact]
    public void A_change_is_announced_to_the_firmware_of_its_board_in_order()
    {
        using Bench other = new();
        BlockingCollection<bool> changes = [];
        BlockingCollection<bool> otherChanges = [];
        _bench.Board.Network.WifiAvailable = false;
        other.Board.Network.WifiAvailable = false;
        _bench.Run(() => NetworkChange.NetworkAvailabilityChanged += (_, e) => changes.Add(e.IsAvailable));
        other.Run(() => NetworkChange.NetworkAvailabilityChanged += (_, e) => otherChanges.Add(e.IsAvailable));

        _bench.Board.Network.WifiAvailable = true;
        _bench.Board.Network.WifiAvailable = false;
        _bench.Board.Network.WifiAvailable = false;
        _bench.Board.Network.WifiAvailable = true;

        foreach (bool expected in new[] { true, false, true })
        {
            Assert.True(changes.TryTake(out bool isAvailable, Bench.Patience));
            Assert.Equal(expected, isAvailable);
        }

        Assert.Empty(otherChanges);
    }

    [Fact]
    public void A_board_that_does_not_connect_by_itself_has_no_address_and_no_time_until_it_is_told_to()
    {
        _bench.Board.Network.AutoConnect = false;
        _bench.Run(() =>
        {
            Assert.Equal("0.0.0.0", NetworkInterface.GetAllNetworkInterfaces()[0].IPv4Address);
            Assert.False(_bench.Board.Clock.IsSet);

            Assert.True(WifiNetworkHelper.Reconnect());

            Assert.NotEqual("0.0.0.0", NetworkInterface.GetAllNetworkInterfaces()[0].IPv4Address);
            Assert.True(SpinWait.SpinUntil(() => _bench.Board.Clock.IsSet, Bench.Patience));
        });
    }

    [Fact]
    public void Reconnect_returns_with_an_address_or_when_its_token_is_cancelled()
    {
        _bench.Run(() =>
        {
            Assert.True(WifiNetworkHelper.Reconnect(token: new CancellationTokenSource(Bench.Patience).Token));
            Assert.Equal(NetworkHelperStatus.NetworkIsReady, WifiNetworkHelper.Status);

            _bench.Board.Network.WifiAvailable = false;
            Assert.False(WifiNetworkHelper.Reconnect(token: new CancellationTokenSource(50).Token));
            Assert.Equal(NetworkHelperStatus.TokenExpiredWaitingIPAddress, WifiNetworkHelper.Status);
        });
    }

    [Fact]
    public void Reconnect_with_a_date_waits_for_the_date_too()
    {
        _bench.Board.Network.NtpReachable = false;
        _bench.Run(() =>
        {
            Assert.False(
                WifiNetworkHelper.Reconnect(requiresDateTime: true, token: new CancellationTokenSource(300).Token));
            Assert.Equal(NetworkHelperStatus.TokenExpiredWaitingDateTime, WifiNetworkHelper.Status);
        });
    }

    [Fact]
    public void Reconnect_with_a_default_token_waits_for_the_network()
    {
        _bench.Board.Network.WifiAvailable = false;
        ManualResetEvent waiting = new(false);
        ManualResetEvent connected = new(false);
        _bench.Board.PowerOn(() =>
        {
            waiting.Set();
            WifiNetworkHelper.Reconnect();
            connected.Set();
        });
        Bench.Await(waiting);
        Assert.False(connected.WaitOne(100));
        _bench.Board.Network.WifiAvailable = true;
        Bench.Await(connected);
    }

    [Fact]
    public void NetworkReady_follows_the_network()
    {
        _bench.Board.Network.WifiAvailable = false;
        _bench.Run(() =>
        {
            WifiNetworkHelper.SetupNetworkHelper();
            Assert.Throws<InvalidOperationException>(() => WifiNetworkHelper.SetupNetworkHelper());
            Assert.False(WifiNetworkHelper.NetworkReady.WaitOne(0));
            _bench.Board.Network.WifiAvailable = true;
            Bench.Await(WifiNetworkHelper.NetworkReady);

            _bench.Board.Network.WifiAvailable = false;
            Assert.True(
                SpinWait.SpinUntil(() => WifiNetworkHelper.Status == NetworkHelperStatus.Reconnecting, Bench.Patience));
            Assert.False(WifiNetworkHelper.NetworkReady.WaitOne(0));
        });
    }

    [Fact]
    public void There_is_no_wired_network()
    {
        _bench.Run(() => Assert.False(NetworkHelper.SetupAndConnectNetwork(new CancellationTokenSource(50).Token)));
    }
}

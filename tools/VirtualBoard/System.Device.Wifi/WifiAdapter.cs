using VirtualBoard;

namespace System.Device.Wifi;

/// <summary>The radio.</summary>
public sealed class WifiAdapter : IDisposable
{
    private WifiAdapter()
    {
    }

    public int NetworkInterface => 0;

    public static WifiAdapter[] FindAllAdapters()
    {
        Board.Checkpoint();
        return [new WifiAdapter()];
    }

    public void Dispose() => Board.Checkpoint();
}
